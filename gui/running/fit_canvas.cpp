#include "gui/running/fit_canvas.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include "base/error.h"
#include "gui/charts/fit_chart.h"
#include "gui/running/fit_words.h"
#include "gui/views/text.h"
#include "virtual_gpu/catalog.h"

namespace headroom::gui {

FitCanvas::FitCanvas(const FitSearch& search, QWidget* parent) : QWidget(parent), search_(search) {
  setFocusPolicy(Qt::StrongFocus);
  setMinimumSize(360, 300);
  setAccessibleName(tr("What fits, by batch and sequence length"));
}

FitChart FitCanvas::chart() const {
  FitChart chart;
  chart.grid = &search_.grid();
  const auto bytes = [this](std::int64_t RunResult::*member) {
    return [this, member](FitCell cell) {
      const RunResult* result = search_.result(cell);
      return result ? result->*member : 0;
    };
  };
  chart.allocated_bytes = bytes(&RunResult::allocated_bytes);
  chart.reserved_bytes = bytes(&RunResult::reserved_bytes);
  chart.is_running = [this](FitCell cell) { return search_.is_running(cell); };
  chart.chosen = chosen_;
  chart.has_focus = hasFocus();
  try {
    chart.device_bytes = virtual_gpu::device_model(search_.spec().device).total_bytes;
  } catch (const Error&) {
  }
  return chart;
}

QString FitCanvas::describe(FitCell cell) const {
  const QString size =
      tr("batch %1 × seq %2")
          .arg(count_text(search_.grid().batches()[cell.batch]), count_text(search_.grid().seqs()[cell.seq]));
  const RunResult* result = search_.result(cell);
  QString text = QStringLiteral("%1: %2").arg(size, title_of(search_.grid().at(cell)));
  if (result && result->fits())
    text += tr(", virtual\npeak allocated %1\npeak reserved %2")
                .arg(size_and_exact(result->allocated_bytes), size_and_exact(result->reserved_bytes));
  else if (result)
    text += QLatin1Char('\n') + to_text(result->message);
  return text;
}

QRectF FitCanvas::plot() const {
  QImage image(1, 1, QImage::Format_ARGB32_Premultiplied);
  QPainter painter(&image);
  painter.setFont(font());
  return fit_plot(painter, rect());
}

QRectF FitCanvas::rect_of(FitCell cell) const { return fit_cell_rect(plot(), search_.grid(), cell); }

void FitCanvas::choose(std::optional<FitCell> cell) {
  chosen_ = cell;
  setAccessibleDescription(cell ? describe(*cell) : QString());
  update();
}

void FitCanvas::pick(FitCell cell) {
  choose(cell);
  Q_EMIT cell_chosen(cell);
}

void FitCanvas::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::TextAntialiasing);
  draw_fit_chart(painter, rect(), chart());
}

void FitCanvas::mousePressEvent(QMouseEvent* event) {
  if (const auto cell = fit_cell_at(plot(), search_.grid(), event->position())) pick(*cell);
}

void FitCanvas::mouseDoubleClickEvent(QMouseEvent* event) {
  if (const auto cell = fit_cell_at(plot(), search_.grid(), event->position())) Q_EMIT cell_opened(*cell);
}

void FitCanvas::keyPressEvent(QKeyEvent* event) {
  const FitGrid& grid = search_.grid();
  if (grid.cell_count() == 0) return QWidget::keyPressEvent(event);
  FitCell cell = chosen_.value_or(FitCell{});
  switch (event->key()) {
    case Qt::Key_Up:
      cell.batch = std::min(cell.batch + 1, grid.batches().size() - 1);
      break;
    case Qt::Key_Down:
      cell.batch -= cell.batch > 0 ? 1 : 0;
      break;
    case Qt::Key_Right:
      cell.seq = std::min(cell.seq + 1, grid.seqs().size() - 1);
      break;
    case Qt::Key_Left:
      cell.seq -= cell.seq > 0 ? 1 : 0;
      break;
    case Qt::Key_Home:
      cell.seq = 0;
      break;
    case Qt::Key_End:
      cell.seq = grid.seqs().size() - 1;
      break;
    case Qt::Key_PageUp:
    case Qt::Key_PageDown:
      Q_EMIT gpu_wanted(event->key() == Qt::Key_PageDown ? 1 : -1);
      return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (chosen_) Q_EMIT cell_opened(*chosen_);
      return;
    default:
      return QWidget::keyPressEvent(event);
  }
  pick(cell);
}

bool FitCanvas::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    const auto cell = fit_cell_at(plot(), search_.grid(), help->pos());
    cell ? QToolTip::showText(help->globalPos(),
                              describe(*cell) + QLatin1Char('\n') + tr("Double click: open this run"), this)
         : QToolTip::hideText();
    return true;
  }
  if (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut) update();
  return QWidget::event(event);
}

}  // namespace headroom::gui
