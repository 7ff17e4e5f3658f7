// A segment of PyTorch's allocator to scale: the blocks in it, coloured by category, and the gaps between them.
#pragma once

#include <QPainter>
#include <optional>
#include <vector>

#include "analysis/fragmentation.h"
#include "gui/session/loaded_run.h"

namespace headroom::gui {

struct SegmentMarks {
  std::vector<bool> lit;  // by allocation; empty: all
  std::optional<std::int64_t> chosen;

  bool is_lit(std::int64_t block) const { return lit.empty() || lit[static_cast<std::size_t>(block)]; }
};

// The segment takes all of `rect`.
void paint_segment(QPainter& painter, const QRectF& rect, const LoadedRun& run, const SegmentView& segment,
                   const SegmentMarks& marks);

// The block under `x`, or the one nearest to it within `slack` pixels.
std::optional<std::int64_t> block_in_segment(const QRectF& rect, const LoadedRun& run, const SegmentView& segment,
                                             double x, double slack);

// Of reserved memory, in the order in which they are drawn and said.
struct ReservedPart {
  QString title, meaning;
  std::int64_t bytes = 0;
  QColor colour;
};
std::vector<ReservedPart> reserved_parts(const Fragmentation& fragmentation);

// One bar of all parts, and below it each with its name, size and share in columns.
double reserved_height(const QPainter& painter);
void paint_reserved(QPainter& painter, const QRectF& area, const Fragmentation& fragmentation);

}  // namespace headroom::gui
