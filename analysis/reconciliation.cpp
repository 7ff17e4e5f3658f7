#include "analysis/reconciliation.h"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "analysis/breakdown.h"
#include "analysis/driver_memory.h"
#include "analysis/sums.h"

namespace headroom {
namespace {

using Use = DeviceUseKind;

struct Segment {
  std::int64_t bytes = 0, in_use = 0;
};
using Segments = std::map<std::uint64_t, Segment>;

// What the allocator and the driver held at a sample.
struct Instant {
  DriverMemorySample sample;
  Segments segments;
  std::int64_t reserved = 0, requested = 0, blocks = 0;
  std::map<StringId, std::int64_t> outside;
  std::int64_t outside_bytes = 0;
  std::vector<std::pair<std::uint64_t, std::int64_t>> live;  // address and bytes of blocks
};

void change_segments(Segments& segments, const Events& events, std::size_t event) {
  if (events.action[event] == Action::segment_alloc) segments[events.address[event]] = {events.block_bytes[event], 0};
  if (events.action[event] == Action::segment_free) segments.erase(events.address[event]);
}

// Gives each segment the bytes of the blocks that lie in it; a block may span pieces of an expandable segment.
void place(Segments& segments, std::uint64_t address, std::int64_t bytes) {
  const std::uint64_t end = address + static_cast<std::uint64_t>(bytes);
  auto at = segments.upper_bound(address);
  if (at != segments.begin()) --at;
  for (; at != segments.end() && at->first < end; ++at) {
    const std::uint64_t segment_end = at->first + static_cast<std::uint64_t>(at->second.bytes);
    const std::uint64_t from = std::max(address, at->first), to = std::min(end, segment_end);
    if (from < to) add(at->second.in_use, static_cast<std::int64_t>(to - from));
  }
}

class Instants {
 public:
  Instants(const Recording& recording, const std::vector<Allocation>& allocations)
      : recording_(recording), allocations_(allocations) {
    const auto& actions = recording.events.action;
    has_segments_ = std::ranges::find(actions, Action::segment_alloc) != actions.end();
  }

  std::vector<Instant> at(const std::vector<DriverMemorySample>& samples) const {
    std::vector<Instant> instants;
    for (const DriverMemorySample& sample : samples) instants.emplace_back().sample = sample;
    add_blocks(instants);
    add_segments(instants);
    add_driver_memory(instants);
    return instants;
  }

 private:
  void add_blocks(std::vector<Instant>& instants) const {
    for (const Allocation& a : allocations_)
      for (Instant& instant : instants) {
        const std::int64_t event = instant.sample.event;
        if (a.begin >= event || (a.end != kNeverFreed && a.end < event)) continue;
        add(instant.requested, a.requested_bytes);
        add(instant.blocks, a.block_bytes);
        instant.live.emplace_back(a.address, a.block_bytes);
      }
  }

  void add_segments(std::vector<Instant>& instants) const {
    const Events& events = recording_.events;
    std::vector<Instant*> waiting;
    for (Instant& instant : instants) waiting.push_back(&instant);
    std::ranges::stable_sort(waiting, {}, [](const Instant* i) { return i->sample.event; });
    Segments segments;
    std::size_t event = 0;
    for (Instant* instant : waiting) {
      for (; event < events.size() && static_cast<std::int64_t>(event) < instant->sample.event; ++event)
        change_segments(segments, events, event);
      instant->segments = segments;
      for (const auto& [address, segment] : segments) add(instant->reserved, segment.bytes);
      if (!has_segments_) instant->reserved = instant->blocks;
      for (const auto& [address, bytes] : instant->live) place(instant->segments, address, bytes);
    }
  }

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

  void add_outside(Instant& instant, const std::vector<std::size_t>& live) const {
    const Activities& a = recording_.activity.activities;
    std::unordered_set<std::uint64_t> blocks;
    for (const auto& [address, bytes] : instant.live) blocks.insert(address);
    std::int64_t expandable = has_segments_ ? instant.reserved : 0;  // reserved bytes that no allocation lies at
    std::vector<std::size_t> physical;
    for (const std::size_t row : live) {
      const MemoryKind kind = memory_kind_of(a, row);
      const bool on_device =
          kind == MemoryKind::device || kind == MemoryKind::array || kind == MemoryKind::device_static;
      const auto segment = instant.segments.find(a.address[row]);
      if (kind == MemoryKind::physical)
        physical.push_back(row);
      else if (on_device && segment != instant.segments.end())
        expandable -= std::min(expandable, segment->second.bytes);
      else if (on_device && !(is_pooled(a, row) && blocks.contains(a.address[row])))
        count_outside(instant, a.name[row], a.bytes[row]);
    }
    for (const std::size_t row : physical) {
      const std::int64_t own = std::clamp<std::int64_t>(a.bytes[row], 0, expandable);
      expandable -= own;
      if (own < a.bytes[row]) count_outside(instant, a.name[row], a.bytes[row] - own);
    }
  }

  static void count_outside(Instant& instant, StringId source, std::int64_t bytes) {
    add(instant.outside[source], bytes);
    add(instant.outside_bytes, bytes);
  }

  const Recording& recording_;
  const std::vector<Allocation>& allocations_;
  bool has_segments_ = false;
};

// Used by neither the allocator nor anybody who asked the driver.
std::int64_t base_bytes(const Instant& instant) {
  return minus(minus(instant.sample.used_bytes, instant.reserved), instant.outside_bytes);
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
  Reconciliation out{.event = instant.sample.event,
                     .time_ns = instant.sample.time_ns,
                     .used_bytes = instant.sample.used_bytes,
                     .total_bytes = instant.sample.total_bytes,
                     .reserved_bytes = instant.reserved,
                     .uses = std::move(uses)};
  std::int64_t cached = 0, explained = 0;
  for (const auto& [address, segment] : instant.segments)
    if (segment.in_use == 0) add(cached, segment.bytes);
  const std::int64_t fragmented = minus(minus(instant.reserved, instant.blocks), cached);
  add_outside_uses(out.uses, instant);
  out.uses.push_back({Use::live, StringId::none, instant.requested});
  out.uses.push_back({Use::rounding, StringId::none, minus(instant.blocks, instant.requested)});
  out.uses.push_back({Use::cached, StringId::none, cached});
  out.uses.push_back({Use::fragmentation, StringId::none, fragmented});
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
