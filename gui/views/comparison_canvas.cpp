#include "gui/views/comparison_canvas.h"

#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {

ComparisonCanvas::ComparisonCanvas(QWidget* parent) : QWidget(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(tr("Peaks of the runs"));
}

void ComparisonCanvas::set_chart(ComparisonChart chart) {
  chart_ = std::move(chart);
  focused_ = std::clamp(focused_, 0, std::max(0, static_cast<int>(chart_.bars.size()) - 1));
  hovered_ = -1;
  describe();
  updateGeometry();
  update();
}

QSize ComparisonCanvas::sizeHint() const {
  return {480,
          static_cast<int>(std::ceil(ComparisonLayout::height_for(chart_.bars.size(), QFontMetricsF(font())))) + 8};
}

ComparisonLayout ComparisonCanvas::layout_now() const {
  return {chart_, QFontMetricsF(font()), QRectF(rect()).adjusted(0, 4, 0, -4)};
}

void ComparisonCanvas::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), theme().panel);
  draw_comparison(painter, QRectF(rect()).adjusted(0, 4, 0, -4), chart_, hasFocus() ? focused_ : -1, hovered_);
}

void ComparisonCanvas::focus_on(int bar) {
  if (chart_.bars.empty()) return;
  focused_ = std::clamp(bar, 0, static_cast<int>(chart_.bars.size()) - 1);
  describe();
  update();
}

void ComparisonCanvas::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  const ComparisonHit hit = comparison_hit(layout_now(), chart_, event->position());
  if (hit.bar < 0) return;
  focus_on(hit.bar);
  if (hit.on_choice)
    Q_EMIT baseline_chosen(hit.bar);
  else
    Q_EMIT run_chosen(hit.bar);
}

void ComparisonCanvas::mouseMoveEvent(QMouseEvent* event) {
  const int hovered = layout_now().row_at(event->position());
  if (hovered == hovered_) return;
  hovered_ = hovered;
  update();
}

void ComparisonCanvas::leaveEvent(QEvent*) {
  hovered_ = -1;
  update();
}

void ComparisonCanvas::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Up:
      return focus_on(focused_ - 1);
    case Qt::Key_Down:
      return focus_on(focused_ + 1);
    case Qt::Key_Home:
      return focus_on(0);
    case Qt::Key_End:
      return focus_on(static_cast<int>(chart_.bars.size()) - 1);
    default:
      break;
  }
  if (chart_.bars.empty()) return QWidget::keyPressEvent(event);
  if (event->key() == Qt::Key_B)
    Q_EMIT baseline_chosen(focused_);
  else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space)
    Q_EMIT run_chosen(focused_);
  else
    QWidget::keyPressEvent(event);
}

void ComparisonCanvas::contextMenuEvent(QContextMenuEvent* event) {
  const int bar =
      event->reason() == QContextMenuEvent::Keyboard ? focused_ : layout_now().row_at(QPointF(event->pos()));
  if (bar < 0 || bar >= static_cast<int>(chart_.bars.size())) return;
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  menu->addAction(tr("Look at this run"), this, [this, bar] { Q_EMIT run_chosen(bar); });
  menu->addAction(tr("Compare the others against it"), this, [this, bar] { Q_EMIT baseline_chosen(bar); });
  menu->popup(event->globalPos());
}

void ComparisonCanvas::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::FontChange) updateGeometry();
}

bool ComparisonCanvas::event(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QWidget::event(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  QToolTip::showText(help->globalPos(), tooltip(comparison_hit(layout_now(), chart_, QPointF(help->pos()))), this);
  return true;
}

QString ComparisonCanvas::tooltip(const ComparisonHit& hit) const {
  if (hit.bar < 0) return {};
  const ComparisonBar& bar = chart_.bars[static_cast<std::size_t>(hit.bar)];
  if (hit.on_choice) return tr("Compare the others against %1").arg(bar.label);
  if (!hit.on_part) return bar.trouble;
  return tr("%1: %2 of %3")
      .arg(title_of(hit.category), size_and_exact(bar.categories[static_cast<std::size_t>(hit.category)]),
           size_text(bar.bytes));
}

void ComparisonCanvas::describe() {
  if (chart_.bars.empty()) return setAccessibleDescription(tr("No run is open."));
  const ComparisonBar& bar = chart_.bars[static_cast<std::size_t>(focused_)];
  setAccessibleDescription(tr("Run %1 of %2: %3, %4 %5 %6. Enter looks at it, B compares the others against it.")
                               .arg(focused_ + 1)
                               .arg(chart_.bars.size())
                               .arg(bar.label, size_text(bar.bytes), bar.change, bar.trouble));
}

}  // namespace headroom::gui
