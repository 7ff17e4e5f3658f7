#include "gui/window/page_frame.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

#include "gui/items/runs_model.h"
#include "gui/views/text.h"
#include "gui/window/icons.h"

namespace headroom::gui {
namespace {

constexpr int kNarrowLetters = 90;  // a header of less has buttons without words

}  // namespace

QPixmap Banner::warning() const { return named_icon("warning").pixmap({20, 20}, devicePixelRatioF()); }

Banner::Banner(Session& session, QWidget* parent)
    : QFrame(parent),
      session_(session),
      icon_(new QLabel),
      text_(new QLabel),
      progress_(new QProgressBar),
      retry_(new QPushButton(tr("Retry"))),
      close_(new QPushButton(tr("Close run"))) {
  setObjectName(QStringLiteral("banner"));
  auto* layout = new QHBoxLayout(this);
  text_->setWordWrap(true);
  text_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  progress_->setRange(0, 0);
  progress_->setTextVisible(false);
  progress_->setFixedWidth(120);
  progress_->setAccessibleName(tr("Reading"));
  icon_->setFixedSize(20, 20);
  layout->addWidget(icon_, 0, Qt::AlignTop);
  layout->addWidget(text_, 1);
  layout->addWidget(progress_);
  layout->addWidget(retry_, 0, Qt::AlignTop);
  layout->addWidget(close_, 0, Qt::AlignTop);
  connect(retry_, &QPushButton::clicked, this, [this] { session_.reload(session_.current()); });
  connect(close_, &QPushButton::clicked, this, [this] { session_.close(session_.current()); });
  for (const auto signal : {&Session::runs_changed, &Session::current_changed})
    connect(&session_, signal, this, &Banner::follow_session);
  connect(&session_, &Session::run_changed, this, &Banner::follow_session);
  follow_session();
}

void Banner::follow_session() {
  const SessionRun* run = session_.current_run();
  const bool loading = run != nullptr && run->state == RunState::loading;
  setVisible(run != nullptr && (loading || !run->message.isEmpty()));
  if (run == nullptr) return;
  progress_->setVisible(loading);
  icon_->setVisible(!loading);
  icon_->setPixmap(warning());
  retry_->setVisible(!loading);
  close_->setVisible(!loading);
  text_->setText(loading ? tr("%1: %2…").arg(run->label, run->message)
                 : run->state == RunState::failed && run->loaded
                     ? tr("%1 What was read before is shown.").arg(run->message)
                     : run->message);
  const char* kind = loading ? "work" : "trouble";
  if (property("kind").toString() == QLatin1String(kind)) return;
  setProperty("kind", QLatin1String(kind));
  style()->unpolish(this);
  style()->polish(this);
}

void Banner::changeEvent(QEvent* event) {
  QFrame::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) icon_->setPixmap(warning());
}

RunButton::RunButton(Session& session, QWidget* parent) : QToolButton(parent), session_(session) {
  setAutoRaise(true);
  setPopupMode(QToolButton::InstantPopup);
  setFocusPolicy(Qt::TabFocus);
  setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  auto* menu = new QMenu(this);
  setMenu(menu);
  connect(menu, &QMenu::aboutToShow, this, &RunButton::fill_menu);
  for (const auto signal : {&Session::runs_changed, &Session::current_changed})
    connect(&session_, signal, this, &RunButton::follow_session);
  connect(&session_, &Session::run_changed, this, &RunButton::follow_session);
  follow_session();
}

void RunButton::follow_session() {
  const SessionRun* run = session_.current_run();
  line_ = run == nullptr ? QString()
          : run->loaded  ? QStringLiteral("%1 · %2 · %3")
                              .arg(run->label, size_text(run->loaded->breakdown.peak.allocated_bytes),
                                   truth_text(run->loaded->recording.environment))
                        : run->label;
  setVisible(run != nullptr);
  setToolTip(run == nullptr ? QString() : tr("%1: choose another run").arg(line_));
  setAccessibleName(tr("Run: %1").arg(line_));
  updateGeometry();
  resizeEvent(nullptr);
}

void RunButton::fill_menu() {
  menu()->clear();
  for (std::size_t i = 0; i < session_.runs().size(); ++i) {
    const SessionRun& run = session_.runs()[i];
    const int index = static_cast<int>(i);
    QAction* action =
        menu()->addAction(QStringLiteral("%1 · %2").arg(QString(run.label).replace('&', "&&"), summary_line(run)), this,
                          [this, index] { session_.set_current(index); });
    action->setCheckable(true);
    action->setChecked(index == session_.current());
  }
}

// The frame, and the arrow that tells of the menu.
int RunButton::room_beside_text() const { return fontMetrics().height() + 10; }

QSize RunButton::sizeHint() const {
  constexpr int kRounding = 4;  // of the text's width, which elides it where it is a part of a pixel short
  return {fontMetrics().horizontalAdvance(line_) + kRounding + room_beside_text(), QToolButton::sizeHint().height()};
}

QSize RunButton::minimumSizeHint() const { return {fontMetrics().averageCharWidth() * 6 + room_beside_text(), 0}; }

void RunButton::resizeEvent(QResizeEvent* event) {
  if (event != nullptr) QToolButton::resizeEvent(event);
  setText(fontMetrics().elidedText(line_, Qt::ElideRight, width() - room_beside_text()).replace('&', "&&"));
}

PageFrame::PageFrame(Session& session, const std::vector<QAction*>& buttons, QWidget* parent)
    : QWidget(parent), title_(new QLabel), filter_spot_(new QVBoxLayout), pages_(new QStackedWidget) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(16, 12, 16, 12);
  layout->setSpacing(10);
  layout->addLayout(make_header(session, buttons));
  layout->addWidget(new Banner(session, this));
  layout->addLayout(filter_spot_);
  layout->addWidget(pages_, 1);
}

QHBoxLayout* PageFrame::make_header(Session& session, const std::vector<QAction*>& buttons) {
  auto* header = new QHBoxLayout;
  header->setSpacing(10);
  QFont font = title_->font();
  font.setPointSizeF(font.pointSizeF() * 1.5);
  font.setWeight(QFont::DemiBold);
  title_->setFont(font);
  header->addWidget(title_);
  header->addWidget(new RunButton(session, this), 0, Qt::AlignVCenter);
  header->addStretch(1);
  for (QAction* action : buttons) {
    auto* button = new QToolButton;
    button->setDefaultAction(action);
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setAccessibleName(action->iconText());
    button->setFocusPolicy(Qt::TabFocus);
    header->addWidget(button);
    buttons_.push_back(button);
  }
  return header;
}

void PageFrame::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  const bool narrow = width() < fontMetrics().averageCharWidth() * kNarrowLetters;
  for (QToolButton* button : buttons_)
    button->setToolButtonStyle(narrow ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
}

void PageFrame::show_page(View* view, const QString& title) {
  title_->setText(title);
  pages_->setCurrentWidget(view);
  if (filter_bar_ != nullptr) filter_bar_->setVisible(view->uses_filter());
}

void PageFrame::set_filter_bar(QWidget* bar) {
  filter_bar_ = bar;
  filter_spot_->addWidget(bar);
  const auto* view = qobject_cast<View*>(pages_->currentWidget());
  bar->setVisible(view != nullptr && view->uses_filter());
}

}  // namespace headroom::gui
