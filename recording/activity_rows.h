// Rows of device activity before they belong to a recording, and the one way in which they come into it: from the worker's
// memory as well as from a journal.
//
// A row's `name` and `detail` count ActivityTables; its times are CLOCK_REALTIME. Rows come in any order.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "recording/recording.h"

namespace headroom {

inline constexpr std::uint8_t kNoPhase = 0xFF;

// As it lies in a journal's file `activity`.
struct ActivityRow {
  std::uint64_t start_ns, end_ns;  // 0: not known
  std::int64_t bytes;
  std::uint64_t address;
  std::uint32_t name, detail;
  std::uint32_t stream, correlation, thread;
  std::uint32_t layer;
  std::int32_t step;
  std::uint8_t kind;
  std::uint8_t phase;   // kNoPhase: nobody knows where the program was: phase and step are those of the row's time
  std::uint16_t unused;
};
static_assert(sizeof(ActivityRow) == 64);

struct ActivityTables {
  std::vector<std::string> strings{""};
  std::vector<LaunchShape> shapes;
};

// Where rows are from.
struct ActivityOrigin {
  std::uint64_t start_realtime_ns = 0;  // CLOCK_REALTIME when the recording's time was 0; 0: not known, and all is outside
  std::int64_t end_ns = std::numeric_limits<std::int64_t>::max();  // of the recording
  const std::vector<LayerId>* layers = nullptr;  // by the rows' layer; nullptr: they have the recording's own
};

// Fills activity.shapes and activity.activities of a recording that has its layers, marks and environment. Names and shapes
// are interned once, and only those in use. What starts before the recording or after its end is left out and counted in
// outside_count, a row that makes no sense or is not of the level in dropped_count; unmatched_count is set. A row without a start gets that of the
// call that caused it. On a virtual device what was launched has no duration. Level none: no rows.
void join_activity(std::span<const ActivityRow> rows, const ActivityTables& tables, const ActivityOrigin& origin,
                   Recording& recording);

// Releases of memory whose allocation is not among the activities, and allocations of memory that is allocated already.
std::int64_t count_unmatched(const Activities& activities);

}  // namespace headroom
