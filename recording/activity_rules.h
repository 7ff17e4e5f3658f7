// What the columns of an activity may hold, by its kind: the table in device_activity.h as a program has it.
#pragma once

#include <cstdint>
#include <limits>

#include "recording/device_activity.h"

namespace headroom {

// All bytes of activities, and all DRAM traffic, stay below this, so that no sum can overflow; likewise times.
inline constexpr std::int64_t kMaxActivityBytes = std::int64_t{1} << 61;
inline constexpr std::int64_t kMaxActivityTime = std::int64_t{1} << 61;

struct ActivityRules {
  ActivityKind kind;
  TraceLevel level;           // at which it is traced
  bool is_launched;           // work of the device: a virtual one never does it, so it has no duration there
  bool has_bytes, has_address;
  std::uint32_t last_detail;  // of kernels: by the table of shapes
};

inline constexpr std::uint32_t kAnyDetail = std::numeric_limits<std::uint32_t>::max();

inline constexpr ActivityRules kActivityRules[] = {
    {ActivityKind::kernel, TraceLevel::full, true, false, false, kAnyDetail},
    {ActivityKind::copy, TraceLevel::full, true, true, false, kCopyKindNames.size() - 1},
    {ActivityKind::set, TraceLevel::full, true, true, false, kAnyDetail},
    {ActivityKind::memory, TraceLevel::memory, false, true, true, kMemoryKindNames.size() * 2 - 1},
    {ActivityKind::pool, TraceLevel::memory, false, true, true, static_cast<std::uint32_t>(PoolOperation::trimmed)},
    {ActivityKind::call, TraceLevel::memory, false, false, false, kAnyDetail},
    {ActivityKind::synchronization, TraceLevel::full, false, false, false, 0},
    {ActivityKind::overhead, TraceLevel::full, false, false, false, 0},
    {ActivityKind::graph, TraceLevel::full, true, false, false, kAnyDetail}};

constexpr const ActivityRules& rules_of(ActivityKind kind) { return kActivityRules[static_cast<std::size_t>(kind)]; }

}  // namespace headroom
