#include "profiler/event_log.h"

#include <algorithm>

namespace headroom::profiler {

StringId StringTable::intern(std::string_view text) {
  auto [at, inserted] = ids_.try_emplace(std::string(text), static_cast<StringId>(texts_.size()));
  if (inserted) texts_.emplace_back(text);
  return at->second;
}

void EventLog::begin_phase(std::int64_t time_ns, Phase phase, std::int32_t step) {
  phase_ = phase;
  step_ = step;
  marks_.push_back({time_ns, static_cast<std::int64_t>(events_.size()), phase, step});
}

EventLog::Row EventLog::append(std::int64_t time_ns, Action action, std::uint64_t address, std::int64_t requested_bytes,
                               std::int64_t block_bytes, Place place) {
  events_.time_ns.push_back(time_ns);
  events_.action.push_back(action);
  events_.address.push_back(address);
  events_.requested_bytes.push_back(requested_bytes);
  events_.block_bytes.push_back(block_bytes);
  events_.layer.push_back(place.layer);
  events_.phase.push_back(phase_);
  events_.step.push_back(step_);
  events_.category.push_back(Category::unresolved);
  events_.op.push_back(place.op);
  events_.tensor.push_back(StringId::none);
  return events_.size() - 1;
}

EventLog::Row EventLog::alloc(std::int64_t time_ns, std::uint64_t address, std::int64_t requested_bytes,
                              std::int64_t block_bytes, Place place) {
  const Row row = append(time_ns, Action::alloc, address, requested_bytes, 0, place);
  live_[address] = row;
  totals_.requested_bytes += requested_bytes;
  peaks_.requested_bytes = std::max(peaks_.requested_bytes, totals_.requested_bytes);
  set_block_bytes(row, block_bytes);
  return row;
}

void EventLog::set_block_bytes(Row row, std::int64_t bytes) {
  totals_.allocated_bytes += bytes - events_.block_bytes[row];
  peaks_.allocated_bytes = std::max(peaks_.allocated_bytes, totals_.allocated_bytes);
  events_.block_bytes[row] = bytes;
}

bool EventLog::free(std::int64_t time_ns, std::uint64_t address) {
  const auto at = live_.find(address);
  if (at == live_.end()) return false;
  const std::int64_t requested_bytes = events_.requested_bytes[at->second];
  const std::int64_t block_bytes = events_.block_bytes[at->second];
  append(time_ns, Action::free, address, requested_bytes, block_bytes, {});
  live_.erase(at);
  totals_.requested_bytes -= requested_bytes;
  totals_.allocated_bytes -= block_bytes;
  return true;
}

void EventLog::segment_alloc(std::int64_t time_ns, std::uint64_t address, std::int64_t bytes) {
  append(time_ns, Action::segment_alloc, address, 0, bytes, {});
  segments_.emplace(address, bytes);
  totals_.reserved_bytes += bytes;
  peaks_.reserved_bytes = std::max(peaks_.reserved_bytes, totals_.reserved_bytes);
}

void EventLog::segment_free(std::int64_t time_ns, std::uint64_t address, std::int64_t bytes) {
  const std::uint64_t end = address + static_cast<std::uint64_t>(bytes);
  auto at = segments_.upper_bound(address);
  if (at != segments_.begin()) --at;
  while (at != segments_.end() && at->first < end) {
    const auto [begin, size] = *at;
    const std::uint64_t segment_end = begin + static_cast<std::uint64_t>(size);
    ++at;
    if (segment_end <= address) continue;
    append(time_ns, Action::segment_free, begin, 0, size, {});
    segments_.erase(begin);
    totals_.reserved_bytes -= size;
    if (begin < address) segment_alloc(time_ns, begin, static_cast<std::int64_t>(address - begin));
    if (segment_end > end) segment_alloc(time_ns, end, static_cast<std::int64_t>(segment_end - end));
  }
}

std::optional<EventLog::Row> EventLog::live_at(std::uint64_t address) const {
  const auto at = live_.find(address);
  if (at == live_.end()) return std::nullopt;
  return at->second;
}

std::optional<EventLog::Row> EventLog::live_containing(std::uint64_t address) const {
  if (auto row = live_at(address)) return row;
  for (const auto& [begin, row] : live_)
    if (begin < address && address < begin + static_cast<std::uint64_t>(events_.block_bytes[row])) return row;
  return std::nullopt;
}

std::vector<EventLog::Row> EventLog::live_rows() const {
  std::vector<Row> rows;
  rows.reserve(live_.size());
  for (const auto& [address, row] : live_) rows.push_back(row);
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace headroom::profiler
