#include "analysis/allocation_order.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace headroom {
namespace {

std::size_t end_of(const Recording& recording, const Allocation& allocation) {
  return allocation.end == kNeverFreed ? recording.events.size() - 1 : static_cast<std::size_t>(allocation.end);
}

// The place of each string among all of them, sorted.
std::vector<std::int64_t> ranks_of(const std::vector<std::string>& strings) {
  std::vector<std::size_t> order(strings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) -> const std::string& { return strings[i]; });
  std::vector<std::int64_t> ranks(strings.size());
  for (std::size_t place = 0; place < order.size(); ++place) ranks[order[place]] = static_cast<std::int64_t>(place);
  return ranks;
}

template <class Column>
std::int64_t value_or_zero(const Column& column, std::int64_t event) {
  return column.empty() ? 0 : static_cast<std::int64_t>(column[static_cast<std::size_t>(event)]);
}

class Keys {
 public:
  Keys(const Recording& recording, AllocationKey key) : recording_(recording), key_(key) {
    if (key == AllocationKey::tensor || key == AllocationKey::op || key == AllocationKey::source)
      ranks_ = ranks_of(recording.strings);
  }

  std::int64_t operator()(const Allocation& a) const {
    switch (key_) {
      case AllocationKey::begin:
        return a.begin;
      case AllocationKey::block:
        return a.block_bytes;
      case AllocationKey::requested:
        return a.requested_bytes;
      case AllocationKey::rounding:
        return a.block_bytes - a.requested_bytes;
      case AllocationKey::tensor:
        return rank(a.tensor);
      case AllocationKey::category:
        return static_cast<std::int64_t>(a.category);
      case AllocationKey::layer:
        return static_cast<std::int64_t>(a.layer);
      case AllocationKey::op:
        return rank(a.op);
      case AllocationKey::source:
        return rank(a.source);
      case AllocationKey::end:
        return a.end == kNeverFreed ? std::numeric_limits<std::int64_t>::max() : a.end;
      case AllocationKey::events:
        return lifetime_events(recording_, a);
      case AllocationKey::time:
        return lifetime_ns(recording_, a);
      case AllocationKey::address:  // unsigned order as signed
        return static_cast<std::int64_t>(a.address ^ (std::uint64_t{1} << 63));
      case AllocationKey::stream:
        return value_or_zero(recording_.events.stream, a.begin);
      case AllocationKey::pool:
        return value_or_zero(recording_.events.pool, a.begin);
    }
    return 0;
  }

 private:
  std::int64_t rank(StringId id) const { return ranks_[static_cast<std::size_t>(id)]; }

  const Recording& recording_;
  AllocationKey key_;
  std::vector<std::int64_t> ranks_;
};

}  // namespace

std::int64_t lifetime_events(const Recording& recording, const Allocation& allocation) {
  return static_cast<std::int64_t>(end_of(recording, allocation)) - allocation.begin;
}

std::int64_t lifetime_ns(const Recording& recording, const Allocation& allocation) {
  const std::vector<std::int64_t>& times = recording.events.time_ns;
  return times[end_of(recording, allocation)] - times[static_cast<std::size_t>(allocation.begin)];
}

void order_allocations(const Recording& recording, const std::vector<Allocation>& allocations, AllocationKey key,
                       bool descending, std::vector<std::uint32_t>& rows, const std::atomic<bool>& cancelled) {
  const Keys key_of(recording, key);
  std::vector<std::pair<std::int64_t, std::uint32_t>> keyed;
  keyed.reserve(rows.size());
  for (const std::uint32_t row : rows) {
    const std::int64_t value = key_of(allocations[row]);
    keyed.emplace_back(descending ? ~value : value, row);
  }
  if (cancelled) return;
  if (!std::ranges::is_sorted(keyed)) std::ranges::sort(keyed);
  if (cancelled) return;
  std::ranges::transform(keyed, rows.begin(), [](const auto& item) { return item.second; });
}

}  // namespace headroom
