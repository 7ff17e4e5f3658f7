#include "gui/charts/segment_picture.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "gui/charts/axis.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr double kBarHeight = 18, kGap = 10;

QString tr(const char* text) { return QCoreApplication::translate("Fragmentation", text); }

QRectF block_rect(const QRectF& rect, const SegmentView& segment, const Allocation& block) {
  const double scale = rect.width() / static_cast<double>(std::max<std::int64_t>(1, segment.bytes));
  const double left = rect.left() + scale * static_cast<double>(block.address - segment.address);
  return QRectF(left, rect.top(), std::max(1.0, scale * static_cast<double>(block.block_bytes)), rect.height())
      .intersected(rect);
}

const Allocation& block_of(const LoadedRun& run, std::int64_t index) {
  return run.breakdown.allocations[static_cast<std::size_t>(index)];
}

QColor faint(const QColor& colour) {
  QColor out = colour;
  out.setAlphaF(0.2F);
  return out;
}

double share(std::int64_t bytes, std::int64_t all) {
  return all > 0 ? static_cast<double>(bytes) / static_cast<double>(all) : 0;
}

// Name, size and share, one below the other.
void paint_part(QPainter& painter, const QRectF& area, const ReservedPart& part, const QString& percent) {
  const QFontMetricsF metrics(painter.font());
  const double row = metrics.lineSpacing(), side = std::round(metrics.capHeight());
  painter.fillRect(QRectF(area.left(), area.top() + (row - side) / 2, side, side), part.colour);
  QRectF line(area.left() + side + 6, area.top(), area.width() - side - 14, row);
  painter.setPen(theme().soft);
  painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, fitted(painter, part.title, line.width()));
  line.translate(0, row);
  const QFont plain = painter.font();
  QFont strong = plain;
  strong.setBold(true);
  painter.setFont(strong);
  painter.setPen(theme().ink);
  painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, size_text(part.bytes));
  painter.setFont(plain);
  painter.setPen(theme().soft);
  painter.drawText(line.translated(0, row), Qt::AlignLeft | Qt::AlignVCenter, percent);
}

}  // namespace

void paint_segment(QPainter& painter, const QRectF& rect, const LoadedRun& run, const SegmentView& segment,
                   const SegmentMarks& marks) {
  painter.save();
  painter.fillRect(rect, theme().grid);
  // The smallest come first in the list; they are drawn last, so that no larger neighbour hides them.
  for (auto block = segment.blocks.rbegin(); block != segment.blocks.rend(); ++block) {
    const Allocation& a = block_of(run, *block);
    const QRectF place = block_rect(rect, segment, a);
    const QColor colour = theme().category(a.category);
    painter.fillRect(place, theme().panel);
    painter.fillRect(place, marks.is_lit(*block) ? colour : faint(colour));
    if (place.width() > 4)
      painter.fillRect(QRectF(place.right() - 0.5, place.top(), 0.5, place.height()), theme().panel);
  }
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(theme().soft, 1));
  painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5));
  const bool has_chosen = marks.chosen && std::ranges::find(segment.blocks, *marks.chosen) != segment.blocks.end();
  if (has_chosen) {
    painter.setPen(QPen(theme().ink, 2));
    painter.drawRect(block_rect(rect, segment, block_of(run, *marks.chosen)).adjusted(-1, -1, 1, 1));
  }
  painter.restore();
}

std::optional<std::int64_t> block_in_segment(const QRectF& rect, const LoadedRun& run, const SegmentView& segment,
                                             double x, double slack) {
  std::optional<std::int64_t> nearest;
  double least = slack;
  for (const std::int64_t block : segment.blocks) {
    const QRectF place = block_rect(rect, segment, block_of(run, block));
    const double away = std::max({0.0, place.left() - x, x - place.right()});
    if (away < least || (away == 0 && !nearest)) nearest = block, least = away;
  }
  return nearest;
}

std::vector<ReservedPart> reserved_parts(const Fragmentation& f) {
  const auto colour = [](Category category) { return theme().category(category); };
  std::vector<ReservedPart> parts{
      {tr("live, as requested"), tr("What the program asked for and still holds."), f.requested_bytes,
       colour(Category::parameter)},
      {tr("rounding of live blocks"), tr("What those blocks are larger than was asked for."), f.rounding_bytes,
       colour(Category::temporary)},
      {tr("freed, other streams use it"), tr("Freed blocks that the allocator does not have back yet."), f.held_bytes,
       colour(Category::input)},
      {tr("free, in empty segments"), tr("torch.cuda.empty_cache() would give it back."), f.cached_bytes,
       colour(Category::optimizer_state)},
      {tr("free, in pinned segments"), tr("Fragmented: a live block keeps the segment from being given back."),
       f.fragmented_bytes, colour(Category::activation)}};
  if (f.held_bytes == 0) parts.erase(parts.begin() + 2);
  return parts;
}

double reserved_height(const QPainter& painter) {
  return kBarHeight + kGap + 3 * QFontMetricsF(painter.font()).lineSpacing() + 2;
}

void paint_reserved(QPainter& painter, const QRectF& area, const Fragmentation& fragmentation) {
  painter.save();
  const std::vector<ReservedPart> parts = reserved_parts(fragmentation);
  const double column = area.width() / static_cast<double>(parts.size());
  double x = area.left(), left = area.left();
  for (const ReservedPart& part : parts) {
    const double width = area.width() * share(part.bytes, fragmentation.reserved_bytes);
    painter.fillRect(QRectF(x, area.top(), part.bytes > 0 ? std::max(1.0, width) : 0, kBarHeight), part.colour);
    paint_part(painter, QRectF(left, area.top() + kBarHeight + kGap, column, area.height()), part,
               percent_text(100 * share(part.bytes, fragmentation.reserved_bytes)));
    x += width;
    left += column;
  }
  painter.restore();
}

}  // namespace headroom::gui
