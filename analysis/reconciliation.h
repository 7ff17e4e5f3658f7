// The whole GPU: what the driver says is used, told apart. Pure; linear in events and activities.
//
// For each instant the uses sum to used_bytes, to the byte: `unknown` is what is left, and may be negative. What is not
// known is not among the uses, and never 0: its bytes are then in the use that names it together with others, or in
// `unknown`. What a use is, and what it rests on:
//
//   others        used before this process had a context (sample before_context)
//   context       more by before_tracing: the CUDA context, its modules, and all that was taken before tracing began
//   tracing       more by traced: what CUPTI itself took
//   others_context, context_tracing, others_context_tracing: these together, where the sample between them is missing
//   outside       live memory that the driver was asked for by others than PyTorch's allocator, by caller, as asked for
//   live          what was requested of the allocator, in blocks in use
//   rounding      the rest of these blocks
//   held          blocks that are free, but that other streams may still use
//   cached        free in segments without a block in use: torch.cuda.empty_cache() gives it back
//   fragmentation free in segments that a block in use pins (analysis/fragmentation.h)
//   unknown       the rest: the driver rounds to pages, kernels need local memory, modules are loaded late, other
//   processes
//                 come. Negative: others gave back memory that was in use at the start
//
// The allocator's memory is told from others' by address: it is what lies at its segments. Physical memory of
// cuMemCreate, which has no address, is the allocator's up to the bytes of its expandable segments. Host and managed
// memory is no part.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "recording/recording.h"

namespace headroom {

struct Allocation;  // analysis/breakdown.h

enum class DeviceUseKind : std::uint8_t {
  others,
  context,
  tracing,
  others_context,
  context_tracing,
  others_context_tracing,
  outside,
  live,
  rounding,
  held,
  cached,
  fragmentation,
  unknown
};

inline constexpr std::array kDeviceUseNames{
    Named<DeviceUseKind>{DeviceUseKind::others, "others"},
    Named<DeviceUseKind>{DeviceUseKind::context, "context"},
    Named<DeviceUseKind>{DeviceUseKind::tracing, "tracing"},
    Named<DeviceUseKind>{DeviceUseKind::others_context, "others_context"},
    Named<DeviceUseKind>{DeviceUseKind::context_tracing, "context_tracing"},
    Named<DeviceUseKind>{DeviceUseKind::others_context_tracing, "others_context_tracing"},
    Named<DeviceUseKind>{DeviceUseKind::outside, "outside"},
    Named<DeviceUseKind>{DeviceUseKind::live, "live"},
    Named<DeviceUseKind>{DeviceUseKind::rounding, "rounding"},
    Named<DeviceUseKind>{DeviceUseKind::held, "held"},
    Named<DeviceUseKind>{DeviceUseKind::cached, "cached"},
    Named<DeviceUseKind>{DeviceUseKind::fragmentation, "fragmentation"},
    Named<DeviceUseKind>{DeviceUseKind::unknown, "unknown"}};

struct DeviceUse {
  DeviceUseKind kind{};
  StringId source{};  // of `outside`: path of the shared object that asked; none: not known
  std::int64_t bytes = 0;

  bool operator==(const DeviceUse&) const = default;
};

struct Reconciliation {
  std::int64_t event = -1;  // the allocator's last event before it; just after a segment, that of the block it is for
  std::int64_t time_ns = 0;
  std::int64_t used_bytes = 0, total_bytes = 0;  // as the driver says
  std::int64_t reserved_bytes = 0;  // of PyTorch's allocator then: live + rounding + held + cached + fragmentation
  std::vector<DeviceUse> uses;      // in the order of the kinds; outside by most bytes
};

struct WholeGpu {
  bool modelled = false;               // a virtual device: what the driver says is the virtual GPU's own account
  std::optional<Reconciliation> peak;  // just after the most bytes were reserved, as far as the driver was asked then
  std::optional<Reconciliation> end;
  bool peak_is_exact = false;  // `peak` is of the instant of the most reserved bytes, not merely near it
};

// `allocations` are those of the recording (resolve_allocations). Both instants are empty where the driver was never
// asked.
WholeGpu reconcile(const Recording& recording, const std::vector<Allocation>& allocations);

}  // namespace headroom
