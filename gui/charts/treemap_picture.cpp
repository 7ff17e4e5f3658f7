#include "gui/charts/treemap_picture.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>
#include <cmath>

#include "gui/charts/axis.h"
#include "gui/charts/column_image.h"
#include "gui/charts/flat_fills.h"
#include "gui/items/block_words.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr double kLeastNameWidth = 90;

QRectF rect_of(const Box& box) { return {box.left, box.top, box.width, box.height}; }

QColor colour_of(const TreemapScene& scene, const TreemapCell& cell) {
  const QColor own = theme().category(scene.of->tree.nodes[cell.node].category);
  const double kept = (cell.is_group() ? 0.55 : 1) * (scene.is_lit(cell.node) ? 1 : 0.2);
  return mixed(own, theme().panel, 1 - kept);
}

QString cell_name(const TreemapScene& scene, const TreemapCell& cell) {
  if (cell.is_group()) return QCoreApplication::translate("Treemap", "%1 smaller").arg(count_text(cell.group_count));
  return node_name(*scene.of, cell.node);
}

// Name to the left, size to the right of a node that is divided.
void paint_header(QPainter& painter, const TreemapScene& scene, const TreemapCell& cell, double height) {
  const QFontMetricsF metrics(painter.font());
  const TreemapNode& node = scene.of->tree.nodes[cell.node];
  QRectF row(cell.box.left + 5, cell.box.top + 1, cell.box.width - 10, height);
  if (node.kind == TreemapKind::category) {
    const double side = std::round(metrics.capHeight());
    painter.fillRect(QRectF(row.left(), row.center().y() - side / 2, side, side), theme().category(node.category));
    row.setLeft(row.left() + side + 5);
  }
  const QString size = size_text(cell.bytes), name = cell_name(scene, cell);
  const double size_width = metrics.horizontalAdvance(size);
  const bool has_size = metrics.horizontalAdvance(name) + 12 + size_width <= row.width();
  painter.setPen(scene.is_lit(cell.node) ? theme().ink : theme().soft);
  painter.drawText(row, Qt::AlignLeft | Qt::AlignVCenter, fitted(painter, name, row.width()));
  if (!has_size) return;
  painter.setPen(theme().soft);
  painter.drawText(row, Qt::AlignRight | Qt::AlignVCenter, size);
}

void paint_divided(QPainter& painter, const TreemapScene& scene, const TreemapCell& cell, double header) {
  painter.setPen(QPen(theme().line, 1));
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(rect_of(cell.box).adjusted(0.5, 0.5, -0.5, -0.5));
  if (cell.node != scene.cells.front().node) paint_header(painter, scene, cell, header);
}

// Name above size. A name of which too little fits says less than the size alone.
void paint_leaf_text(QPainter& painter, const QRectF& area, const QString& name, const QString& size) {
  const QFontMetricsF metrics(painter.font());
  QRectF line(area.left(), area.top(), area.width(), metrics.height());
  if (area.height() < metrics.height()) return;
  const bool has_size = metrics.horizontalAdvance(size) <= area.width();
  if (metrics.horizontalAdvance(name) <= area.width() || area.width() >= kLeastNameWidth) {
    painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, fitted(painter, name, area.width()));
    line.translate(0, metrics.height());
  }
  if (has_size && line.bottom() <= area.bottom() + 1) painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, size);
}

// Between leaves some ground is seen.
QRectF leaf_rect(const TreemapCell& cell) { return rect_of(cell.box).adjusted(0.5, 0.5, -0.5, -0.5); }

QRectF filled_rect(const TreemapCell& cell) {
  const QRectF leaf = leaf_rect(cell);
  return cell.is_divided || leaf.width() <= 0 || leaf.height() <= 0 ? rect_of(cell.box) : leaf;
}

QColor fill_of(const TreemapScene& scene, const TreemapCell& cell) {
  if (!cell.is_divided) return colour_of(scene, cell);
  return scene.of->tree.nodes[cell.node].depth % 2 == 1 ? theme().band : theme().panel;
}

void paint_leaf(QPainter& painter, const TreemapScene& scene, const TreemapCell& cell) {
  const QRectF rect = leaf_rect(cell);
  const QFontMetricsF metrics(painter.font());
  if (rect.height() - 2 < metrics.height() || rect.width() - 8 < metrics.averageCharWidth()) return;
  painter.setPen(Theme::ink_on(colour_of(scene, cell)));
  paint_leaf_text(painter, rect.adjusted(4, 1, -4, -1), cell_name(scene, cell), size_text(cell.bytes));
}

void paint_mark(QPainter& painter, const QRectF& rect, double width) {
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(theme().panel, width + 2));
  painter.drawRect(rect.adjusted(1, 1, -1, -1));
  painter.setPen(QPen(theme().ink, width));
  painter.drawRect(rect.adjusted(1, 1, -1, -1));
}

// All cells without their words, where they are pixels of a screen; false: they are not.
bool fill_pixels(QPainter& painter, const TreemapScene& scene) {
  if (scene.cells.empty() || painter.testRenderHint(QPainter::Antialiasing)) return false;
  if (painter.deviceTransform().type() > QTransform::TxScale) return false;
  FlatFills fills(painter.deviceTransform());
  const QRectF whole = filled_rect(scene.cells.front());
  const QSize size = painter.deviceTransform().mapRect(whole).toAlignedRect().size();
  const auto target = pixels_of(painter, whole.topLeft(), size);
  if (!target) return false;
  for (const TreemapCell& cell : scene.cells) fills.fill(filled_rect(cell), fill_of(scene, cell));
  fills.draw_into(*target->image);
  return true;
}

}  // namespace

QString node_name(const TreemapOfRun& of, std::uint32_t index) {
  const TreemapNode& node = of.tree.nodes[index];
  switch (node.kind) {
    case TreemapKind::root:
      return QCoreApplication::translate("Treemap", "all that is live");
    case TreemapKind::category:
      return title_of(node.category);
    case TreemapKind::layer:
      return to_text(node.layer_name);
    case TreemapKind::tensor:
      break;
  }
  return block_name(of.run->breakdown, of.run->breakdown.allocations[static_cast<std::size_t>(node.allocation)]);
}

QString node_path(const TreemapOfRun& of, std::uint32_t node) {
  QStringList names;
  for (std::uint32_t at = node; at != 0; at = of.tree.nodes[at].parent) names.prepend(node_name(of, at));
  return names.isEmpty() ? node_name(of, 0) : names.join(QStringLiteral(" / "));
}

TreemapStyle treemap_style(const QFontMetricsF& metrics) {
  return {.header_height = std::ceil(metrics.height()) + 3, .padding = 2, .least_area = 24, .least_side = 10};
}

void paint_treemap(QPainter& painter, const TreemapScene& scene) {
  painter.save();
  const TreemapStyle style = treemap_style(QFontMetricsF(painter.font()));
  const bool is_filled = fill_pixels(painter, scene);
  for (const TreemapCell& cell : scene.cells) {
    if (!is_filled) painter.fillRect(filled_rect(cell), fill_of(scene, cell));
    cell.is_divided ? paint_divided(painter, scene, cell, style.header_height) : paint_leaf(painter, scene, cell);
  }
  painter.restore();
}

QRectF treemap_area(const TreemapScene& scene) { return rect_of(scene.cells.front().box); }

QRectF treemap_mark_bounds(const TreemapScene& scene, std::size_t cell) {
  return rect_of(scene.cells[cell].box).adjusted(-2, -2, 2, 2);
}

void paint_treemap_marks(QPainter& painter, const TreemapScene& scene) {
  painter.save();
  if (scene.hovered && scene.hovered != scene.cursor) paint_mark(painter, rect_of(scene.cells[*scene.hovered].box), 1);
  if (scene.cursor) paint_mark(painter, rect_of(scene.cells[*scene.cursor].box), 2);
  painter.restore();
}

}  // namespace headroom::gui
