#include "gui/window/run_list.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDesktopServices>
#include <QFileInfo>
#include <QPainter>
#include <QUrl>
#include <algorithm>

#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr int kMargin = 8, kTurnMilliseconds = 80;
constexpr int kMostErrorLines = 4;

struct Fonts {
  QFont name, line, badge;
};

Fonts fonts_of(const QStyleOptionViewItem& option) {
  Fonts fonts{option.font, option.font, option.font};
  fonts.name.setWeight(QFont::DemiBold);
  fonts.line.setPointSizeF(option.font.pointSizeF() * 0.9);
  fonts.badge.setPointSizeF(option.font.pointSizeF() * 0.78);
  fonts.badge.setWeight(QFont::DemiBold);
  return fonts;
}

bool failed(const QModelIndex& index) {
  return index.data(RunsModel::kStateRole).toInt() == static_cast<int>(RunState::failed);
}

// A word in an outline at the right end of `row`, dashed where nothing was measured; gives what is left of the row.
QRect draw_badge(QPainter& painter, const QRect& row, const QString& text, const QColor& colour, bool dashed) {
  const QFontMetrics metrics(painter.font());
  const int width = metrics.horizontalAdvance(text) + 12, height = metrics.height() + 2;
  QRectF badge(row.right() - width + 1, row.center().y() - height / 2.0, width, height);
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(colour, 1, dashed ? Qt::DashLine : Qt::SolidLine));
  painter.drawRoundedRect(badge.adjusted(0.5, 0.5, -0.5, -0.5), height / 2.0, height / 2.0);
  painter.setPen(colour);
  painter.drawText(badge, Qt::AlignCenter, text);
  return row.adjusted(0, 0, -width - 6, 0);
}

void draw_turning(QPainter& painter, const QRect& box, int angle) {
  painter.setPen(QPen(theme().line, 2));
  painter.drawEllipse(box);
  painter.setPen(QPen(theme().accent, 2, Qt::SolidLine, Qt::RoundCap));
  painter.drawArc(box, -angle * 16, 100 * 16);
}

}  // namespace

void RunDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const bool chosen = option.state.testFlag(QStyle::State_Selected);
  const Fonts fonts = fonts_of(option);
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  painter->fillRect(option.rect, chosen ? theme().band : theme().panel);
  if (chosen) painter->fillRect(QRect(option.rect.left(), option.rect.top(), 3, option.rect.height()), theme().accent);
  const QRect inside = option.rect.adjusted(kMargin + 4, kMargin, -kMargin, -kMargin);
  QRect first = inside;
  first.setHeight(QFontMetrics(fonts.name).height());
  painter->setFont(fonts.badge);
  if (const QString truth = index.data(RunsModel::kTruthRole).toString(); !truth.isEmpty()) {
    const bool is_virtual = index.data(RunsModel::kVirtualRole).toBool();
    first = draw_badge(*painter, first, truth, is_virtual ? theme().virtual_word : theme().measured_word, is_virtual);
  }
  if (index.data(RunsModel::kBaselineRole).toBool())
    first = draw_badge(*painter, first, tr("baseline"), theme().soft, false);
  painter->setFont(fonts.name);
  painter->setPen(theme().ink);
  painter->drawText(first, Qt::AlignVCenter,
                    QFontMetrics(fonts.name).elidedText(index.data().toString(), Qt::ElideMiddle, first.width()));
  QRect second = inside.adjusted(0, first.height() + 2, 0, 0);
  painter->setFont(fonts.line);
  if (index.data(RunsModel::kStateRole).toInt() == static_cast<int>(RunState::loading)) {
    const int side = QFontMetrics(fonts.line).ascent();
    draw_turning(*painter, QRect(second.left() + 1, second.top() + 1, side - 1, side - 1), angle);
    second.adjust(side + 7, 0, 0, 0);
  }
  painter->setPen(index.data(RunsModel::kWarningRole).toBool() ? theme().bad : theme().soft);
  const QString line = index.data(RunsModel::kLineRole).toString();
  if (failed(index))
    painter->drawText(second, Qt::TextWordWrap, line);
  else
    painter->drawText(second, Qt::AlignTop, QFontMetrics(fonts.line).elidedText(line, Qt::ElideRight, second.width()));
  if (option.state.testFlag(QStyle::State_HasFocus)) {
    painter->setPen(QPen(theme().accent, 1));
    painter->setBrush(Qt::NoBrush);
    painter->drawRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5));
  }
  painter->restore();
}

QSize RunDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const Fonts fonts = fonts_of(option);
  const QFontMetrics line(fonts.line);
  int below = line.height();
  if (failed(index) && option.widget != nullptr) {
    const int width = static_cast<const QListView*>(option.widget)->viewport()->width() - 2 * kMargin - 4;
    below = line.boundingRect(0, 0, std::max(width, 60), 10000, Qt::TextWordWrap,
                              index.data(RunsModel::kLineRole).toString())
                .height();
    below = std::min(below, kMostErrorLines * line.lineSpacing());
  }
  return {140, QFontMetrics(fonts.name).height() + 2 + below + 2 * kMargin};
}

void RunDelegate::updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option, const QModelIndex&) const {
  editor->setGeometry(option.rect.adjusted(kMargin, 4, -kMargin, 0));
  editor->setFixedHeight(editor->sizeHint().height());
}

RunList::RunList(Session& session, QWidget* parent)
    : QListView(parent), session_(session), model_(session), delegate_(new RunDelegate(this)) {
  setAccessibleName(tr("Open runs"));
  setModel(&model_);
  setItemDelegate(delegate_);
  setEditTriggers(QAbstractItemView::NoEditTriggers);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  setContextMenuPolicy(Qt::ActionsContextMenu);
  actions_ = {add_action(tr("Rena&me"), Qt::Key_F2, &RunList::rename),
              add_action(tr("Rea&d again"), Qt::Key_F5, &RunList::reload),
              add_action(tr("Set as &baseline"), Qt::CTRL | Qt::Key_B, &RunList::make_baseline),
              add_action(tr("Show in &file manager"), Qt::CTRL | Qt::SHIFT | Qt::Key_R, &RunList::show_in_folder),
              add_action(tr("Close ru&n"), Qt::CTRL | Qt::Key_W, &RunList::close_run)};
  turning_.setInterval(kTurnMilliseconds);
  connect(&turning_, &QTimer::timeout, this, &RunList::turn);
  connect(selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& now) {
    if (now.isValid()) session_.set_current(now.row());
  });
  connect(&session_, &Session::runs_changed, this, &RunList::follow_session);
  connect(&session_, &Session::run_changed, this, [this] {
    scheduleDelayedItemsLayout();  // an error takes more lines
    follow_session();
  });
  connect(&session_, &Session::current_changed, this, &RunList::follow_session);
  follow_session();
}

QAction* RunList::add_action(const QString& text, const QKeySequence& keys, void (RunList::*act)()) {
  auto* action = new QAction(text, this);
  action->setShortcut(keys);
  connect(action, &QAction::triggered, this, act);
  addAction(action);
  return action;
}

void RunList::follow_session() {
  const int current = session_.current();
  if (current >= 0 && current < model_.rowCount() && currentIndex().row() != current)
    setCurrentIndex(model_.index(current));
  const bool any = session_.current_run() != nullptr;
  for (QAction* action : actions()) action->setEnabled(any);
  actions_.baseline->setEnabled(any && session_.current() != session_.baseline());
  if (session_.is_loading() != turning_.isActive()) session_.is_loading() ? turning_.start() : turning_.stop();
}

void RunList::turn() {
  delegate_->angle = (delegate_->angle + 30) % 360;
  viewport()->update();
}

void RunList::resizeEvent(QResizeEvent* event) {
  QListView::resizeEvent(event);
  scheduleDelayedItemsLayout();
}

void RunList::paintEvent(QPaintEvent* event) {
  QListView::paintEvent(event);
  if (model_.rowCount() > 0) return;
  QPainter painter(viewport());
  painter.setPen(theme().soft);
  painter.drawText(viewport()->rect().adjusted(kMargin, kMargin, -kMargin, -kMargin), Qt::TextWordWrap,
                   tr("No run is open. Drop recordings here, or press Ctrl+O."));
}

void RunList::rename() {
  setFocus();
  edit(currentIndex());
}
void RunList::reload() { session_.reload(session_.current()); }
void RunList::make_baseline() {
  session_.set_baseline(session_.current());
  follow_session();
}
void RunList::show_in_folder() {
  if (const SessionRun* run = session_.current_run()) show_in_file_manager(run->path);
}
void RunList::close_run() { session_.close(session_.current()); }

bool show_in_file_manager(const QString& path) {
  QDBusMessage call = QDBusMessage::createMethodCall(
      QStringLiteral("org.freedesktop.FileManager1"), QStringLiteral("/org/freedesktop/FileManager1"),
      QStringLiteral("org.freedesktop.FileManager1"), QStringLiteral("ShowItems"));
  call << QStringList{QUrl::fromLocalFile(path).toString()} << QString();
  constexpr int kPatienceMilliseconds = 1000;
  if (QDBusConnection::sessionBus().isConnected() &&
      QDBusConnection::sessionBus().call(call, QDBus::Block, kPatienceMilliseconds).type() ==
          QDBusMessage::ReplyMessage)
    return true;
  return QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(path).absolutePath()));
}

}  // namespace headroom::gui
