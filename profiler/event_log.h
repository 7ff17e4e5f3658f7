// The allocator's events as rows, with the blocks that are alive: what the recorder fills.
//
// Invariant: a block is live from its alloc row to its free row; an address is live at most once. A row that found no room
// is lost, and so are the events that build on it. Not thread-safe: the recorder holds its lock around every call.
#pragma once

#include <c10/util/flat_hash_map.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "recording/recording.h"
#include "recording/rows.h"

namespace headroom::profiler {

// Texts by number; number 0 is the empty text.
class StringTable {
 public:
  // `listener` hears of every new text, in order.
  explicit StringTable(std::function<void(const std::string&)> listener = nullptr) : listener_(std::move(listener)) {}
  StringId intern(std::string_view text);
  const std::string& text(StringId id) const { return texts_[static_cast<std::size_t>(id)]; }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::function<void(const std::string&)> listener_;
  std::vector<std::string> texts_{""};
  std::unordered_map<std::string, StringId> ids_{{"", StringId::none}};
};

// Where the program was at an event.
struct Place {
  LayerId layer{};
  StringId op{};
  StringId source{};
};

struct Totals {
  std::int64_t allocated_bytes = 0, requested_bytes = 0, reserved_bytes = 0;
};

class EventLog {
 public:
  using Row = std::size_t;

  explicit EventLog(std::unique_ptr<Rows> rows = std::make_unique<RowsInMemory>()) : rows_(std::move(rows)) {}

  void begin_phase(std::int64_t time_ns, Phase phase, std::int32_t step);
  void alloc(std::int64_t time_ns, std::uint64_t address, std::int64_t requested_bytes, std::int64_t block_bytes,
             Place place, Lane lane = {});
  // False when no live block begins at `address`: one from before the recording, which stays unknown.
  bool free(std::int64_t time_ns, std::uint64_t address);
  // The allocator has a freed block back: at once, or when the streams that still used it were done.
  void returned(std::int64_t time_ns, std::uint64_t address);
  void segment_alloc(std::int64_t time_ns, std::uint64_t address, std::int64_t bytes, Lane lane = {});
  // Expandable segments are unmapped in other pieces than they were mapped in: a segment that only partly lies in the
  // range is freed whole, and what is left of it allocated again.
  void segment_free(std::int64_t time_ns, std::uint64_t address, std::int64_t bytes);

  void set_block_bytes(Row row, std::int64_t bytes);
  void set_category(Row row, Category category) { (*rows_)[row].category = static_cast<std::uint8_t>(category); }
  void set_layer(Row row, LayerId layer) { (*rows_)[row].layer = static_cast<std::uint32_t>(layer); }
  void set_tensor(Row row, StringId tensor) { (*rows_)[row].tensor = static_cast<std::uint32_t>(tensor); }
  bool has_tensor(Row row) const { return (*rows_)[row].tensor != 0; }
  const JournalRow& at(Row row) const { return (*rows_)[row]; }

  std::optional<Row> live_at(std::uint64_t address) const;          // a block that begins there
  std::optional<Row> live_containing(std::uint64_t address) const;  // a block that has the address inside
  std::vector<Row> live_rows() const;

  std::size_t size() const { return rows_->size(); }
  std::size_t segment_count() const { return segments_.size(); }
  Phase phase() const { return phase_; }
  std::int32_t step() const { return step_; }
  const Totals& totals() const { return totals_; }
  void take(Recording& recording) const;  // its events and marks

 private:
  struct Segment {
    std::int64_t bytes;
    Lane lane;
  };

  bool append(std::int64_t time_ns, RowKind kind, std::uint64_t address, std::int64_t requested_bytes,
              std::int64_t block_bytes, Place place = {}, Lane lane = {});
  void hold_what_did_not_return();

  std::unique_ptr<Rows> rows_;
  ska::flat_hash_map<std::uint64_t, Row> live_;
  std::map<std::uint64_t, Segment> segments_;
  std::optional<Row> freed_;           // by the last event, and not back yet
  std::unordered_set<std::uint64_t> held_;  // freed before, and not back yet
  Totals totals_;
  Phase phase_ = Phase::build;
  std::int32_t step_ = 0;
};

}  // namespace headroom::profiler
