#include "analysis/driver_memory.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <tuple>

#include "analysis/sums.h"

namespace headroom {

bool is_allocation(const Activities& activities, std::size_t row) {
  return activities.detail[row] % 2 == static_cast<std::uint32_t>(MemoryOperation::allocate);
}

MemoryKind memory_kind_of(const Activities& activities, std::size_t row) {
  const std::uint32_t kind = activities.detail[row] / 2;
  return kind < kMemoryKindNames.size() ? static_cast<MemoryKind>(kind) : MemoryKind::other;
}

bool is_pooled(const Activities& activities, std::size_t row) { return activities.stream[row] != kNoStream; }

DriverMemoryWalk::DriverMemoryWalk(const Activities& activities) : a_(activities) {
  for (std::size_t row = 0; row < a_.size(); ++row)
    if (a_.kind[row] == ActivityKind::memory) rows_.push_back(row);
  const auto start = [this](std::size_t row) { return a_.start_ns[row]; };
  if (!std::ranges::is_sorted(rows_, {}, start)) std::ranges::stable_sort(rows_, {}, start);
}

DriverMemoryWalk::Key DriverMemoryWalk::key(std::size_t row) const {
  return {memory_kind_of(a_, row) == MemoryKind::physical, a_.address[row]};
}

std::optional<std::size_t> DriverMemoryWalk::release(std::size_t row) {
  const auto found = live_.find(key(row));
  if (found == live_.end()) return std::nullopt;
  const std::size_t of = found->second;
  live_.erase(found);
  return of;
}

std::vector<std::size_t> DriverMemoryWalk::live() const {
  std::vector<std::size_t> rows;
  for (const auto& [key, row] : live_) rows.push_back(row);
  return rows;
}

std::vector<DriverMemory> add_up_driver_memory(const Recording& recording) {
  const Activities& a = recording.activity.activities;
  using Key = std::tuple<StringId, MemoryKind, LayerId, Phase, bool>;
  std::map<Key, DriverMemory> sums;
  const auto of = [&](std::size_t row) -> DriverMemory& {
    const Key key{a.name[row], memory_kind_of(a, row), a.layer[row], a.phase[row], is_pooled(a, row)};
    DriverMemory& sum = sums[key];
    std::tie(sum.source, sum.kind, sum.layer, sum.phase, sum.pooled) = key;
    return sum;
  };
  const auto count = [&](Amount& amount, std::size_t row) {
    ++amount.count;
    add(amount.bytes, a.bytes[row]);
  };
  DriverMemoryWalk(a).advance_to(
      std::numeric_limits<std::int64_t>::max(), [&](std::size_t row) { count(of(row).taken, row); },
      [&](std::size_t, std::optional<std::size_t> taken) {
        if (taken) count(of(*taken).returned, *taken);
      });
  std::vector<DriverMemory> rows;
  for (const auto& [key, sum] : sums) rows.push_back(sum);
  std::ranges::stable_sort(rows, {}, [](const DriverMemory& m) { return -m.taken.bytes; });
  return rows;
}

}  // namespace headroom
