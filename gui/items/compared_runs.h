// The runs of a session beside each other: what each took, what it saves against the baseline, and the tables of it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "analysis/comparison.h"
#include "analysis/reproduction/reproduction.h"
#include "gui/items/rows_model.h"
#include "gui/session/session.h"
#include "reports/folding.h"

namespace headroom::gui {

enum class RunOrder : std::uint8_t { opened, peak, name };

struct ComparedRun {
  int index = 0;  // in the session
  std::uint64_t id = 0;
  QString label;
  RunState state = RunState::loading;
  QString message;
  RunHandle run;  // null: nothing to compare yet
  ComparisonRow savings;
  reproduction::MemoryRow memory;
  std::vector<std::int64_t> layer_bytes;  // at the peak, of each row of ComparedRuns::layers with what is below it
};

struct ComparedRuns {
  std::vector<ComparedRun> runs;
  int baseline = -1;  // into runs; -1: none is loaded
  std::vector<FoldedLayer> layers;
  std::int64_t largest_difference_bytes = 0;  // of a layer to the baseline's; the root is none
  QStringList differences;                    // what the runs differ in besides their attention
  std::int64_t capacity_bytes = 0;            // of the device, where all runs have the same; else 0

  bool has_baseline() const { return baseline >= 0; }
  bool is_baseline(std::size_t run) const { return static_cast<int>(run) == baseline; }
};
using ComparedRunsHandle = std::shared_ptr<const ComparedRuns>;

// Rows without what takes time to add up, in the session's order.
ComparedRuns runs_of(const Session& session);

// Adds it up; in any thread.
ComparedRuns compared(ComparedRuns runs);

// In another order; the baseline stays the same run.
ComparedRuns ordered(ComparedRuns runs, RunOrder order);

// "out of memory: 8.00 GiB were asked for, 1.20 GiB were free"; empty for a run that is loaded and went well.
QString trouble_of(const ComparedRun& run);

// Savings against the baseline, one row a run; columns in which no run has anything are left out.
std::vector<Column> saving_columns(ComparedRunsHandle runs);

// One row for each layer, equal ones folded; a column for each run that is loaded: bytes at its peak and the difference
// to the baseline's, or where there is little room the difference alone. Heat: of the largest difference, -1 to 1.
enum class LayerCells : std::uint8_t { both, difference };
std::vector<Column> layer_columns(ComparedRunsHandle runs, LayerCells cells = LayerCells::both);

// The tables of `headroom reproduce mhe`, one row a run.
std::vector<Column> paper_columns(ComparedRunsHandle runs);

}  // namespace headroom::gui
