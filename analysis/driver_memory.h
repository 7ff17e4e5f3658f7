// Memory asked of the driver: by caller and place over the run, and what of it was live at chosen times.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "analysis/device_activity.h"

namespace headroom {

bool is_allocation(const Activities& activities, std::size_t row);
MemoryKind memory_kind_of(const Activities& activities, std::size_t row);
bool is_pooled(const Activities& activities, std::size_t row);  // stream-ordered

// Walks a recording's memory activities in order of time. Rows are those of Activities.
class DriverMemoryWalk {
 public:
  explicit DriverMemoryWalk(const Activities& activities);

  // Takes what happened up to `time_ns`, which never goes back. Calls taken(row) for every allocation and
  // returned(row, of) for every release, `of` being the row of its allocation: of no live one, empty.
  template <class Taken, class Returned>
  void advance_to(std::int64_t time_ns, Taken taken, Returned returned) {
    for (; next_ < rows_.size() && a_.start_ns[rows_[next_]] <= time_ns; ++next_) {
      const std::size_t row = rows_[next_];
      if (is_allocation(a_, row)) {
        live_[key(row)] = row;
        taken(row);
      } else {
        returned(row, release(row));
      }
    }
  }
  void advance_to(std::int64_t time_ns) {
    advance_to(
        time_ns, [](std::size_t) {}, [](std::size_t, std::optional<std::size_t>) {});
  }

  // Rows of the allocations that are live, by address.
  std::vector<std::size_t> live() const;

 private:
  using Key = std::pair<bool, std::uint64_t>;  // physical memory has handles, all other addresses
  Key key(std::size_t row) const;
  std::optional<std::size_t> release(std::size_t row);

  const Activities& a_;
  std::vector<std::size_t> rows_;
  std::size_t next_ = 0;
  std::map<Key, std::size_t> live_;
};

// Most bytes first.
std::vector<DriverMemory> add_up_driver_memory(const Recording& recording);

}  // namespace headroom
