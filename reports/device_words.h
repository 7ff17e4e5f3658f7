// How what the driver saw is called: one table each, so that terminal, JSON and page agree on names and order.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/breakdown.h"

namespace headroom {

struct DeviceUseStyle {
  DeviceUseKind kind{};
  std::string_view title;
  std::string_view meaning;  // one sentence for a tooltip
};

// In the order of DeviceUseKind, which is the order of every stack and table.
inline constexpr std::array<DeviceUseStyle, kDeviceUseNames.size()> kDeviceUseStyles{{
    {DeviceUseKind::others, "others, before",
     "What was in use before this process had a context: other processes, the display."},
    {DeviceUseKind::context, "CUDA context", "The context, its modules, and whatever was taken before tracing began."},
    {DeviceUseKind::tracing, "CUPTI's own", "What tracing itself took of the device."},
    {DeviceUseKind::others_context, "others and CUDA context", "Both together: the driver was not asked between them."},
    {DeviceUseKind::context_tracing, "CUDA context and CUPTI", "Both together: the driver was not asked between them."},
    {DeviceUseKind::others_context_tracing, "others, CUDA context and CUPTI",
     "All three together: the driver was not asked between them."},
    {DeviceUseKind::outside, "outside the allocator",
     "Taken from the driver by others than PyTorch's allocator, as asked for."},
    {DeviceUseKind::live, "allocator: live", "Blocks of PyTorch's allocator in use, as requested."},
    {DeviceUseKind::rounding, "allocator: rounding", "What those blocks hold beyond what was requested."},
    {DeviceUseKind::held, "allocator: held", "Freed blocks that other streams may still use."},
    {DeviceUseKind::cached, "allocator: cached",
     "Free in segments without a live block: torch.cuda.empty_cache() gives it back."},
    {DeviceUseKind::fragmentation, "allocator: pinned", "Free in segments that a live block keeps: fragmentation."},
    {DeviceUseKind::unknown, "unexplained",
     "What the driver counts and nothing above explains: pages, kernels' local memory, late modules, processes that "
     "came. Negative: others gave memory back."},
}};

// "libcublasLt.so.13" for a use outside the allocator, "unknown caller" where nobody knows; else the kind's title.
std::string title_of(const Breakdown& run, const DeviceUse& use);

// The file's name of a shared object's path.
std::string library_name(const Breakdown& run, StringId source);

// What was lost or could not be traced, in plain sentences. `serious`: numbers are too low because of it.
struct TraceRemark {
  std::string text;
  bool serious = false;
};
std::vector<TraceRemark> trace_remarks(const DeviceWork& device);

// "CUPTI 13.0 (130001)"; what else may be said of where the activities are from.
std::string origin_of(const Breakdown& run);

// The shape that a kernel was launched with most often, of several the first; nullptr where none is known.
const LaunchShape* usual_shape(const DeviceWork& device, const KernelRow& kernel);
std::size_t shape_count(const KernelRow& kernel);

std::string extents(const std::array<std::uint32_t, 3>& extents);  // "12 × 8"; trailing ones left out
std::string duration_text(std::int64_t ns);                        // "12.3 µs"

// Of all kinds together.
std::int64_t copied_bytes(const Work& work);
std::int64_t taken_bytes(const Work& work);

std::string_view copy_title(CopyKind kind);  // "host to device"

}  // namespace headroom
