#include "gui/charts/fit_chart.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "gui/charts/axis.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr double kGap = 2;

QString tr(const char* text) { return QCoreApplication::translate("FitChart", text); }

QColor fill_of(const FitChart& chart, FitCell cell) {
  switch (chart.grid->at(cell)) {
    case FitState::fits: {
      const double used = chart.device_bytes > 0 ? static_cast<double>(chart.reserved_bytes(cell)) /
                                                       static_cast<double>(chart.device_bytes)
                                                 : 0;
      return mixed(theme().panel, theme().good, 0.12 + 0.6 * std::clamp(used, 0.0, 1.0));
    }
    case FitState::out_of_memory:
    case FitState::smaller_did_not_fit:
      return theme().bad_ground;
    default:
      return theme().panel;
  }
}

void draw_lines(QPainter& painter, const QRectF& rect, const QString& first, const QString& second) {
  const QFontMetricsF metrics(painter.font());
  const bool both = rect.height() >= 2 * metrics.height() && !second.isEmpty();
  const QRectF upper = both ? rect.adjusted(0, rect.height() / 2 - metrics.height(), 0, -rect.height() / 2) : rect;
  painter.drawText(upper, Qt::AlignCenter, fitted(painter, first, rect.width() - 4));
  if (!both) return;
  const QRectF lower = rect.adjusted(0, rect.height() / 2, 0, metrics.height() - rect.height() / 2);
  painter.drawText(lower, Qt::AlignCenter, fitted(painter, second, rect.width() - 4));
}

void draw_cell(QPainter& painter, const QRectF& rect, const FitChart& chart, FitCell cell) {
  const QColor fill = fill_of(chart, cell);
  painter.fillRect(rect, fill);
  const FitState state = chart.grid->at(cell);
  if (state == FitState::smaller_did_not_fit) {
    QColor lines = theme().bad;
    lines.setAlphaF(0.22F);
    painter.fillRect(rect, QBrush(lines, Qt::BDiagPattern));
    return;
  }
  if (state == FitState::fits) {
    painter.setPen(Theme::ink_on(fill));
    const std::int64_t allocated = chart.allocated_bytes(cell);
    return draw_lines(painter, rect, tr("✓ %1").arg(size_text(allocated)), {});
  }
  painter.setPen(state == FitState::out_of_memory ? theme().bad : theme().soft);
  if (state == FitState::out_of_memory) return draw_lines(painter, rect, tr("✕"), {});
  if (state == FitState::refused) return draw_lines(painter, rect, tr("– failed"), {});
  const bool running = chart.is_running && chart.is_running(cell);
  painter.setPen(QPen(running ? theme().accent : theme().grid, 1, running ? Qt::SolidLine : Qt::DotLine));
  painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5));
  painter.setPen(running ? theme().accent : theme().soft);
  if (running) draw_lines(painter, rect, tr("running"), {});
}

// Between what is known to fit and what is known not to.
void draw_border(QPainter& painter, const QRectF& plot, const FitGrid& grid) {
  painter.setPen(QPen(theme().bad, 2.5, Qt::SolidLine, Qt::SquareCap));
  const auto fits = [&](std::size_t b, std::size_t s) { return grid.at({b, s}) == FitState::fits; };
  const auto too_large = [&](std::size_t b, std::size_t s) {
    return grid.at({b, s}) == FitState::out_of_memory || grid.at({b, s}) == FitState::smaller_did_not_fit;
  };
  for (std::size_t s = 0; s < grid.seqs().size(); ++s)
    for (std::size_t b = 0; b < grid.batches().size(); ++b) {
      if (!fits(b, s)) continue;
      const QRectF rect = fit_cell_rect(plot, grid, {b, s}).adjusted(-kGap / 2, -kGap / 2, kGap / 2, kGap / 2);
      if (b + 1 < grid.batches().size() && too_large(b + 1, s)) painter.drawLine(rect.topLeft(), rect.topRight());
      if (s + 1 < grid.seqs().size() && too_large(b, s + 1)) painter.drawLine(rect.topRight(), rect.bottomRight());
    }
}

void draw_axes(QPainter& painter, const QRectF& plot, const FitGrid& grid) {
  const QFontMetricsF metrics(painter.font());
  painter.setPen(theme().soft);
  for (std::size_t b = 0; b < grid.batches().size(); ++b) {
    const QRectF cell = fit_cell_rect(plot, grid, {b, 0});
    painter.drawText(QRectF(plot.left() - 200, cell.top(), 192, cell.height()), Qt::AlignRight | Qt::AlignVCenter,
                     count_text(grid.batches()[b]));
  }
  for (std::size_t s = 0; s < grid.seqs().size(); ++s) {
    const QRectF cell = fit_cell_rect(plot, grid, {0, s});
    painter.drawText(QRectF(cell.left(), plot.bottom() + 4, cell.width(), metrics.height()), Qt::AlignCenter,
                     fitted(painter, count_text(grid.seqs()[s]), cell.width()));
  }
  painter.setPen(theme().ink);
  painter.drawText(QRectF(plot.left(), plot.bottom() + 6 + metrics.height(), plot.width(), metrics.height()),
                   Qt::AlignCenter, tr("tokens per sequence"));
  painter.save();
  painter.translate(plot.left() - metrics.horizontalAdvance(QStringLiteral("0,000")) - 16, plot.center().y());
  painter.rotate(-90);
  painter.drawText(QRectF(-plot.height() / 2, -metrics.height(), plot.height(), metrics.height()), Qt::AlignCenter,
                   tr("sequences per batch"));
  painter.restore();
}

}  // namespace

QRectF fit_plot(const QPainter& painter, const QRectF& area) {
  const QFontMetricsF metrics(painter.font());
  const double left = metrics.horizontalAdvance(QStringLiteral("0,000")) + 2 * metrics.height() + 8;
  return area.adjusted(left, 4, -4, -(4 * metrics.height() + 22));
}

QRectF fit_cell_rect(const QRectF& plot, const FitGrid& grid, FitCell cell) {
  const double width = plot.width() / static_cast<double>(std::max<std::size_t>(1, grid.seqs().size()));
  const double height = plot.height() / static_cast<double>(std::max<std::size_t>(1, grid.batches().size()));
  return QRectF(plot.left() + width * static_cast<double>(cell.seq),
                plot.bottom() - height * static_cast<double>(cell.batch + 1), width, height)
      .adjusted(kGap / 2, kGap / 2, -kGap / 2, -kGap / 2);
}

std::optional<FitCell> fit_cell_at(const QRectF& plot, const FitGrid& grid, const QPointF& point) {
  if (!plot.contains(point) || grid.cell_count() == 0) return {};
  const auto part = [](double at, std::size_t count) {
    return std::min(count - 1, static_cast<std::size_t>(std::floor(at * static_cast<double>(count))));
  };
  return FitCell{part((plot.bottom() - point.y()) / plot.height(), grid.batches().size()),
                 part((point.x() - plot.left()) / plot.width(), grid.seqs().size())};
}

void draw_fit_chart(QPainter& painter, const QRectF& area, const FitChart& chart) {
  if (!chart.grid || chart.grid->cell_count() == 0) return;
  painter.save();
  const FitGrid& grid = *chart.grid;
  const QRectF plot = fit_plot(painter, area);
  for (std::size_t s = 0; s < grid.seqs().size(); ++s)
    for (std::size_t b = 0; b < grid.batches().size(); ++b)
      draw_cell(painter, fit_cell_rect(plot, grid, {b, s}), chart, {b, s});
  draw_border(painter, plot, grid);
  draw_axes(painter, plot, grid);
  if (chart.chosen) {
    painter.setPen(QPen(theme().accent, chart.has_focus ? 3 : 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(fit_cell_rect(plot, grid, *chart.chosen));
  }
  const QFontMetricsF metrics(painter.font());
  const QRectF legend(plot.left(), plot.bottom() + 2 * metrics.height() + 12, plot.width(), 2 * metrics.height());
  draw_legend(painter, legend,
              {{mixed(theme().panel, theme().good, 0.6), tr("✓ fits, peak allocated")},
               {theme().bad, tr("✕ out of memory")},
               {mixed(theme().panel, theme().bad, 0.25), tr("hatched: not run, a smaller one did not fit")},
               {theme().grid, tr("dotted: not run")}});
  painter.restore();
}

}  // namespace headroom::gui
