// What a row's context menu offers in every table: its layer and category are chosen, or become the filter, and its
// instant is shown in the timeline.
#pragma once

#include <QMenu>

#include "gui/views/view.h"

namespace headroom::gui {

struct RowPlace {
  std::optional<LayerId> layer;
  std::optional<Category> category;
  std::optional<std::int64_t> allocation;  // index into Breakdown::allocations
};

void add_place_actions(QMenu& menu, Session& session, View& view, const RowPlace& place);

}  // namespace headroom::gui
