#include "profiler/replay_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "profiler/replay_plan.h"

namespace headroom::profiler {
namespace {

// Addresses as segments in order of their reservation, and offsets in them. What is left of one that was given back in part
// keeps its number.
class Segments {
 public:
  struct Place {
    std::int64_t segment = -1;
    std::uint64_t offset = 0;
    auto operator<=>(const Place&) const = default;
  };

  void reserve(std::uint64_t address, std::int64_t bytes) {
    pieces_[address] = {place_in(given_back_, address).value_or(Place{count_, 0}), bytes};
    count_ += pieces_[address].place.segment == count_;
  }
  void give_back(std::uint64_t address) {
    if (auto piece = pieces_.extract(address)) given_back_.insert_or_assign(address, piece.mapped());
  }
  void end_giving_back() { given_back_.clear(); }
  Place place_of(std::uint64_t address) const { return place_in(pieces_, address).value_or(Place{}); }

  std::set<std::pair<Place, std::int64_t>> pieces() const {
    std::set<std::pair<Place, std::int64_t>> out;
    for (const auto& [address, piece] : pieces_) out.emplace(piece.place, piece.bytes);
    return out;
  }

 private:
  struct Piece {
    Place place;
    std::int64_t bytes = 0;
  };
  using Pieces = std::map<std::uint64_t, Piece>;

  static std::optional<Place> place_in(const Pieces& pieces, std::uint64_t address) {
    const auto after = pieces.upper_bound(address);
    if (after == pieces.begin()) return std::nullopt;
    const auto& [begin, piece] = *std::prev(after);
    if (address - begin >= static_cast<std::uint64_t>(piece.bytes)) return std::nullopt;
    return Place{piece.place.segment, piece.place.offset + (address - begin)};
  }

  Pieces pieces_, given_back_;  // the latter: since the last event of a block
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
    if (e_.action[i] == Action::segment_alloc) segments_.reserve(e_.address[i], e_.block_bytes[i]);
    if (e_.action[i] == Action::segment_free) segments_.give_back(e_.address[i]);
    ++next_;
  }

  // What is reserved after the segments that are given back and reserved from here on; their order is the allocator's own.
  std::set<std::pair<Segments::Place, std::int64_t>> pass_segments() {
    const auto is_segment = [&](Action action) { return action == Action::segment_alloc || action == Action::segment_free; };
    while (!at_end() && is_segment(e_.action[static_cast<std::size_t>(event())])) pass();
    segments_.end_giving_back();
    return segments_.pieces();
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
      if (expected.pass_segments() != found.pass_segments())
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
