#include "gui/charts/table_picture.h"

#include <QCoreApplication>
#include <algorithm>
#include <vector>

#include "gui/charts/axis.h"
#include "gui/items/rows_model.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr double kRowHeight = 24, kGap = 20, kSwatch = 10;

struct Shown {
  std::vector<int> rows;
  int left_out = 0;
};

Shown shown_rows(const QAbstractItemModel& model, const TablePicture& options) {
  const int all = model.rowCount(), most = std::max(1, options.most_rows);
  Shown shown;
  for (int row = 0; row < std::min(all, most); ++row) shown.rows.push_back(row);
  if (options.has_total && all > most) shown.rows.back() = all - 1;
  shown.left_out = all - static_cast<int>(shown.rows.size());
  return shown;
}

QString text_at(const QAbstractItemModel& model, int row, int column) {
  return model.index(row, column).data().toString();
}

std::vector<double> column_widths(const QPainter& painter, const QAbstractItemModel& model, const Shown& shown,
                                  double room) {
  const QFontMetricsF metrics(painter.font());
  std::vector<double> widths;
  for (int c = 0; c < model.columnCount(); ++c) {
    double width = metrics.horizontalAdvance(model.headerData(c, Qt::Horizontal).toString());
    for (const int row : shown.rows) {
      const double swatch = model.index(row, c).data(Qt::DecorationRole).isValid() ? kSwatch + 6 : 0;
      width = std::max(width, metrics.horizontalAdvance(text_at(model, row, c)) + swatch);
    }
    widths.push_back(width + kGap);
  }
  double sum = 0;
  for (const double width : widths) sum += width;
  while (sum > room && !widths.empty()) {  // the widest gives way first
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest < 40) break;
    sum -= *widest * 0.1;
    *widest *= 0.9;
  }
  return widths;
}

void draw_cell(QPainter& painter, const QRectF& cell, const QModelIndex& index) {
  if (const QVariant heat = index.data(kHeatRole); heat.isValid() && heat.toDouble() > 0) {
    QColor colour = index.data(kHeatColourRole).value<QColor>();
    if (!colour.isValid()) colour = theme().accent;
    colour.setAlphaF(static_cast<float>(0.5 * std::clamp(heat.toDouble(), 0.0, 1.0)));
    painter.fillRect(cell.adjusted(2, 1, -2, -1), colour);
  }
  QRectF inner = cell.adjusted(kGap / 2, 0, -kGap / 2, 0);
  if (const QColor swatch = index.data(Qt::DecorationRole).value<QColor>(); swatch.isValid()) {
    painter.fillRect(QRectF(inner.left(), inner.center().y() - kSwatch / 2, kSwatch, kSwatch), swatch);
    inner.setLeft(inner.left() + kSwatch + 6);
  }
  const QColor own = index.data(Qt::ForegroundRole).value<QColor>();
  painter.setPen(own.isValid() ? own : theme().ink);
  const int alignment = index.data(Qt::TextAlignmentRole).toInt();
  painter.drawText(inner, alignment == 0 ? int(Qt::AlignLeft | Qt::AlignVCenter) : alignment,
                   fitted(painter, index.data().toString(), inner.width() + 1));
}

void draw_header(QPainter& painter, const QRectF& row, const QAbstractItemModel& model,
                 const std::vector<double>& widths) {
  painter.fillRect(row, theme().band);
  painter.setPen(theme().soft);
  double x = row.left();
  for (int c = 0; c < model.columnCount(); ++c) {
    const QRectF cell(x + kGap / 2, row.top(), widths[c] - kGap, row.height());
    const int alignment = model.headerData(c, Qt::Horizontal, Qt::TextAlignmentRole).toInt();
    painter.drawText(cell, alignment == 0 ? int(Qt::AlignLeft | Qt::AlignVCenter) : alignment,
                     fitted(painter, model.headerData(c, Qt::Horizontal).toString(), cell.width() + 1));
    x += widths[c];
  }
}

}  // namespace

double table_picture_height(const QAbstractItemModel& model, const TablePicture& options) {
  const Shown shown = shown_rows(model, options);
  return kRowHeight * (1.0 + static_cast<double>(shown.rows.size()) + (shown.left_out > 0 ? 1 : 0)) + 4;
}

void paint_table(QPainter& painter, const QRectF& page, const QAbstractItemModel& model, const TablePicture& options) {
  painter.save();
  const Shown shown = shown_rows(model, options);
  const std::vector<double> widths = column_widths(painter, model, shown, page.width());
  QRectF row(page.left(), page.top(), page.width(), kRowHeight);
  draw_header(painter, row, model, widths);
  for (const int r : shown.rows) {
    row.translate(0, kRowHeight);
    double x = row.left();
    for (int c = 0; c < model.columnCount(); ++c) {
      draw_cell(painter, QRectF(x, row.top(), widths[c], row.height()), model.index(r, c));
      x += widths[c];
    }
    const bool total = options.has_total && r == model.rowCount() - 1;
    painter.setPen(QPen(total ? theme().soft : theme().grid, total ? 2 : 1));
    painter.drawLine(total ? row.topLeft() : row.bottomLeft(), total ? row.topRight() : row.bottomRight());
  }
  if (shown.left_out > 0) {
    row.translate(0, kRowHeight);
    painter.setPen(theme().soft);
    painter.drawText(row.adjusted(kGap / 2, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft,
                     QCoreApplication::translate("Table", "and %1 more rows").arg(count_text(shown.left_out)));
  }
  painter.restore();
}

}  // namespace headroom::gui
