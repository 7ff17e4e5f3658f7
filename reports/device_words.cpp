#include "reports/device_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "reports/summary.h"

namespace headroom {
namespace {

struct LostWords {
  std::int64_t LostRecords::*count;
  const char* one;
  const char* many;  // {}: the count
  bool serious;
};

constexpr std::array kLostWords{
    LostWords{&LostRecords::dropped_count, "1 record of the driver's activity was lost: what it saw is a lower bound.",
              "{} records of the driver's activity were lost: what it saw is a lower bound.", true},
    LostWords{&LostRecords::damaged_count,
              "1 buffer of records could not be read to its end: what the driver saw is a lower bound.",
              "{} buffers of records could not be read to their end: what the driver saw is a lower bound.", true},
    LostWords{&LostRecords::unreturned_count,
              "1 buffer of records never came back from CUPTI: what the driver saw is a lower bound.",
              "{} buffers of records never came back from CUPTI: what the driver saw is a lower bound.", true},
    LostWords{&LostRecords::untimed_count, "1 kernel, copy or set has no time: sums of times are too low.",
              "{} kernels, copies and sets have no time: sums of times are too low.", true},
    LostWords{&LostRecords::unmatched_count, "1 release or allocation of the driver's memory has no counterpart.",
              "{} releases and allocations of the driver's memory have no counterpart.", false},
    LostWords{&LostRecords::outside_count,
              "1 record lies before the recording's start or after its end and is left out.",
              "{} records lie before the recording's start or after its end and are left out.", false},
    LostWords{&LostRecords::unknown_count, "1 record is of a kind that was not asked for and is left out.",
              "{} records are of kinds that were not asked for and are left out.", false}};

}  // namespace

std::string library_name(const Breakdown& run, StringId source) {
  const std::string path = text_of(run, source);
  return path.empty() ? "unknown caller" : path.substr(path.find_last_of('/') + 1);
}

std::string title_of(const Breakdown& run, const DeviceUse& use) {
  if (use.kind == DeviceUseKind::outside) return library_name(run, use.source);
  return std::string(kDeviceUseStyles[static_cast<std::size_t>(use.kind)].title);
}

std::vector<TraceRemark> trace_remarks(const DeviceWork& device) {
  std::vector<TraceRemark> remarks;
  for (const std::string& problem : device.problems) remarks.push_back({problem, true});
  for (const LostWords& words : kLostWords)
    if (const std::int64_t count = device.lost.*words.count; count != 0)
      remarks.push_back(
          {count == 1 ? words.one : fmt::format(fmt::runtime(words.many), format_count(count)), words.serious});
  return remarks;
}

std::string origin_of(const Breakdown& run) {
  std::string out = run.device.tracer.empty() ? "no tracer" : run.device.tracer;
  if (run.device.level == TraceLevel::memory) out += "; memory only, no kernels";
  if (!run.device.timed && run.device.level == TraceLevel::full) out += "; not executed: no times";
  return out;
}

const LaunchShape* usual_shape(const DeviceWork& device, const KernelRow& kernel) {
  std::map<std::uint32_t, std::int64_t> counts;
  for (const KernelUse& use : kernel.uses) counts[use.shape] += use.count;
  const auto most = std::ranges::max_element(counts, {}, [](const auto& item) { return item.second; });
  return most == counts.end() || most->first >= device.shapes.size() ? nullptr : &device.shapes[most->first];
}

std::size_t shape_count(const KernelRow& kernel) {
  std::vector<std::uint32_t> shapes;
  for (const KernelUse& use : kernel.uses) shapes.push_back(use.shape);
  std::ranges::sort(shapes);
  return static_cast<std::size_t>(std::unique(shapes.begin(), shapes.end()) - shapes.begin());
}

std::string extents(const std::array<std::uint32_t, 3>& extents) {
  std::string out = std::to_string(extents[0]);
  if (extents[1] != 1 || extents[2] != 1) out += fmt::format(" × {}", extents[1]);
  return extents[2] == 1 ? out : out + fmt::format(" × {}", extents[2]);
}

std::string duration_text(std::int64_t ns) {
  const auto value = static_cast<double>(ns);
  if (ns < 1'000) return fmt::format("{} ns", ns);
  if (ns < 1'000'000) return fmt::format("{:.1f} µs", value / 1e3);
  if (ns < 1'000'000'000) return fmt::format("{:.2f} ms", value / 1e6);
  return fmt::format("{:.3f} s", value / 1e9);
}

std::string_view copy_title(CopyKind kind) {
  constexpr std::array<std::string_view, kCopyKindNames.size()> kTitles{
      "of another kind", "host to device", "device to host", "device to device", "host to host", "peer to peer"};
  return kTitles[static_cast<std::size_t>(kind)];
}

std::int64_t copied_bytes(const Work& work) {
  std::int64_t bytes = 0;
  for (const Amount& amount : work.copied) bytes += amount.bytes;
  return bytes;
}

std::int64_t taken_bytes(const Work& work) {
  std::int64_t bytes = 0;
  for (const Amount& amount : work.taken) bytes += amount.bytes;
  return bytes;
}

}  // namespace headroom
