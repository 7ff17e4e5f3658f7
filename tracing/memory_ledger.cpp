#include "tracing/memory_ledger.h"

#include <algorithm>
#include <iterator>

namespace headroom::tracing {
namespace {

using Action = AllocationCall::Action;

constexpr std::uint64_t kAnyAddress =
    ~std::uint64_t{0};  // a record of physical memory may tell another than its handle

std::uint64_t key(std::uint32_t correlation, MemoryOperation operation) {
  return std::uint64_t{correlation} << 1 | static_cast<std::uint64_t>(operation);
}

std::uint32_t detail(MemoryKind kind, MemoryOperation operation) {
  return static_cast<std::uint32_t>(kind) * 2 + static_cast<std::uint32_t>(operation);
}

MemoryOperation operation_of(const TraceRow& row) { return static_cast<MemoryOperation>(row.detail & 1); }

bool was_told(RecentMap<std::uint64_t, std::uint64_t>& told, std::uint32_t correlation, MemoryOperation operation,
              std::uint64_t address) {
  const auto* known = correlation == 0 ? nullptr : told.find(key(correlation, operation));
  return known && (*known == address || *known == kAnyAddress);
}

TraceRow row_of(const MemoryRecord& record) {
  TraceRow row{
      .kind = ActivityKind::memory, .device = record.device, .start_ns = record.time_ns, .end_ns = record.time_ns};
  row.name = record.source;
  row.detail = detail(record.kind, record.operation);
  row.bytes = static_cast<std::int64_t>(record.bytes);
  row.address = record.address;
  row.stream = record.asynchronous ? record.stream : kNoStream;
  row.correlation = record.correlation;
  return row;
}

}  // namespace

void MemoryLedger::add(std::vector<AllocationCall> calls, const std::vector<MemoryRecord>& records,
                       std::uint64_t horizon) {
  std::sort(calls.begin(), calls.end(), [](const auto& a, const auto& b) { return a.order < b.order; });
  for (const auto& call : calls) add_call(call, horizon);
  for (const auto& record : records) records_.push_back({record, horizon});
}

void MemoryLedger::add_call(const AllocationCall& call, std::uint64_t horizon) {
  switch (call.action) {
    case Action::allocate:
      live_[call.address].push_back({call.order, call.bytes, call.kind});
      return add_row(call, MemoryOperation::allocate, call.address, call.bytes, horizon);
    case Action::release: {
      AllocationCall release = call;
      const Live live = take_live(call);
      if (live.order != 0) release.kind = live.kind;
      return add_row(release, MemoryOperation::release, call.address, live.bytes, horizon);
    }
    case Action::create:
      physical_[call.handle] = {.bytes = call.bytes, .device = call.device, .references = 1};
      return add_row(call, MemoryOperation::allocate, call.handle, call.bytes, horizon);
    case Action::retain:
      if (const auto found = physical_.find(call.handle); found != physical_.end()) ++found->second.references;
      return;
    case Action::release_handle:
      if (const auto found = physical_.find(call.handle); found != physical_.end()) --found->second.references;
      return give_back(call, call.handle, horizon);
    case Action::map:
      if (const auto found = physical_.find(call.handle); found != physical_.end()) ++found->second.mappings;
      mappings_[call.address] = {call.address + call.bytes, call.handle};
      return;
    case Action::unmap:
      return unmap(call, horizon);
  }
}

// The allocation that a release ends: the last one at its address that had ended when the release began.
MemoryLedger::Live MemoryLedger::take_live(const AllocationCall& call) {
  const auto found = live_.find(call.address);
  if (found == live_.end()) return {};
  auto& there = found->second;
  const auto after =
      std::find_if(there.begin(), there.end(), [&](const Live& live) { return live.order > call.order; });
  if (after == there.begin()) return {};
  const Live live = *std::prev(after);
  there.erase(std::prev(after));
  if (there.empty()) live_.erase(found);
  return live;
}

void MemoryLedger::unmap(const AllocationCall& call, std::uint64_t horizon) {
  auto at = mappings_.lower_bound(call.address);
  while (at != mappings_.end() && at->first < call.address + call.bytes) {
    const std::uint64_t handle = at->second.handle;
    at = mappings_.erase(at);
    if (const auto found = physical_.find(handle); found != physical_.end()) --found->second.mappings;
    give_back(call, handle, horizon);
  }
}

void MemoryLedger::give_back(const AllocationCall& call, std::uint64_t handle, std::uint64_t horizon) {
  const auto found = physical_.find(handle);
  if (found == physical_.end() || found->second.references > 0 || found->second.mappings > 0) return;
  AllocationCall release = call;
  release.kind = MemoryKind::physical;
  release.device = found->second.device;
  add_row(release, MemoryOperation::release, handle, found->second.bytes, horizon);
  physical_.erase(found);
}

void MemoryLedger::add_row(const AllocationCall& call, MemoryOperation operation, std::uint64_t address,
                           std::uint64_t bytes, std::uint64_t horizon) {
  Pending pending{.cuda_context = call.cuda_context,
                  .device_known = call.device >= 0,
                  .physical = call.kind == MemoryKind::physical};
  pending.horizon = horizon;
  TraceRow& row = pending.row;
  row.kind = ActivityKind::memory;
  row.device = std::max(0, call.device);
  row.start_ns = row.end_ns = call.time_ns;
  row.detail = detail(call.kind, operation);
  row.bytes = static_cast<std::int64_t>(bytes);
  row.address = address;
  row.stream = call.asynchronous ? 0 : kNoStream;
  row.correlation = call.correlation;
  row.context = call.context;
  pending_.push_back(pending);
}

// Whether the record is of a call's row that waits.
bool MemoryLedger::merge(const MemoryRecord& record, const Waiting& waiting) {
  const auto [first, last] = waiting.equal_range(key(record.correlation, record.operation));
  const auto found = std::find_if(first, last, [&](const auto& entry) {
    return entry.second->physical || entry.second->row.address == record.address;
  });
  if (record.correlation == 0 || found == last) return false;
  TraceRow& row = found->second->row;
  if (row.bytes == 0) row.bytes = static_cast<std::int64_t>(record.bytes);  // taken before tracing began
  if (row.bytes != static_cast<std::int64_t>(record.bytes)) ++disagreements_;
  row.name = record.source;
  row.device = record.device;
  if (record.asynchronous) row.stream = record.stream;
  found->second->matched = true;
  return true;
}

std::vector<TraceRow> MemoryLedger::settle(const std::function<bool(std::uint64_t)>& returned,
                                           const std::function<int(std::uint32_t)>& device_of, bool last) {
  std::vector<TraceRow> rows;
  Waiting waiting;
  for (auto& pending : pending_) waiting.emplace(key(pending.row.correlation, operation_of(pending.row)), &pending);
  const auto ripe = [&](auto& entry) { return last || (entry.drains++ > 0 && returned(entry.horizon)); };
  std::erase_if(records_, [&](PendingRecord& entry) {
    const MemoryRecord& record = entry.record;
    if (merge(record, waiting) || was_told(told_by_call_, record.correlation, record.operation, record.address))
      return true;
    if (!ripe(entry)) return false;
    if (record.correlation != 0) told_by_record_[key(record.correlation, record.operation)] = record.address;
    rows.push_back(row_of(record));
    return true;
  });
  std::erase_if(pending_, [&](Pending& entry) {
    TraceRow& row = entry.row;
    const MemoryOperation operation = operation_of(row);
    if (was_told(told_by_record_, row.correlation, operation, row.address)) return true;
    if (!entry.matched && !ripe(entry)) return false;
    if (!entry.device_known && !entry.matched) row.device = std::max(0, device_of(entry.cuda_context));
    if (row.correlation != 0)
      told_by_call_[key(row.correlation, operation)] = entry.physical ? kAnyAddress : row.address;
    rows.push_back(row);
    return true;
  });
  return rows;
}

}  // namespace headroom::tracing
