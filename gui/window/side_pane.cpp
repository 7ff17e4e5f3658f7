#include "gui/window/side_pane.h"

#include <QLabel>
#include <QListWidget>
#include <QVBoxLayout>
#include <algorithm>

namespace headroom::gui {
namespace {

constexpr int kTitle = Qt::UserRole;  // of a view, while its item shows the icon alone
constexpr int kUsualLetters = 38, kLeastLetters = 20;
constexpr int kRestLetters = 82;  // the rest has at least so much room before the pane has more than its icons
constexpr int kRailWidth = 52;

}  // namespace

SidePane::SidePane(QWidget* runs, QListWidget* views, QWidget* parent)
    : QSplitter(Qt::Vertical, parent), views_(views) {
  runs_part_ = make_part(tr("Runs"), runs);
  views_part_ = make_part(tr("Views"), views);
  addWidget(runs_part_);
  addWidget(views_part_);
  setChildrenCollapsible(false);
  setHandleWidth(1);
  setMinimumWidth(kRailWidth);
  setSizes({280, 420});
  for (int row = 0; row < views_->count(); ++row) {
    views_->item(row)->setData(kTitle, views_->item(row)->text());
    views_->item(row)->setData(Qt::AccessibleTextRole, views_->item(row)->text());
  }
}

QWidget* SidePane::make_part(const QString& title, QWidget* list) {
  auto* part = new QWidget;
  auto* layout = new QVBoxLayout(part);
  layout->setContentsMargins(8, 10, 4, 4);
  layout->setSpacing(4);
  auto* label = new QLabel(title);
  label->setObjectName(QStringLiteral("section"));
  label->setForegroundRole(QPalette::PlaceholderText);
  label->setBuddy(list);
  layout->addWidget(label);
  layout->addWidget(list, 1);
  list->setMinimumWidth(1);
  return part;
}

int SidePane::usual_width() const { return fontMetrics().averageCharWidth() * kUsualLetters; }
int SidePane::rail_width() const { return kRailWidth; }

void SidePane::show_rail(bool rail) {
  is_rail_ = rail;
  runs_part_->setVisible(!rail);
  for (auto* label : findChildren<QLabel*>(QStringLiteral("section"))) label->setVisible(!rail);
  views_part_->layout()->setContentsMargins(rail ? 4 : 8, 10, 4, 4);
  for (int row = 0; row < views_->count(); ++row) {
    QListWidgetItem* item = views_->item(row);
    item->setText(rail ? QString() : item->data(kTitle).toString());
  }
}

void SidePane::resizeEvent(QResizeEvent* event) {
  QSplitter::resizeEvent(event);
  const bool rail = width() < fontMetrics().averageCharWidth() * kLeastLetters;
  if (rail != is_rail_) show_rail(rail);
}

SideSplitter::SideSplitter(SidePane* side, QWidget* rest) : side_(side), wanted_(side->usual_width()) {
  setChildrenCollapsible(false);
  setHandleWidth(1);
  addWidget(side);
  addWidget(rest);
  setStretchFactor(1, 1);
  connect(this, &QSplitter::splitterMoved, this, [this](int at) { wanted_ = at; });
}

void SideSplitter::set_side_width(int width) {
  wanted_ = std::max(width, side_->rail_width());
  share();
}

void SideSplitter::toggle_rail() { set_side_width(side_->is_rail() ? side_->usual_width() : side_->rail_width()); }

void SideSplitter::share() {
  const int letter = fontMetrics().averageCharWidth();
  const int room = width() - handleWidth() - std::max(widget(1)->minimumSizeHint().width(), letter * kRestLetters);
  const bool fits = wanted_ <= room && wanted_ >= letter * kLeastLetters;
  const int side = fits ? wanted_ : side_->rail_width();
  setSizes({side, width() - handleWidth() - side});
}

void SideSplitter::resizeEvent(QResizeEvent* event) {
  QSplitter::resizeEvent(event);
  share();
}

}  // namespace headroom::gui
