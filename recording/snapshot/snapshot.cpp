#include "recording/snapshot/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "recording/document.h"
#include "recording/snapshot/history.h"
#include "recording/snapshot/origin.h"

namespace headroom {
namespace {

using snapshot_reader::DeviceHistory;
using snapshot_reader::EndSegment;
using snapshot_reader::History;
using snapshot_reader::Origin;
using snapshot_reader::OriginReader;

// The document that Headroom's own snapshots carry; empty where it is another's.
std::string_view own_document(const Pickle& pickle) {
  const PickleValue* maker = pickle.find(pickle.root(), "headroom");
  const PickleValue* document = maker == nullptr ? nullptr : pickle.find(*maker, "recording");
  return document == nullptr ? std::string_view() : document->as_text();
}

void fill_columns(Recording& r) {
  const std::size_t count = r.events.size();
  r.events.layer.assign(count, LayerId::root);
  r.events.phase.assign(count, Phase::build);
  r.events.step.assign(count, 0);
  r.events.category.assign(count, Category::unresolved);
  r.events.op.assign(count, StringId::none);
  r.events.tensor.assign(count, StringId::none);
  r.events.source.assign(count, StringId::none);
}

void attach_origins(Recording& r, const History& history, OriginReader& origins) {
  Events& e = r.events;
  for (std::size_t i = 0; i < e.size(); ++i) {
    if (e.action[i] == Action::free || e.action[i] == Action::segment_free) continue;
    const Origin& origin = origins.origin_of(history.origins[i]);
    e.layer[i] = origin.layer;
    if (e.action[i] != Action::alloc) continue;
    e.category[i] = origin.category;
    e.op[i] = origin.op;
    e.tensor[i] = origin.tensor;
    e.source[i] = origin.source;
  }
  if (std::ranges::all_of(e.source, [](StringId id) { return id == StringId::none; })) e.source.clear();
}

void attach_origins_or_refuse(Recording& r, const History& history, OriginReader& origins, const std::string& where) {
  try {
    attach_origins(r, history, origins);
  } catch (const Error& error) {
    throw bad_input(fmt::format("{}: the snapshot is damaged: {}", where, error.what()));
  }
}

void apply_marks(Recording& r) {
  for (std::size_t m = 0; m < r.marks.size(); ++m) {
    const std::size_t end = m + 1 < r.marks.size() ? static_cast<std::size_t>(r.marks[m + 1].event) : r.events.size();
    for (auto i = static_cast<std::size_t>(r.marks[m].event); i < std::min(end, r.events.size()); ++i) {
      r.events.phase[i] = r.marks[m].phase;
      r.events.step[i] = r.marks[m].step;
    }
  }
}

// Segments say at the end which private pool they are of; what lies in them is of the same.
void attach_pools(Recording& r, const std::vector<EndSegment>& segments) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::int32_t> numbers{{{0, 0}, 0}};
  if (std::ranges::all_of(segments,
                          [](const EndSegment& s) { return s.pool == std::pair<std::int64_t, std::int64_t>(); }))
    return;
  r.events.pool.assign(r.events.size(), 0);
  for (std::size_t i = 0; i < r.events.size(); ++i) {
    const auto after = std::ranges::upper_bound(segments, r.events.address[i], {}, &EndSegment::address);
    if (after == segments.begin()) continue;
    const EndSegment& segment = *std::prev(after);
    if (r.events.address[i] - segment.address >= static_cast<std::uint64_t>(segment.bytes)) continue;
    const auto next = static_cast<std::int32_t>(numbers.size());
    r.events.pool[i] = numbers.try_emplace(segment.pool, next).first->second;
  }
}

AllocatorStats stats_of(const Events& e) {
  AllocatorStats stats;
  std::int64_t requested = 0;
  for (std::size_t i = 0; i < e.size(); ++i) {
    const bool begins = e.action[i] == Action::alloc || e.action[i] == Action::segment_alloc;
    const bool is_block = e.action[i] == Action::alloc || e.action[i] == Action::free;
    (is_block ? stats.final_allocated_bytes : stats.final_reserved_bytes) +=
        begins ? e.block_bytes[i] : -e.block_bytes[i];
    requested += begins ? e.requested_bytes[i] : -e.requested_bytes[i];
    stats.peak_requested_bytes = std::max(stats.peak_requested_bytes, requested);
    stats.peak_allocated_bytes = std::max(stats.peak_allocated_bytes, stats.final_allocated_bytes);
    stats.peak_reserved_bytes = std::max(stats.peak_reserved_bytes, stats.final_reserved_bytes);
  }
  return stats;
}

Recording read_ours(const Pickle& pickle, std::string_view document, DeviceHistory device, const std::string& where) {
  const Json json = parse_json(document, where, {.size_bytes = document.size(), .members = 1 << 16});
  RecordingDocument parsed = parse_recording_document(json, where);
  Recording& r = parsed.recording;
  device.is_complete = true;
  History history = replay(device, where);
  if (static_cast<std::int64_t>(history.events.size()) != parsed.event_count)
    throw bad_input(fmt::format("{}: the snapshot is damaged: it says that it has {} events, and has {}", where,
                                parsed.event_count, history.events.size()));
  r.events = std::move(history.events);
  fill_columns(r);
  OriginReader origins(pickle, r, true);
  attach_origins_or_refuse(r, history, origins, where);
  apply_marks(r);
  attach_pools(r, device.segments);
  return std::move(parsed.recording);
}

// Headroom's own exports without a document still say what made the numbers.
bool describe_maker(const Pickle& pickle, Environment& environment) {
  const PickleValue* maker = pickle.find(pickle.root(), "headroom");
  if (maker == nullptr) return false;
  environment.headroom_version = snapshot_reader::text_or(pickle, *maker, "version", "");
  environment.device_name = snapshot_reader::text_or(pickle, *maker, "device", environment.device_name);
  const std::string numbers = snapshot_reader::text_or(pickle, *maker, "numbers", "");
  if (numbers == "virtual") environment.device_kind = DeviceKind::virtual_cuda;
  if (numbers == "measured") environment.device_kind = DeviceKind::cuda;
  return true;
}

// What has to be known of a snapshot's numbers.
std::vector<std::string> assumptions_of(const DeviceHistory& device, const History& history, bool is_ours,
                                        bool found_words) {
  std::vector<std::string> all;
  const auto add = [&](bool holds, const std::string& sentence) {
    if (holds) all.push_back(sentence);
  };
  const auto counted = [](const char* format, std::int64_t count) {
    return fmt::format(fmt::runtime(format), format_count(count));
  };
  add(!is_ours,
      "A snapshot does not say on which device it was made: nothing in it tells a GPU from a virtual one. Its numbers "
      "are "
      "as PyTorch's allocator reported them.");
  add(!is_ours,
      "A snapshot does not say what a block is for: what was freed before its end counts as temporary, all else as "
      "other.");
  add(is_ours, "The snapshot does not say in which phase or step a block was made: all count as made in the build.");
  add(found_words, "Layers are what the program had set as the memory's metadata.");
  add(device.device_count > 1, fmt::format("The snapshot is of {} devices; this is device {}, of which it has most.",
                                           device.device_count, device.device));
  add(device.entries.empty(),
      "No history was recorded: what was there at the end counts as allocated at the start. Call "
      "torch.cuda.memory._record_memory_history() before the program's work.");
  add(!device.entries.empty() && history.early_block_count > 0,
      fmt::format("{} blocks of {} were there when the history begins: it was started late, or its beginning was "
                  "overwritten. They count as allocated at its start; a peak before it is not seen.",
                  format_count(history.early_block_count), format_bytes(history.early_block_bytes)));
  add(history.lost_event_count > 0,
      counted("{} events are missing in the history; what follows from the others is shown.",
              history.lost_event_count));
  add(device.unknown_entry_count > 0,
      counted("{} entries are of a kind that this program does not know, and are left out.",
              device.unknown_entry_count));
  add(!device.has_times, "The history has no times: a microsecond stands for each event.");
  add(history.resized_count > 0, counted("{} blocks are larger at the end than the allocator's usual rules make them, "
                                         "so blocks that were freed before "
                                         "may have been, too.",
                                         history.resized_count));
  add(history.out_of_memory_count > 0 && !history.failed_last,
      counted("Memory ran out {} times, and the program went on.", history.out_of_memory_count));
  return all;
}

void start_at_zero(Events& events) {
  if (events.time_ns.empty()) return;
  const std::int64_t start = events.time_ns.front();
  for (std::int64_t& time : events.time_ns) time -= start;
}

Outcome outcome_of(const History& history) {
  if (!history.failed_last) return {};
  Outcome outcome = history.outcome;
  outcome.message = fmt::format("CUDA out of memory: {} were asked for, {} were free",
                                format_bytes(outcome.failed_request_bytes), format_bytes(outcome.free_bytes));
  return outcome;
}

Recording read_theirs(const Pickle& pickle, const DeviceHistory& device, const std::string& where) {
  Recording r;
  r.spec.model = where.substr(where.find_last_of('/') + 1);
  r.spec.command = {"python", "..."};  // a program, of which nothing is known
  r.spec.device = "cuda";
  r.model.name = r.spec.model;
  r.environment.device_kind = DeviceKind::unknown;
  r.environment.device_name = fmt::format("device {} of a snapshot", device.device);
  r.environment.allocator_settings = device.settings;
  r.layers.push_back({LayerId::root, LayerId::root, "model", LayerKind::model});
  History history = replay(device, where);
  r.events = std::move(history.events);
  start_at_zero(r.events);
  fill_columns(r);
  const bool is_ours = describe_maker(pickle, r.environment);
  OriginReader origins(pickle, r, is_ours);
  attach_origins_or_refuse(r, history, origins, where);
  attach_pools(r, device.segments);
  r.marks.push_back({0, 0, Phase::build, 0});
  r.stats = stats_of(r.events);
  r.outcome = outcome_of(history);
  r.assumptions = assumptions_of(device, history, is_ours, origins.found_words());
  return r;
}

}  // namespace

Recording read_snapshot(std::string_view bytes, const std::string& where, std::optional<int> device) {
  const Pickle pickle(bytes, where);
  DeviceHistory history = snapshot_reader::read_history(pickle, where, device.value_or(-1));
  const std::string_view document = own_document(pickle);
  return document.empty() ? read_theirs(pickle, history, where)
                          : read_ours(pickle, document, std::move(history), where);
}

}  // namespace headroom
