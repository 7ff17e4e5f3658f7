// write_perfetto: the items of reports/perfetto_timeline.h with their names and arguments.
#include <fmt/format.h>

#include <deque>
#include <unordered_map>

#include "base/bytes.h"
#include "reports/export.h"
#include "reports/perfetto_packets.h"
#include "reports/perfetto_timeline.h"
#include "reports/summary.h"

namespace headroom {
namespace {

using perfetto::Argument;
using perfetto::EventType;
using perfetto::Item;
using perfetto::Shape;
using perfetto::Subject;
using perfetto::Timeline;
using perfetto::TrackEvent;

constexpr std::array kEventTypes{EventType::slice_begin, EventType::slice_end, EventType::instant, EventType::counter};
constexpr int kTrackBits = 24, kActivityBits = 40;  // of the numbers below those of the run

std::string dimensions(const std::array<std::uint32_t, 3>& sizes) {
  return fmt::format("{} x {} x {}", sizes[0], sizes[1], sizes[2]);
}

// "attention" of "encoder.layer.3.attention" inside "encoder.layer.3".
std::string last_part(const std::string& path, const std::string& parent) {
  const std::string prefix = parent + ".";
  return path.size() > prefix.size() && path.starts_with(prefix) ? path.substr(prefix.size()) : path;
}

class RunWriter {
 public:
  // `number`: of the run in the trace, from 0.
  RunWriter(std::string& out, const ExportRun& run, std::size_t number)
      : recording_(*run.recording),
        run_(*run.breakdown),
        activities_(recording_.activity.activities),
        number_(number),
        timeline_(perfetto::make_timeline(run)),
        packets_(out, static_cast<std::uint32_t>(number + 1)) {
    join_calls();
  }

  void write() {
    write_tracks();
    for (const Item& item : timeline_.items) write(item);
  }

 private:
  bool is_virtual() const { return run_.environment.device_kind == DeviceKind::virtual_cuda; }
  std::uint64_t process() const { return std::uint64_t{number_ + 1} << kTrackBits; }
  std::uint64_t track(std::size_t index) const { return process() + index + 1; }
  std::uint64_t flow(std::size_t activity) const { return (std::uint64_t{number_ + 1} << kActivityBits) + activity; }

  // The first call of each correlation; what has the same is what it caused.
  void join_calls() {
    std::unordered_map<std::uint32_t, std::size_t> calls;
    for (std::size_t i = 0; i < activities_.size(); ++i)
      if (activities_.kind[i] == ActivityKind::call && activities_.correlation[i] != 0)
        calls.try_emplace(activities_.correlation[i], i);
    for (std::size_t i = 0; i < activities_.size(); ++i)
      if (const auto call = calls.find(activities_.correlation[i]);
          activities_.kind[i] != ActivityKind::call && call != calls.end()) {
        caused_[call->second].push_back(flow(i));
        cause_.emplace(i, flow(i));
      }
  }

  void write_tracks() {
    std::vector<std::string> labels{std::string(truth_word(run_.environment))};
    if (is_virtual()) labels.push_back("kernels were not executed");
    if (run_.dropped_event_count > 0) labels.push_back(fmt::format("{} events lost", run_.dropped_event_count));
    const DeviceActivity& device = recording_.activity;
    if (device.dropped_count > 0) labels.push_back(fmt::format("{} activities lost", device.dropped_count));
    packets_.process(
        {process(), static_cast<std::int32_t>(number_ + 1),
         fmt::format("{} on {}{}", run_.label, is_virtual() ? "virtual " : "", run_.environment.device_name), labels});
    for (std::size_t i = 0; i < timeline_.tracks.size(); ++i) {
      const perfetto::Track& t = timeline_.tracks[i];
      packets_.track({track(i), process(), t.name, t.description, static_cast<int>(i), t.counts_bytes});
    }
  }

  void write(const Item& item) {
    TrackEvent event;
    event.type = kEventTypes.at(static_cast<std::size_t>(item.shape));
    event.track = track(item.track);
    event.value = item.value;
    texts_.clear();
    describe(item.subject, static_cast<std::size_t>(item.value), event);
    packets_.event(item.time_ns, event);
  }

  void describe(Subject subject, std::size_t i, TrackEvent& event) {
    switch (subject) {
      case Subject::none:
        return;
      case Subject::step:
        return name(event, "step", fmt::format("step {}", recording_.marks[i].step));
      case Subject::phase:
        return name(event, "phase", std::string(to_name(kPhaseNames, recording_.marks[i].phase)));
      case Subject::layer:
        return describe_layer(timeline_.layers[i], event);
      case Subject::operators:
        return describe_operator(timeline_.operators[i], event);
      case Subject::allocation:
        return describe_allocation(run_.allocations[i], event);
      case Subject::activity:
        return describe_activity(i, event);
      case Subject::peak:
        return describe_peak(event);
      case Subject::failure:
        return describe_failure(event);
    }
  }

  // Views stay good until the next item: `texts_` keeps what they point at where it is.
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  void name(TrackEvent& event, std::string_view category, std::string text) {
    event.category = category;
    event.name = keep(text.empty() ? "?" : std::move(text));
  }
  void add(TrackEvent& event, std::string_view key, std::int64_t number) { event.arguments.push_back({key, number}); }
  void add(TrackEvent& event, std::string_view key, std::string text) {
    if (!text.empty()) event.arguments.push_back({key, 0, keep(std::move(text))});
  }
  void add_address(TrackEvent& event, std::uint64_t address) {
    event.arguments.push_back({"address", static_cast<std::int64_t>(address), {}, true});
  }
  void add_layer(TrackEvent& event, LayerId layer) { add(event, "layer", layer_path(run_, layer)); }

  void describe_layer(const perfetto::LayerSlice& slice, TrackEvent& event) {
    const std::string path = layer_path(run_, slice.layer);
    const LayerId parent = run_.layer(slice.layer).parent;
    name(event, "layer", slice.layer == LayerId::root ? path : last_part(path, layer_path(run_, parent)));
    add_layer(event, slice.layer);
    add(event, "phase", std::string(to_name(kPhaseNames, slice.phase)));
    add(event, "step", slice.step);
  }

  void describe_operator(const perfetto::OperatorSlice& slice, TrackEvent& event) {
    name(event, "operator", text_of(run_, slice.op));
    add_layer(event, slice.layer);
    add(event, "bytes", slice.bytes);
    add(event, "blocks", slice.block_count);
  }

  void describe_allocation(const Allocation& a, TrackEvent& event) {
    const std::string tensor = text_of(run_, a.tensor), op = text_of(run_, a.op);
    name(event, "block", tensor.empty() ? op.empty() ? "block" : op : tensor);
    add(event, "bytes", a.block_bytes);
    add(event, "requested bytes", a.requested_bytes);
    add(event, "category", std::string(to_name(kCategoryNames, a.category)));
    add_layer(event, a.layer);
    add(event, "operator", op);
    add(event, "tensor", tensor);
    add(event, "source line", text_of(run_, a.source));
    add_address(event, a.address);
  }

  void describe_activity(std::size_t i, TrackEvent& event) {
    const ActivityKind kind = activities_.kind[i];
    name(event, to_name(kActivityKindNames, kind), activity_name(i));
    add_layer(event, activities_.layer[i]);
    add(event, "phase", std::string(to_name(kPhaseNames, activities_.phase[i])));
    add(event, "step", activities_.step[i]);
    if (activities_.bytes[i] != 0) add(event, "bytes", activities_.bytes[i]);
    if (activities_.address[i] != 0) add_address(event, activities_.address[i]);
    if (kind == ActivityKind::kernel) add_shape(event, activities_.detail[i]);
    if (kind == ActivityKind::call) add(event, "result", activities_.detail[i]);
    if (kind == ActivityKind::set) add(event, "value", activities_.detail[i]);
    if (kind == ActivityKind::memory) add(event, "asked for by", text_of(run_, activities_.name[i]));
    if (activities_.correlation[i] != 0) add(event, "correlation", activities_.correlation[i]);
    add_time(event, i);
    if (const auto found = caused_.find(i); found != caused_.end()) event.flows_begun = found->second;
    if (const auto found = cause_.find(i); found != cause_.end()) event.flows_ended = {found->second};
  }

  // Why there is none.
  void add_time(TrackEvent& event, std::size_t i) {
    if (activities_.duration_ns[i] != kNoDuration) return;
    const ActivityKind kind = activities_.kind[i];
    if (kind == ActivityKind::kernel || kind == ActivityKind::graph)
      add(event, "time", std::string(is_virtual() ? "not executed" : "not known"));
    else if (kind == ActivityKind::copy || kind == ActivityKind::set)
      add(event, "time", std::string(is_virtual() ? "none: virtual" : "not known"));
  }

  std::string activity_name(std::size_t i) const {
    const std::uint32_t detail = activities_.detail[i];
    switch (activities_.kind[i]) {
      case ActivityKind::copy:
        return fmt::format("copy {}", to_name(kCopyKindNames, static_cast<CopyKind>(detail)));
      case ActivityKind::memory:
        return fmt::format("{} {}", detail % 2 == 0 ? "allocate" : "release",
                           to_name(kMemoryKindNames, static_cast<MemoryKind>(detail / 2)));
      case ActivityKind::set:
      case ActivityKind::pool:
      case ActivityKind::graph:
        return std::string(to_name(kActivityKindNames, activities_.kind[i]));
      default:
        return text_of(run_, activities_.name[i]);
    }
  }

  void add_shape(TrackEvent& event, std::uint32_t index) {
    if (index >= recording_.activity.shapes.size()) return;
    const LaunchShape& shape = recording_.activity.shapes[index];
    add(event, "grid", dimensions(shape.grid));
    add(event, "block", dimensions(shape.block));
    add(event, "registers a thread", shape.registers_per_thread);
    add(event, "static shared bytes", shape.static_shared_bytes);
    add(event, "dynamic shared bytes", shape.dynamic_shared_bytes);
    if (shape.local_bytes_per_thread != 0) add(event, "local bytes a thread", shape.local_bytes_per_thread);
  }

  void describe_peak(TrackEvent& event) {
    const PeakView& peak = run_.peak;
    name(event, "peak", fmt::format("peak: {} allocated", format_bytes(peak.allocated_bytes)));
    add(event, "allocated bytes", peak.allocated_bytes);
    add(event, "requested bytes", peak.requested_bytes);
    add(event, "reserved bytes", peak.reserved_bytes);
    for (std::size_t i = 0; i < kCategoryCount; ++i)
      if (peak.categories[i] != 0) add(event, to_name(kCategoryNames, static_cast<Category>(i)), peak.categories[i]);
    add_layer(event, peak.layer);
  }

  void describe_failure(TrackEvent& event) {
    const Outcome& outcome = run_.outcome;
    name(event, "out of memory",
         fmt::format("out of memory: {} asked for", format_bytes(outcome.failed_request_bytes)));
    add(event, "asked for bytes", outcome.failed_request_bytes);
    add(event, "free bytes", outcome.free_bytes);
    add(event, "allocated bytes", outcome.allocated_bytes);
    add(event, "reserved bytes", outcome.reserved_bytes);
    add(event, "phase", outcome.phase);
    add(event, "layer", outcome.layer);
  }

  const Recording& recording_;
  const Breakdown& run_;
  const Activities& activities_;
  std::size_t number_;
  Timeline timeline_;
  perfetto::PacketWriter packets_;
  std::unordered_map<std::size_t, std::vector<std::uint64_t>> caused_;  // by call, the flows that begin there
  std::unordered_map<std::size_t, std::uint64_t> cause_;                // by what was caused, the flow that ends there
  std::deque<std::string> texts_;
};

}  // namespace

std::string write_perfetto(const std::vector<ExportRun>& runs) {
  std::string out;
  for (std::size_t i = 0; i < runs.size(); ++i) RunWriter(out, runs[i], i).write();
  return out;
}

}  // namespace headroom
