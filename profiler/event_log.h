// The allocator's events as columns, with the blocks that are alive: what the recorder fills and a Recording takes
// over.
//
// Invariant: a block is live from its alloc row to its free row; an address is live at most once. Not thread-safe: the
// recorder holds its lock around every call.
#pragma once

#include <c10/util/flat_hash_map.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "recording/recording.h"

namespace headroom::profiler {

// Texts by number; number 0 is the empty text.
class StringTable {
 public:
  StringId intern(std::string_view text);
  const std::string& text(StringId id) const { return texts_[static_cast<std::size_t>(id)]; }
  std::vector<std::string> take() && { return std::move(texts_); }

 private:
  std::vector<std::string> texts_{""};
  std::unordered_map<std::string, StringId> ids_{{"", StringId::none}};
};

// Where the program was at an event.
struct Place {
  LayerId layer{};
  StringId op{};
};

struct Totals {
  std::int64_t allocated_bytes = 0, requested_bytes = 0, reserved_bytes = 0;
};

class EventLog {
 public:
  using Row = std::size_t;

  void begin_phase(std::int64_t time_ns, Phase phase, std::int32_t step);
  Row alloc(std::int64_t time_ns, std::uint64_t address, std::int64_t requested_bytes, std::int64_t block_bytes,
            Place place);
  // False when no live block begins at `address`: one from before the recording, which stays unknown.
  bool free(std::int64_t time_ns, std::uint64_t address);
  void segment_alloc(std::int64_t time_ns, std::uint64_t address, std::int64_t bytes);
  // Expandable segments are unmapped in other pieces than they were mapped in: a segment that only partly lies in the
  // range is freed whole, and what is left of it allocated again.
  void segment_free(std::int64_t time_ns, std::uint64_t address, std::int64_t bytes);

  void set_block_bytes(Row row, std::int64_t bytes);
  void set_category(Row row, Category category) { events_.category[row] = category; }
  void set_layer(Row row, LayerId layer) { events_.layer[row] = layer; }
  void set_tensor(Row row, StringId tensor) { events_.tensor[row] = tensor; }
  bool has_tensor(Row row) const { return events_.tensor[row] != StringId::none; }
  std::int64_t block_bytes(Row row) const { return events_.block_bytes[row]; }

  std::optional<Row> live_at(std::uint64_t address) const;          // a block that begins there
  std::optional<Row> live_containing(std::uint64_t address) const;  // a block that has the address inside
  std::vector<Row> live_rows() const;

  Phase phase() const { return phase_; }
  std::int32_t step() const { return step_; }
  const Events& events() const { return events_; }
  const Totals& totals() const { return totals_; }
  const Totals& peaks() const { return peaks_; }
  Events take_events() && { return std::move(events_); }
  std::vector<Mark> take_marks() && { return std::move(marks_); }

 private:
  Row append(std::int64_t time_ns, Action action, std::uint64_t address, std::int64_t requested_bytes,
             std::int64_t block_bytes, Place place);

  Events events_;
  std::vector<Mark> marks_;
  ska::flat_hash_map<std::uint64_t, Row> live_;
  std::map<std::uint64_t, std::int64_t> segments_;
  Totals totals_, peaks_;
  Phase phase_ = Phase::build;
  std::int32_t step_ = 0;
};

}  // namespace headroom::profiler
