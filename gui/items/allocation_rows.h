// Allocations as rows of a table: which of them, in which order, and what each column says. Rows are numbers; texts are
// made when they are shown, so that millions of rows cost four bytes each.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "analysis/allocation_order.h"
#include "gui/items/rows_model.h"
#include "gui/session/loaded_run.h"
#include "gui/session/selection.h"

namespace headroom::gui {

enum class AllocationScope { live, all };  // live: at the peak, or after a chosen event

struct AllocationQuery {
  RunHandle run;
  AllocationScope scope = AllocationScope::live;
  std::optional<std::int64_t> event;  // absent: the peak
  Filter filter;
  AllocationKey key = AllocationKey::block;
  bool descending = true;
};

struct AllocationRows {
  RunHandle run;
  std::vector<std::uint32_t> order;           // indices into Breakdown::allocations
  std::int64_t shown_bytes = 0;               // of their blocks
  std::int64_t all_count = 0, all_bytes = 0;  // before the filter
};
using AllocationRowsHandle = std::shared_ptr<const AllocationRows>;

// Linear in the run's allocations, and what sorting takes. May run in any thread.
AllocationRowsHandle find_rows(const AllocationQuery& query, const std::atomic<bool>& cancelled);

struct AllocationColumn {
  AllocationKey key{};
  Column column;
  bool is_shown_first = true;  // before the user chose which columns to see
};
std::vector<AllocationColumn> allocation_columns(AllocationRowsHandle rows);

// `chosen` without what the run does not have, such as an event beyond its last.
Chosen chosen_within(const LoadedRun& run, Chosen chosen);

// "backward of step 2"; of an event.
QString moment_of_event(const LoadedRun& run, std::int64_t event);

// What a block is called: its tensor, or that no tensor ever showed it.
QString tensor_text(const Breakdown& run, const Allocation& allocation);

}  // namespace headroom::gui
