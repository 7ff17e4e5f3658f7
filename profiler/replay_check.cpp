#include "profiler/replay_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/bytes.h"
#include "profiler/replay_plan.h"

namespace headroom::profiler {
namespace {

// Addresses as segments in order of their reservation, and offsets in them.
class Segments {
 public:
  struct Place {
    std::int64_t segment = -1;
    std::uint64_t offset = 0;
    bool operator==(const Place&) const = default;
  };

  void reserve(std::uint64_t address) { numbers_[address] = count_++; }
  void give_back(std::uint64_t address) { numbers_.erase(address); }
  Place place_of(std::uint64_t address) const {
    const auto after = numbers_.upper_bound(address);
    if (after == numbers_.begin()) return {};
    return {std::prev(after)->second, address - std::prev(after)->first};
  }

 private:
  std::map<std::uint64_t, std::int64_t> numbers_;
  std::int64_t count_ = 0;
};

struct Row {
  Action action{};
  std::int64_t requested = 0, bytes = 0;
  std::uint8_t stream = 0;
  std::int32_t pool = 0;
  Segments::Place place;
  bool operator==(const Row&) const = default;
};

std::string text(const Row& row) {
  const char* what = row.action == Action::alloc  ? "allocates"
                     : row.action == Action::free ? "frees"
                     : row.action == Action::segment_alloc
                         ? "reserves a segment of"
                         : "gives back a segment of";
  std::string out = fmt::format("{} {} bytes", what, format_count(row.bytes));
  if (row.action == Action::alloc || row.action == Action::free)
    out += fmt::format(" ({} requested) at offset {}", format_count(row.requested), format_count(row.place.offset));
  if (row.action != Action::segment_alloc) out += fmt::format(" of segment {}", row.place.segment + 1);
  if (row.stream != 0) out += fmt::format(" on stream {}", row.stream);
  if (row.pool != 0) out += fmt::format(" in pool {}", row.pool);
  return out;
}

// The events one after another, with places instead of addresses.
class Reader {
 public:
  Reader(const Events& events, std::vector<std::int64_t> order) : e_(events), order_(std::move(order)) {}

  bool at_end() const { return next_ == order_.size(); }
  std::int64_t event() const { return order_[next_]; }

  Row row() const {
    const auto i = static_cast<std::size_t>(event());
    return {e_.action[i],
            e_.requested_bytes[i],
            e_.block_bytes[i],
            e_.stream.empty() ? std::uint8_t{0} : e_.stream[i],
            e_.pool.empty() ? 0 : e_.pool[i],
            e_.action[i] == Action::segment_alloc ? Segments::Place{} : segments_.place_of(e_.address[i])};
  }

  void pass() {
    const auto i = static_cast<std::size_t>(event());
    if (e_.action[i] == Action::segment_alloc) segments_.reserve(e_.address[i]);
    if (e_.action[i] == Action::segment_free) segments_.give_back(e_.address[i]);
    ++next_;
  }

  // Segments that are given back one after another, from here on.
  std::multiset<std::int64_t> pass_given_back() {
    std::multiset<std::int64_t> segments;
    for (; !at_end() && e_.action[static_cast<std::size_t>(event())] == Action::segment_free; pass())
      segments.insert(row().place.segment);
    return segments;
  }

 private:
  const Events& e_;
  std::vector<std::int64_t> order_;
  std::size_t next_ = 0;
  Segments segments_;
};

std::vector<std::int64_t> in_order(std::size_t count) {
  std::vector<std::int64_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = static_cast<std::int64_t>(i);
  return order;
}

}  // namespace

std::string first_difference(const Recording& recording, const Events& replayed) {
  Reader expected(recording.events, events_as_replayed(recording.events)), found(replayed, in_order(replayed.size()));
  while (!expected.at_end() && !found.at_end()) {
    const std::int64_t event = expected.event();
    const Row wanted = expected.row(), got = found.row();
    if (wanted.action == Action::segment_free && got.action == Action::segment_free) {
      if (expected.pass_given_back() != found.pass_given_back())
        return fmt::format("from event {} on, the recording gives back other segments than the replay", event);
      continue;
    }
    if (wanted != got)
      return fmt::format("at event {} the recording {}, the replay {}", event, text(wanted), text(got));
    expected.pass();
    found.pass();
  }
  if (!expected.at_end())
    return fmt::format("at event {} the recording {}, the replay nothing any more", expected.event(), text(expected.row()));
  if (!found.at_end()) return fmt::format("after the recording's last event the replay {}", text(found.row()));
  return "";
}

}  // namespace headroom::profiler
