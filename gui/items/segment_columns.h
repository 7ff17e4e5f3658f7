// The columns of the lists of segments and of replays.
#pragma once

#include <vector>

#include "gui/items/rows_model.h"
#include "gui/session/loaded_run.h"
#include "recording/replay.h"

namespace headroom::gui {

// "12 blocks", "nothing: cached"
QString pins_text(const SegmentView& segment);

// A row is a segment of the run's fragmentation. The first column is what is drawn, in words; the last ones are of the
// smallest block in it.
std::vector<Column> segment_columns(const RunHandle& run);

// The first replay is of what was recorded; all must outlive the model.
std::vector<Column> replay_columns(const std::vector<const AllocatorReplay*>& replays);

}  // namespace headroom::gui
