#include "profiler/event_log.h"

#include <algorithm>

#include "recording/held_blocks.h"

namespace headroom::profiler {

StringId StringTable::intern(std::string_view text) {
  auto [at, inserted] = ids_.try_emplace(std::string(text), static_cast<StringId>(texts_.size()));
  if (inserted) {
    texts_.emplace_back(text);
    if (listener_) listener_(texts_.back());
  }
  return at->second;
}

void EventLog::begin_phase(std::int64_t time_ns, Phase phase, std::int32_t step) {
  phase_ = phase;
  step_ = step;
  JournalRow row{};
  row.kind = RowKind::mark;
  row.time_ns = time_ns;
  row.phase = static_cast<std::uint8_t>(phase);
  row.step = step;
  rows_->append(row);
}

bool EventLog::append(std::int64_t time_ns, RowKind kind, std::uint64_t address, std::int64_t requested_bytes,
                      std::int64_t block_bytes, Place place, Lane lane) {
  JournalRow row{};
  row.kind = kind;
  row.time_ns = time_ns;
  row.address = address;
  row.requested_bytes = requested_bytes;
  row.block_bytes = block_bytes;
  row.layer = static_cast<std::uint32_t>(place.layer);
  row.op = static_cast<std::uint32_t>(place.op);
  row.source = static_cast<std::uint32_t>(place.source);
  row.category = static_cast<std::uint8_t>(Category::unresolved);
  row.stream = lane.stream;
  row.pool = lane.pool;
  return rows_->append(row);
}

void EventLog::alloc(std::int64_t time_ns, std::uint64_t address, std::int64_t requested_bytes,
                     std::int64_t block_bytes, Place place, Lane lane) {
  hold_what_did_not_return();
  if (!append(time_ns, RowKind::alloc, address, requested_bytes, block_bytes, place, lane)) return;
  live_[address] = rows_->size() - 1;
  totals_.requested_bytes += requested_bytes;
  totals_.allocated_bytes += block_bytes;
}

void EventLog::set_block_bytes(Row row, std::int64_t bytes) {
  totals_.allocated_bytes += bytes - at(row).block_bytes;
  (*rows_)[row].block_bytes = bytes;
}

bool EventLog::free(std::int64_t time_ns, std::uint64_t address) {
  hold_what_did_not_return();
  const auto found = live_.find(address);
  if (found == live_.end()) return false;
  const std::int64_t requested_bytes = at(found->second).requested_bytes;
  const std::int64_t block_bytes = at(found->second).block_bytes;
  const Lane lane{at(found->second).stream, at(found->second).pool};
  live_.erase(found);
  if (append(time_ns, RowKind::free, address, requested_bytes, block_bytes, {}, lane)) freed_ = rows_->size() - 1;
  totals_.requested_bytes -= requested_bytes;
  totals_.allocated_bytes -= block_bytes;
  return true;
}

void EventLog::returned(std::int64_t time_ns, std::uint64_t address) {
  if (freed_ && at(*freed_).address != address) hold_what_did_not_return();
  freed_.reset();
  if (held_.erase(address) > 0) append(time_ns, RowKind::returned, address, 0, 0);
}

void EventLog::hold_what_did_not_return() {
  if (!freed_) return;
  (*rows_)[*freed_].held = 1;
  held_.insert(at(*freed_).address);
  freed_.reset();
}

void EventLog::segment_alloc(std::int64_t time_ns, std::uint64_t address, std::int64_t bytes, Lane lane) {
  hold_what_did_not_return();
  if (!append(time_ns, RowKind::segment_alloc, address, 0, bytes, {}, lane)) return;
  segments_.emplace(address, Segment{bytes, lane});
  totals_.reserved_bytes += bytes;
}

void EventLog::segment_free(std::int64_t time_ns, std::uint64_t address, std::int64_t bytes) {
  hold_what_did_not_return();
  const std::uint64_t end = address + static_cast<std::uint64_t>(bytes);
  auto at = segments_.upper_bound(address);
  if (at != segments_.begin()) --at;
  while (at != segments_.end() && at->first < end) {
    const auto [begin, segment] = *at;
    const auto [size, lane] = segment;
    const std::uint64_t segment_end = begin + static_cast<std::uint64_t>(size);
    ++at;
    if (segment_end <= address) continue;
    append(time_ns, RowKind::segment_free, begin, 0, size, {}, lane);
    segments_.erase(begin);
    totals_.reserved_bytes -= size;
    if (begin < address) segment_alloc(time_ns, begin, static_cast<std::int64_t>(address - begin), lane);
    if (segment_end > end) segment_alloc(time_ns, end, static_cast<std::int64_t>(segment_end - end), lane);
  }
}

std::optional<EventLog::Row> EventLog::live_at(std::uint64_t address) const {
  const auto found = live_.find(address);
  if (found == live_.end()) return std::nullopt;
  return found->second;
}

std::optional<EventLog::Row> EventLog::live_containing(std::uint64_t address) const {
  if (auto row = live_at(address)) return row;
  for (const auto& [begin, row] : live_)
    if (begin < address && address < begin + static_cast<std::uint64_t>(at(row).block_bytes)) return row;
  return std::nullopt;
}

std::vector<EventLog::Row> EventLog::live_rows() const {
  std::vector<Row> rows;
  rows.reserve(live_.size());
  for (const auto& [address, row] : live_) rows.push_back(row);
  std::sort(rows.begin(), rows.end());
  return rows;
}

void EventLog::take(Recording& recording) const {
  Events& e = recording.events;
  HeldBlocks held(e);
  Phase phase = Phase::build;
  std::int32_t step = 0;
  for (std::size_t i = 0; i < rows_->size(); ++i) {
    const JournalRow& row = at(i);
    if (row.kind == RowKind::mark) {
      phase = static_cast<Phase>(row.phase);
      step = row.step;
      recording.marks.push_back({row.time_ns, static_cast<std::int64_t>(e.size()), phase, step});
      continue;
    }
    if (row.kind == RowKind::returned) {
      held.returned(row.address);
      continue;
    }
    if (row.kind == RowKind::free && row.held != 0) held.freed(row.address, e.size());
    e.time_ns.push_back(row.time_ns);
    e.action.push_back(static_cast<Action>(row.kind));
    e.address.push_back(row.address);
    e.requested_bytes.push_back(row.requested_bytes);
    e.block_bytes.push_back(row.block_bytes);
    e.layer.push_back(static_cast<LayerId>(row.layer));
    e.phase.push_back(phase);
    e.step.push_back(step);
    e.category.push_back(static_cast<Category>(row.category));
    e.op.push_back(static_cast<StringId>(row.op));
    e.tensor.push_back(static_cast<StringId>(row.tensor));
    e.stream.push_back(row.stream);
    e.pool.push_back(row.pool);
  }
  held.finish();
  e.held.resize(e.held.empty() ? 0 : e.size());
  drop_empty_columns(e);
}

}  // namespace headroom::profiler
