#include "gui/charts/table_page.h"

#include <QApplication>

#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr double kMargin = 16, kGap = 8;
constexpr int kWrapped = Qt::TextWordWrap | Qt::AlignLeft | Qt::AlignTop;

QFont title_font(QFont font) {
  font.setPointSizeF(font.pointSizeF() * 1.35);
  font.setBold(true);
  return font;
}

double head_height(const QFont& font, double width, const QString& caption) {
  const QRectF text = QFontMetricsF(font).boundingRect(QRectF(0, 0, width, 1e6), kWrapped, caption);
  return QFontMetricsF(title_font(font)).height() + kGap + text.height() + kGap;
}

bool has_rows(const TablePage& page) { return page.model != nullptr && page.model->rowCount() > 0; }

}  // namespace

QSizeF table_page_size(const TablePage& page, double width) {
  const double table = has_rows(page) ? table_picture_height(*page.model, page.options) : 0;
  return {width, 2 * kMargin + head_height(QApplication::font(), width - 2 * kMargin, page.caption) + table};
}

QRectF paint_page_head(QPainter& painter, const QRectF& area, const QString& title, const QString& caption) {
  painter.fillRect(area, theme().ground);
  const QRectF inner = area.adjusted(kMargin, kMargin, -kMargin, -kMargin);
  const QFont font = painter.font();
  painter.setFont(title_font(font));
  painter.setPen(theme().ink);
  const double height = painter.fontMetrics().height();
  painter.drawText(QRectF(inner.topLeft(), QSizeF(inner.width(), height)), Qt::AlignLeft | Qt::AlignVCenter, title);
  painter.setFont(font);
  painter.setPen(theme().soft);
  painter.drawText(inner.adjusted(0, height + kGap, 0, 0), kWrapped, caption);
  return inner.adjusted(0, head_height(font, inner.width(), caption), 0, 0);
}

void paint_table_page(QPainter& painter, const QRectF& area, const TablePage& page) {
  painter.save();
  const QRectF rest = paint_page_head(painter, area, page.title, page.caption);
  if (has_rows(page)) {
    painter.fillRect(QRectF(rest.topLeft(), QSizeF(rest.width(), table_picture_height(*page.model, page.options))),
                     theme().panel);
    paint_table(painter, rest, *page.model, page.options);
  }
  painter.restore();
}

}  // namespace headroom::gui
