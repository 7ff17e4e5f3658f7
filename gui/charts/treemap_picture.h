// Draws a treemap: parts of memory as areas, nested, each with its name and size where they fit.
#pragma once

#include <QPainter>
#include <memory>
#include <optional>
#include <vector>

#include "analysis/treemap.h"
#include "gui/session/loaded_run.h"

namespace headroom::gui {

struct TreemapOfRun {
  RunHandle run;
  std::int64_t event = -1;  // after which the blocks are live
  Treemap tree;
  std::vector<std::optional<LayerId>> layer_of_row;  // empty where several layers are folded into the row
};

// "activations", "encoder.layer.0–11", "[8, 128, 768] float32"
QString node_name(const TreemapOfRun& of, std::uint32_t node);
// From the top, " / " between.
QString node_path(const TreemapOfRun& of, std::uint32_t node);

struct TreemapScene {
  std::shared_ptr<const TreemapOfRun> of;
  std::vector<TreemapCell> cells;
  std::vector<bool> lit;                       // by node; empty: all
  std::optional<std::size_t> cursor, hovered;  // cells

  bool is_lit(std::uint32_t node) const { return lit.empty() || lit[node]; }
};

// Sizes of headers and gaps that suit the painter's font.
TreemapStyle treemap_style(const QFontMetricsF& metrics);

void paint_treemap(QPainter& painter, const TreemapScene& scene);
void paint_treemap_marks(QPainter& painter, const TreemapScene& scene);   // cursor and pointer
QRectF treemap_area(const TreemapScene& scene);                           // of all cells
QRectF treemap_mark_bounds(const TreemapScene& scene, std::size_t cell);  // what the mark of a cell covers

}  // namespace headroom::gui
