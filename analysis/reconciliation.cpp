#include "analysis/reconciliation.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "analysis/breakdown.h"
#include "analysis/driver_memory.h"
#include "analysis/fragmentation.h"
#include "analysis/sums.h"

namespace headroom {
namespace {

using Use = DeviceUseKind;

// What the allocator and the driver held at a sample.
struct Instant {
  DriverMemorySample sample;
  Fragmentation allocator;
  std::map<StringId, std::int64_t> outside;  // by caller
  std::int64_t outside_bytes = 0;
};

bool has_segments(const Events& events) {
  return std::ranges::find(events.action, Action::segment_alloc) != events.action.end();
}

// The last event that the sample speaks of. A segment is reserved for a block: what the driver says holds for it, too.
std::int64_t event_of(const DriverMemorySample& sample, const Events& events) {
  const auto next = std::clamp<std::int64_t>(sample.event, 0, static_cast<std::int64_t>(events.size()));
  const bool block_follows = sample.moment == SampleMoment::reserved && next > 0 &&
                             next < static_cast<std::int64_t>(events.size()) &&
                             events.action[next - 1] == Action::segment_alloc && events.action[next] == Action::alloc;
  return block_follows ? next : next - 1;
}

// An allocator without segments has reserved what is alive, and nothing more.
Fragmentation without_segments(const std::vector<Allocation>& allocations, std::int64_t event) {
  Fragmentation f{.event = event};
  for (const Allocation& a : allocations) {
    if (a.begin > event || (a.end != kNeverFreed && a.end <= event)) continue;
    add(f.reserved_bytes, a.block_bytes);
    add(f.requested_bytes, a.requested_bytes);
  }
  f.rounding_bytes = minus(f.reserved_bytes, f.requested_bytes);
  return f;
}

class Instants {
 public:
  Instants(const Recording& recording, const std::vector<Allocation>& allocations)
      : recording_(recording), allocations_(allocations), has_segments_(has_segments(recording.events)) {}

  // In the order of `samples`.
  std::vector<Instant> at(const std::vector<DriverMemorySample>& samples) const {
    std::vector<Instant> instants;
    for (const DriverMemorySample& sample : samples) {
      const std::int64_t event = event_of(sample, recording_.events);
      instants.push_back(
          {sample,
           has_segments_ ? fragmentation_after(recording_, allocations_, event) : without_segments(allocations_, event),
           {},
           0});
    }
    add_driver_memory(instants);
    return instants;
  }

 private:
  void add_driver_memory(std::vector<Instant>& instants) const {
    DriverMemoryWalk walk(recording_.activity.activities);
    std::vector<Instant*> waiting;
    for (Instant& instant : instants) waiting.push_back(&instant);
    std::ranges::stable_sort(waiting, {}, [](const Instant* i) { return i->sample.time_ns; });
    for (Instant* instant : waiting) {
      walk.advance_to(instant->sample.time_ns);
      add_outside(*instant, walk.live());
    }
  }

  // Segments by address; without any, the blocks themselves.
  std::unordered_map<std::uint64_t, std::int64_t> own_memory(const Instant& instant) const {
    std::unordered_map<std::uint64_t, std::int64_t> own;
    for (const SegmentView& segment : instant.allocator.segments) own.emplace(segment.address, segment.bytes);
    if (has_segments_) return own;
    for (const Allocation& a : allocations_)
      if (a.begin <= instant.allocator.event && (a.end == kNeverFreed || a.end > instant.allocator.event))
        own.emplace(a.address, a.block_bytes);
    return own;
  }

  void add_outside(Instant& instant, const std::vector<std::size_t>& live) const {
    const Activities& a = recording_.activity.activities;
    const auto own = own_memory(instant);
    std::int64_t expandable = has_segments_ ? instant.allocator.reserved_bytes : 0;  // that no allocation lies at
    std::vector<std::size_t> physical;
    for (const std::size_t row : live) {
      const MemoryKind kind = memory_kind_of(a, row);
      const bool on_device =
          kind == MemoryKind::device || kind == MemoryKind::array || kind == MemoryKind::device_static;
      const auto owned = own.find(a.address[row]);
      if (kind == MemoryKind::physical)
        physical.push_back(row);
      else if (on_device && owned != own.end())
        expandable -= std::min(expandable, owned->second);
      else if (on_device)
        count_outside(instant, a.name[row], a.bytes[row]);
    }
    for (const std::size_t row : physical) {
      const std::int64_t taken = std::clamp<std::int64_t>(a.bytes[row], 0, std::max<std::int64_t>(expandable, 0));
      expandable -= taken;
      if (taken < a.bytes[row]) count_outside(instant, a.name[row], a.bytes[row] - taken);
    }
  }

  static void count_outside(Instant& instant, StringId source, std::int64_t bytes) {
    add(instant.outside[source], bytes);
    add(instant.outside_bytes, bytes);
  }

  const Recording& recording_;
  const std::vector<Allocation>& allocations_;
  bool has_segments_;
};

// Used by neither the allocator nor anybody who asked the driver.
std::int64_t base_bytes(const Instant& instant) {
  return minus(minus(instant.sample.used_bytes, instant.allocator.reserved_bytes), instant.outside_bytes);
}

constexpr std::array kBoundaries{SampleMoment::before_context, SampleMoment::before_tracing, SampleMoment::traced};

// The use that grew between two boundaries; `from` is -1 for the beginning.
Use use_between(int from, int to) {
  constexpr Use kUses[3][3] = {{Use::others, Use::others_context, Use::others_context_tracing},
                               {Use::unknown, Use::context, Use::context_tracing},
                               {Use::unknown, Use::unknown, Use::tracing}};
  return kUses[from + 1][to];
}

// What was used at the start, told apart as far as the boundaries were sampled.
std::vector<DeviceUse> uses_at_start(const std::vector<const Instant*>& boundaries) {
  std::vector<DeviceUse> uses;
  std::int64_t before = 0;
  int from = -1;
  for (int to = 0; to < static_cast<int>(kBoundaries.size()); ++to) {
    if (boundaries[static_cast<std::size_t>(to)] == nullptr) continue;
    const std::int64_t now = base_bytes(*boundaries[static_cast<std::size_t>(to)]);
    uses.push_back({use_between(from, to), StringId::none, minus(now, before)});
    before = now;
    from = to;
  }
  return uses;
}

void add_outside_uses(std::vector<DeviceUse>& uses, const Instant& instant) {
  std::vector<DeviceUse> outside;
  for (const auto& [source, bytes] : instant.outside)
    if (bytes != 0) outside.push_back({Use::outside, source, bytes});
  std::ranges::stable_sort(outside, {}, [](const DeviceUse& u) { return -u.bytes; });
  uses.insert(uses.end(), outside.begin(), outside.end());
}

Reconciliation reconciled(const Instant& instant, std::vector<DeviceUse> uses) {
  const Fragmentation& f = instant.allocator;
  Reconciliation out{.event = f.event,
                     .time_ns = instant.sample.time_ns,
                     .used_bytes = instant.sample.used_bytes,
                     .total_bytes = instant.sample.total_bytes,
                     .reserved_bytes = f.reserved_bytes,
                     .uses = std::move(uses)};
  add_outside_uses(out.uses, instant);
  for (const auto& [kind, bytes] : {std::pair{Use::live, f.requested_bytes},
                                    {Use::rounding, f.rounding_bytes},
                                    {Use::held, f.held_bytes},
                                    {Use::cached, f.cached_bytes},
                                    {Use::fragmentation, f.fragmented_bytes}})
    if (kind != Use::held || bytes != 0) out.uses.push_back({kind, StringId::none, bytes});
  std::int64_t explained = 0;
  for (const DeviceUse& use : out.uses) add(explained, use.bytes);
  out.uses.push_back({Use::unknown, StringId::none, minus(out.used_bytes, explained)});
  return out;
}

// Reserved bytes once the events before each sample have happened, and the most there ever were.
struct ReservedBytes {
  std::vector<std::int64_t> at_samples;
  std::int64_t most = 0;
};

ReservedBytes reserved_at(const std::vector<DriverMemorySample>& samples, const Events& events) {
  std::vector<std::pair<std::int64_t, std::int64_t>> changes{{0, 0}};  // events that happened, bytes then
  ReservedBytes out;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Action action = events.action[i];
    if (action != Action::segment_alloc && action != Action::segment_free) continue;
    std::int64_t now = changes.back().second;
    add(now, action == Action::segment_alloc ? events.block_bytes[i] : minus(0, events.block_bytes[i]));
    changes.emplace_back(static_cast<std::int64_t>(i + 1), now);
    out.most = std::max(out.most, now);
  }
  for (const DriverMemorySample& sample : samples) {
    const auto after = std::ranges::upper_bound(changes, std::max<std::int64_t>(sample.event, 0), {},
                                                &std::pair<std::int64_t, std::int64_t>::first);
    out.at_samples.push_back(std::prev(after)->second);
  }
  return out;
}

// The sample with the most reserved bytes, the first of several: one just after a segment where there are any.
std::optional<std::size_t> sample_at_peak(const std::vector<DriverMemorySample>& samples,
                                          const ReservedBytes& reserved) {
  std::optional<std::size_t> best;
  const auto offer = [&](bool just_after_a_segment) {
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (samples[i].moment < SampleMoment::reserved) continue;
      if ((samples[i].moment == SampleMoment::reserved) != just_after_a_segment) continue;
      if (!best || reserved.at_samples[i] > reserved.at_samples[*best]) best = i;
    }
  };
  offer(true);
  if (!best) offer(false);
  return best;
}

std::optional<std::size_t> last_of(const std::vector<DriverMemorySample>& samples, SampleMoment moment) {
  for (std::size_t i = samples.size(); i-- > 0;)
    if (samples[i].moment == moment) return i;
  return std::nullopt;
}

}  // namespace

WholeGpu reconcile(const Recording& recording, const std::vector<Allocation>& allocations) {
  const auto& samples = recording.activity.samples;
  WholeGpu out;
  out.modelled = recording.environment.device_kind == DeviceKind::virtual_cuda;
  if (samples.empty()) return out;
  const ReservedBytes reserved = reserved_at(samples, recording.events);
  std::vector<std::optional<std::size_t>> wanted;  // the boundaries, the peak, the end
  for (const SampleMoment moment : kBoundaries) wanted.push_back(last_of(samples, moment));
  wanted.push_back(sample_at_peak(samples, reserved));
  wanted.push_back(last_of(samples, SampleMoment::end));

  std::vector<DriverMemorySample> chosen;
  for (const auto& index : wanted)
    if (index) chosen.push_back(samples[*index]);
  const std::vector<Instant> instants = Instants(recording, allocations).at(chosen);
  std::vector<const Instant*> found;
  for (std::size_t i = 0, next = 0; i < wanted.size(); ++i) found.push_back(wanted[i] ? &instants[next++] : nullptr);

  const std::vector<DeviceUse> start = uses_at_start({found.begin(), found.begin() + kBoundaries.size()});
  if (found[3] != nullptr) out.peak = reconciled(*found[3], start);
  if (found[4] != nullptr) out.end = reconciled(*found[4], start);
  out.peak_is_exact = wanted[3] && reserved.at_samples[*wanted[3]] == reserved.most;
  return out;
}

}  // namespace headroom
