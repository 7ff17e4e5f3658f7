// The instants of a part of a timeline as a table.
#pragma once

#include <vector>

#include "gui/items/rows_model.h"
#include "gui/session/loaded_run.h"

namespace headroom::gui {

inline constexpr std::size_t kMostTimelineRows = 4000;

// Every instant, or where there are more than kMostTimelineRows the highest of each of so many equal parts; `ranges`
// as of columns_of_events() or columns_of_time().
void set_timeline_rows(RowsModel& model, const RunHandle& run, const std::vector<InstantRange>& ranges);

}  // namespace headroom::gui
