#include "recording/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>

#include "recording/problems.h"
#include "recording/verify_activity.h"

namespace headroom {
namespace {

void check_columns(const Events& e, Problems& problems) {
  const auto check = [&](const char* name, std::size_t size) {
    if (size != e.size()) problems.add("columns", "column '{}' has {} rows, 'action' has {}", name, size, e.size());
  };
  check("time_ns", e.time_ns.size());
  check("address", e.address.size());
  check("requested_bytes", e.requested_bytes.size());
  check("block_bytes", e.block_bytes.size());
  check("layer", e.layer.size());
  check("phase", e.phase.size());
  check("step", e.step.size());
  check("category", e.category.size());
  check("op", e.op.size());
  check("tensor", e.tensor.size());
  if (!e.source.empty()) check("source", e.source.size());
  if (!e.stream.empty()) check("stream", e.stream.size());
  if (!e.pool.empty()) check("pool", e.pool.size());
  if (!e.held.empty()) check("held", e.held.size());
}

void check_layers(const std::vector<Layer>& layers, Problems& problems) {
  std::set<std::string_view> paths;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    if (number(layer.id) != number(i)) problems.add("layers", "layer {} has the id {}", i, number(layer.id));
    if (i > 0 && number(layer.parent) >= number(i))
      problems.add("layers", "layer {} comes before its parent {}", i, number(layer.parent));
    if (!paths.insert(layer.path).second) problems.add("layers", "two layers have the path '{}'", layer.path);
  }
  if (layers.empty()) return;
  if (layers[0].path != "model") problems.add("layers", "the root's path is '{}', expected 'model'", layers[0].path);
  if (layers[0].parent != LayerId::root) problems.add("layers", "the root's parent is {}", number(layers[0].parent));
}

void check_ids(const Recording& r, Problems& problems) {
  const Events& e = r.events;
  const auto check = [&](std::size_t i, const char* what, std::int64_t value, std::size_t count) {
    if (value < 0 || value >= number(count))
      problems.add("ids", "event {}: {} is {}, expected less than {}", i, what, value, count);
  };
  if (r.strings.empty() || !r.strings[0].empty()) problems.add("strings", "the first string is not empty");
  for (std::size_t i = 0; i < e.size(); ++i) {
    check(i, "layer", number(e.layer[i]), r.layers.size());
    check(i, "op", number(e.op[i]), r.strings.size());
    check(i, "tensor", number(e.tensor[i]), r.strings.size());
    if (!e.source.empty()) check(i, "source", number(e.source[i]), r.strings.size());
    check(i, "phase", number(e.phase[i]), kPhaseNames.size());
    check(i, "category", number(e.category[i]), kCategoryNames.size());
    check(i, "action", number(e.action[i]), kActionNames.size());
    check(i, "step", e.step[i], std::numeric_limits<std::int32_t>::max());
  }
}

void check_marks(const Recording& r, Problems& problems) {
  const Events& e = r.events;
  for (std::size_t m = 0; m < r.marks.size(); ++m) {
    const Mark& mark = r.marks[m];
    const std::int64_t end = m + 1 < r.marks.size() ? r.marks[m + 1].event : number(e.size());
    if (mark.event < 0 || mark.event > number(e.size()) || end < mark.event || end > number(e.size())) {
      problems.add("marks", "mark {} stands before event {}, the next one before event {}, of {} events", m, mark.event,
                   end, e.size());
      continue;
    }
    for (std::int64_t i = mark.event; i < end; ++i)
      if (e.phase[i] != mark.phase || e.step[i] != mark.step)
        problems.add("phases", "event {} is in {} of step {}, its mark says {} of step {}", i,
                     to_name(kPhaseNames, e.phase[i]), e.step[i], to_name(kPhaseNames, mark.phase), mark.step);
  }
}

// Live blocks or live segments, and the sums of their bytes.
class Replay {
 public:
  Replay(const char* thing, Problems& problems) : thing_(thing), problems_(problems) {}

  void allocate(std::size_t event, std::uint64_t address, std::int64_t requested, std::int64_t bytes) {
    if (requested < 0 || bytes < 0)
      problems_.add("sizes", "event {}: a {} of {} bytes, {} requested", event, thing_, bytes, requested);
    if (!live_.emplace(address, Sizes{requested, bytes}).second) {
      problems_.add("addresses", "event {} allocates a {} at {:#x}, where one is live", event, thing_, address);
      return;
    }
    requested_ += static_cast<std::uint64_t>(requested);
    bytes_ += static_cast<std::uint64_t>(bytes);
    peak_requested_ = std::max(peak_requested_, number(requested_));
    peak_bytes_ = std::max(peak_bytes_, number(bytes_));
  }

  void release(std::size_t event, std::uint64_t address, std::int64_t requested, std::int64_t bytes) {
    const auto found = live_.find(address);
    if (found == live_.end()) {
      problems_.add("addresses", "event {} frees a {} at {:#x}, where none is live", event, thing_, address);
      return;
    }
    const Sizes sizes = found->second;
    if (sizes.requested != requested || sizes.bytes != bytes)
      problems_.add("sizes", "event {} frees a {} of {} bytes ({} requested), it was allocated with {} ({} requested)",
                    event, thing_, bytes, requested, sizes.bytes, sizes.requested);
    requested_ -= static_cast<std::uint64_t>(sizes.requested);
    bytes_ -= static_cast<std::uint64_t>(sizes.bytes);
    live_.erase(found);
  }

  std::int64_t bytes() const { return number(bytes_); }
  std::int64_t peak_bytes() const { return peak_bytes_; }
  std::int64_t peak_requested() const { return peak_requested_; }

 private:
  struct Sizes {
    std::int64_t requested, bytes;
  };
  const char* thing_;
  Problems& problems_;
  std::unordered_map<std::uint64_t, Sizes> live_;
  std::uint64_t requested_ = 0, bytes_ = 0;  // unsigned: absurd sizes wrap instead of overflowing
  std::int64_t peak_requested_ = 0, peak_bytes_ = 0;
};

void check_row(const Events& e, std::size_t i, Problems& problems) {
  if (e.action[i] != Action::alloc && e.category[i] != Category::unresolved)
    problems.add("rows", "event {} is no allocation, but has the category {}", i,
                 to_name(kCategoryNames, e.category[i]));
  if (e.action[i] == Action::free && e.layer[i] != LayerId::root)
    problems.add("rows", "event {} is a free, but has the layer {}", i, number(e.layer[i]));
  if (const std::int64_t held = e.held.empty() ? 0 : e.held[i]; held != 0) {
    if (e.action[i] != Action::free) problems.add("rows", "event {} is no free, but holds its block", i);
    if (held < 0 || held >= number(e.size() - i))
      problems.add("rows", "event {} holds its block for {} events, only {} come after it", i, held, e.size() - i - 1);
  }
  if (!e.pool.empty() && e.pool[i] < 0) problems.add("rows", "event {} is in pool {}", i, e.pool[i]);
  const bool segment = e.action[i] == Action::segment_alloc || e.action[i] == Action::segment_free;
  if (segment && e.requested_bytes[i] != 0)
    problems.add("rows", "event {} is of a segment, but {} bytes were requested", i, e.requested_bytes[i]);
}

void check_replay(const Recording& r, Problems& problems) {
  const Events& e = r.events;
  Replay blocks("block", problems), segments("segment", problems);
  bool any_segment = false;
  for (std::size_t i = 0; i < e.size(); ++i) {
    check_row(e, i, problems);
    const bool segment = e.action[i] == Action::segment_alloc || e.action[i] == Action::segment_free;
    const bool begins = e.action[i] == Action::alloc || e.action[i] == Action::segment_alloc;
    any_segment = any_segment || segment;
    Replay& replay = segment ? segments : blocks;
    if (begins)
      replay.allocate(i, e.address[i], e.requested_bytes[i], e.block_bytes[i]);
    else
      replay.release(i, e.address[i], e.requested_bytes[i], e.block_bytes[i]);
  }
  const auto check = [&](const char* what, std::int64_t stated, std::int64_t replayed) {
    if (stated != replayed)
      problems.add("statistics", "stats.{} is {} bytes, replaying the events gives {}", what, stated, replayed);
  };
  check("peak_allocated_bytes", r.stats.peak_allocated_bytes, blocks.peak_bytes());
  check("peak_requested_bytes", r.stats.peak_requested_bytes, blocks.peak_requested());
  check("final_allocated_bytes", r.stats.final_allocated_bytes, blocks.bytes());
  // The CPU's allocator reserves nothing: its statistics may say 0 or repeat the allocated bytes.
  const bool plain_cpu = r.environment.device_kind == DeviceKind::cpu && !any_segment;
  if (!plain_cpu || (r.stats.peak_reserved_bytes != 0 && r.stats.peak_reserved_bytes != blocks.peak_bytes()))
    check("peak_reserved_bytes", r.stats.peak_reserved_bytes, segments.peak_bytes());
  if (!plain_cpu || (r.stats.final_reserved_bytes != 0 && r.stats.final_reserved_bytes != blocks.bytes()))
    check("final_reserved_bytes", r.stats.final_reserved_bytes, segments.bytes());
}

// Elements of a tensor; -1 when no 64-bit integer holds them.
std::int64_t element_count(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (std::int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(count, extent, &count)) return -1;
  return count;
}

void check_parameters(const Recording& r, Problems& problems) {
  std::map<std::string_view, const ParameterRecord*> by_name;
  for (const ParameterRecord& p : r.parameters)
    if (!by_name.emplace(p.name, &p).second) problems.add("parameters", "two parameters are named '{}'", p.name);
  std::uint64_t distinct_count = 0;
  for (const ParameterRecord& p : r.parameters) {
    const std::int64_t count = element_count(p.shape);
    if (count < 0) problems.add("parameters", "parameter '{}' has an impossible shape", p.name);
    if (number(p.layer) >= number(r.layers.size()))
      problems.add("parameters", "parameter '{}' is in layer {} of {}", p.name, number(p.layer), r.layers.size());
    if (p.shared_with.empty()) {
      distinct_count += static_cast<std::uint64_t>(count);
      if (count > 0 && (p.bytes <= 0 || p.bytes % count != 0))
        problems.add("parameters", "parameter '{}' has {} elements in {} bytes", p.name, count, p.bytes);
      continue;
    }
    const auto owner = by_name.find(p.shared_with);
    if (owner == by_name.end() || !owner->second->shared_with.empty())
      problems.add("parameters", "parameter '{}' shares '{}', which owns no storage", p.name, p.shared_with);
    if (p.bytes != 0)
      problems.add("parameters", "parameter '{}' shares '{}' and yet has {} bytes", p.name, p.shared_with, p.bytes);
  }
  // Compressed weights are stored in other numbers than the model counts; their bytes have a closed form.
  if (!r.parameters.empty() && r.spec.compression.empty() && number(distinct_count) != r.model.parameter_count)
    problems.add("parameters", "model.parameter_count is {}, the parameters have {} elements", r.model.parameter_count,
                 distinct_count);
}

void check_replay_of(const Recording& r, const AllocatorReplay& replay, Problems& problems) {
  const auto check = [&](bool holds, const char* what) {
    if (!holds) problems.add("replays", "replay '{}' {}", replay.label, what);
  };
  check(replay.peak_requested_bytes <= replay.peak_allocated_bytes, "requests more than it allocates");
  check(replay.peak_allocated_bytes <= replay.peak_reserved_bytes, "allocates more than it reserves");
  check(replay.reserved_at_peak_bytes <= replay.peak_reserved_bytes, "reserves more than at its peak");
  check(replay.segment_count <= replay.driver_call_count, "has segments that nobody reserved");
  check(replay.failed_event <= number(r.events.size()), "failed after the recording's end");
  check(replay.ran_out_of_memory == (replay.failed_event >= 0), "ran out of memory at no event");
  check(!replay.faithful || replay.change == ReplayChange::none, "changes something, and yet is called faithful");
  check(!replay.faithful || replay.difference.empty(), "is called faithful, and yet says what differs");
  const AllocatorStats& stats = r.stats;
  check(!replay.faithful || (replay.peak_allocated_bytes == stats.peak_allocated_bytes &&
                             replay.peak_requested_bytes == stats.peak_requested_bytes &&
                             replay.peak_reserved_bytes == stats.peak_reserved_bytes),
        "is called faithful, and yet has other peaks than the recording");
}

void check_replays(const Recording& r, Problems& problems) {
  for (const AllocatorReplay& replay : r.replays) check_replay_of(r, replay, problems);
  if (!r.replays.empty() && r.replays.front().change != ReplayChange::none)
    problems.add("replays", "the first replay, '{}', is not of what was recorded", r.replays.front().label);
}

}  // namespace

std::vector<std::string> verify(const Recording& recording) {
  Problems problems;
  check_columns(recording.events, problems);
  check_activity_columns(recording.activity.activities, problems);
  std::vector<std::string> unreadable = problems.take();
  if (!unreadable.empty()) return unreadable;
  check_layers(recording.layers, problems);
  check_ids(recording, problems);
  check_marks(recording, problems);
  check_parameters(recording, problems);
  check_replays(recording, problems);
  check_activity(recording, problems);
  if (recording.dropped_event_count == 0) check_replay(recording, problems);
  return problems.take();
}

}  // namespace headroom
