// One row for each allocation and each release, out of two accounts of them.
//
// Calls (allocation_calls.h) are exact and give the row. CUPTI's MEMORY2 record of the same call, known by its
// correlation id, operation and address, adds who asked, the stream and the device; one without a call, as of arrays or
// of memory that the driver takes of itself, gives a row of its own. Either may come first, by as much as one drain:
// both wait for the other until every buffer in which it could be has come back.
//
// Physical memory (cuMemCreate) is given back when neither a handle nor a mapping holds it any more.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

#include "tracing/allocation_calls.h"
#include "tracing/recent_map.h"
#include "tracing/records.h"

namespace headroom::tracing {

class MemoryLedger {
 public:
  // Of one drain; `horizon`: buffers requested by now.
  void add(std::vector<AllocationCall> calls, const std::vector<MemoryRecord>& records, std::uint64_t horizon);

  // The rows for which nothing more can come: `returned(horizon)` says whether those buffers have come back. Of a row
  // whose context has to be looked up by its correlation id, `context` is 0. `device_of` as RecordReader's. `last`:
  // nothing more comes.
  std::vector<TraceRow> settle(const std::function<bool(std::uint64_t)>& returned,
                               const std::function<int(std::uint32_t)>& device_of, bool last);

  // Calls and records of the same allocation that say different sizes.
  std::int64_t disagreements() const { return disagreements_; }

 private:
  struct Pending {
    TraceRow row;
    std::uint32_t cuda_context = 0;
    bool device_known = false, physical = false, matched = false;
    std::uint64_t horizon = 0;
    int drains = 0;
  };
  struct PendingRecord {
    MemoryRecord record;
    std::uint64_t horizon = 0;
    int drains = 0;
  };
  struct Physical {
    std::uint64_t bytes = 0;
    int device = 0, references = 0, mappings = 0;
  };
  struct Mapping {
    std::uint64_t end = 0, handle = 0;
  };
  struct Live {
    std::uint64_t order = 0, bytes = 0;
    MemoryKind kind{};
  };

  void add_call(const AllocationCall& call, std::uint64_t horizon);
  void add_row(const AllocationCall& call, MemoryOperation operation, std::uint64_t address, std::uint64_t bytes,
               std::uint64_t horizon);
  void give_back(const AllocationCall& call, std::uint64_t handle, std::uint64_t horizon);
  void unmap(const AllocationCall& call, std::uint64_t horizon);
  Live take_live(const AllocationCall& call);
  using Waiting = std::unordered_multimap<std::uint64_t, Pending*>;  // by key()
  bool merge(const MemoryRecord& record, const Waiting& waiting);

  std::vector<Pending> pending_;
  std::vector<PendingRecord> records_;
  // Address by key(): what was given as a row, so that what comes late from the other account gives no second one.
  RecentMap<std::uint64_t, std::uint64_t> told_by_call_, told_by_record_;
  std::unordered_map<std::uint64_t, std::vector<Live>> live_;  // by address
  std::unordered_map<std::uint64_t, Physical> physical_;       // by handle
  std::map<std::uint64_t, Mapping> mappings_;                  // by start
  std::int64_t disagreements_ = 0;
};

}  // namespace headroom::tracing
