// The list of a device's events in a snapshot, in the order and with the names of PyTorch's own memory history:
//
//   alloc, free_requested, free_completed       a block; the last once no stream uses it any more
//   segment_alloc, segment_free                 a segment; of expandable ones segment_map and segment_unmap
//   oom                                         where memory ran out
//
// Headroom's own members are beside PyTorch's: "block_size", what the allocator took for a block, and "lone" on the
// segments that stand for blocks outside of any.
#pragma once

#include "reports/export.h"
#include "reports/pickle.h"
#include "reports/snapshot_origin.h"

namespace headroom::snapshot {

struct TraceOptions {
  bool expandable = false;
  const std::vector<bool>& lone;  // blocks that are segments of their own
};

// Appends one list.
void write_trace(PickleWriter& pickle, OriginWriter& origins, const ExportRun& run, const TraceOptions& options);

std::int64_t stream_of(const Events& events, std::int64_t event);  // 0, the default one, where none was recorded

}  // namespace headroom::snapshot
