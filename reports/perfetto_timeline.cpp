#include "reports/perfetto_timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analysis/sweep.h"

namespace headroom::perfetto {
namespace {

std::int64_t event_count(const ExportRun& run) { return static_cast<std::int64_t>(run.recording->events.size()); }

std::int64_t time_of(const ExportRun& run, std::int64_t event) {
  return run.recording->events.time_ns[static_cast<std::size_t>(event)];
}

// The end of all that was seen.
std::int64_t end_of(const ExportRun& run) {
  const Recording& r = *run.recording;
  std::int64_t end = r.events.size() == 0 ? 0 : r.events.time_ns.back();
  if (!r.marks.empty()) end = std::max(end, r.marks.back().time_ns);
  const Activities& a = r.activity.activities;
  for (std::size_t i = 0; i < a.size(); ++i)
    end = std::max(end, a.start_ns[i] + std::max<std::int64_t>(0, a.duration_ns[i]));
  return end;
}

std::array<bool, kCategoryCount> categories_of(const Breakdown& run) {
  std::array<bool, kCategoryCount> used{};
  for (const Allocation& a : run.allocations) used.at(static_cast<std::size_t>(a.category)) = true;
  return used;
}

// The tracks and the running sums that they show.
class Counters {
 public:
  Counters(Timeline& timeline, const ExportRun& run) : timeline_(timeline), run_(run) {
    allocated_ = add("allocated", "Bytes of live blocks");
    reserved_ = add("reserved", "Bytes of segments; on the CPU the same as allocated");
    const auto used = categories_of(*run.breakdown);
    for (std::size_t i = 0; i < used.size(); ++i)
      if (used[i])
        categories_[i] = add(fmt::format("category: {}", to_name(kCategoryNames, static_cast<Category>(i))),
                             "Bytes of live blocks of this category; all categories add up to allocated");
  }

  void sweep_events() {
    sweep(
        run_.breakdown->allocations, event_count(run_), [&](std::size_t i) { change(i, 1); },
        [&](std::size_t i) { change(i, -1); }, [&](std::int64_t event) { count_segment(event); });
  }

  void add_samples() {
    const auto& samples = run_.recording->activity.samples;
    if (samples.empty()) return;
    const auto track = add("driver: used", "Bytes of the device in use by everyone, as the driver says");
    for (const DriverMemorySample& sample : samples) put(sample.time_ns, track, sample.used_bytes);
  }

 private:
  std::uint32_t add(const std::string& name, const std::string& description) {
    return timeline_.add_track({name, description, true});
  }
  void put(std::int64_t time_ns, std::uint32_t track, std::int64_t value) {
    timeline_.items.push_back({time_ns, value, track, Shape::counter, Subject::none});
  }

  void change(std::size_t index, std::int64_t sign) {
    const Allocation& a = run_.breakdown->allocations[index];
    const std::int64_t time_ns = time_of(run_, sign > 0 ? a.begin : a.end);
    const auto category = static_cast<std::size_t>(a.category);
    put(time_ns, allocated_, allocated_bytes_ += sign * a.block_bytes);
    put(time_ns, categories_[category], category_bytes_[category] += sign * a.block_bytes);
    if (!has_segments_) put(time_ns, reserved_, allocated_bytes_);
  }

  void count_segment(std::int64_t event) {
    const Events& events = run_.recording->events;
    const auto i = static_cast<std::size_t>(event);
    if (events.action[i] == Action::segment_alloc)
      put(events.time_ns[i], reserved_, reserved_bytes_ += events.block_bytes[i]);
    if (events.action[i] == Action::segment_free)
      put(events.time_ns[i], reserved_, reserved_bytes_ -= events.block_bytes[i]);
  }

  Timeline& timeline_;
  const ExportRun& run_;
  const bool has_segments_ =
      std::ranges::find(run_.recording->events.action, Action::segment_alloc) != run_.recording->events.action.end();
  std::uint32_t allocated_ = 0, reserved_ = 0;
  std::array<std::uint32_t, kCategoryCount> categories_{};
  std::int64_t allocated_bytes_ = 0, reserved_bytes_ = 0;
  CategoryBytes category_bytes_{};
};

// Slices of the layers around one that is seen now; those around the last that are not around this one end where the
// last was seen.
class OpenLayers {
 public:
  OpenLayers(Timeline& timeline, const std::vector<Layer>& layers, std::uint32_t track)
      : timeline_(timeline), layers_(layers), track_(track) {}

  void see(std::int64_t time_ns, LayerId layer, Phase phase, std::int32_t step) {
    if (!open_.empty() && (phase != phase_ || step != step_)) close(0);
    phase_ = phase;
    step_ = step;
    const auto path = path_to(layer);
    const auto differs = std::ranges::mismatch(path, open_);
    close(static_cast<std::size_t>(differs.in2 - open_.begin()));
    for (std::size_t i = open_.size(); i < path.size(); ++i) open(time_ns, path[i]);
    last_time_ns_ = time_ns;
  }

  void close(std::size_t depth) {
    for (; open_.size() > depth; open_.pop_back())
      timeline_.items.push_back({last_time_ns_, 0, track_, Shape::end, Subject::none});
  }

 private:
  std::vector<LayerId> path_to(LayerId layer) const {
    std::vector<LayerId> path{layer};
    while (layer != LayerId::root && layers_.at(static_cast<std::size_t>(layer)).parent < layer)
      path.push_back(layer = layers_[static_cast<std::size_t>(layer)].parent);
    std::ranges::reverse(path);
    return path;
  }

  void open(std::int64_t time_ns, LayerId layer) {
    open_.push_back(layer);
    timeline_.items.push_back(
        {time_ns, static_cast<std::int64_t>(timeline_.layers.size()), track_, Shape::begin, Subject::layer});
    timeline_.layers.push_back({layer, phase_, step_});
  }

  Timeline& timeline_;
  const std::vector<Layer>& layers_;
  std::uint32_t track_;
  std::vector<LayerId> open_;
  std::int64_t last_time_ns_ = 0;
  Phase phase_{};
  std::int32_t step_ = 0;
};

struct Seen {
  std::int64_t time_ns;
  LayerId layer;
  Phase phase;
  std::int32_t step;
};

std::vector<Seen> all_seen(const ExportRun& run) {
  std::vector<Seen> seen;
  for (const Allocation& a : run.breakdown->allocations)
    seen.push_back({time_of(run, a.begin), a.layer, a.phase, a.step});
  const Activities& calls = run.recording->activity.activities;
  for (std::size_t i = 0; i < calls.size(); ++i)
    if (calls.kind[i] == ActivityKind::call)
      seen.push_back({calls.start_ns[i], calls.layer[i], calls.phase[i], calls.step[i]});
  std::ranges::stable_sort(seen, {}, &Seen::time_ns);
  return seen;
}

bool same_operator(const OperatorSlice& slice, const Allocation& a) {
  return slice.op == a.op && slice.layer == a.layer;
}

}  // namespace

void add_counters(Timeline& timeline, const ExportRun& run) {
  Counters counters(timeline, run);
  counters.sweep_events();
  counters.add_samples();
}

void add_phases(Timeline& timeline, const ExportRun& run) {
  const auto track =
      timeline.add_track({"steps and phases", "Each until the next begins; the peak and, if memory ran out, where"});
  const auto put = [&](std::int64_t time_ns, std::size_t mark, Shape shape, Subject subject) {
    timeline.items.push_back({time_ns, static_cast<std::int64_t>(mark), track, shape, subject});
  };
  const auto& marks = run.recording->marks;
  const PeakView& peak = run.breakdown->peak;
  const std::int64_t end = end_of(run);
  bool peak_shown = peak.event < 0, in_step = false;
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const bool new_step = marks[i].step > 0 && (i == 0 || marks[i].step != marks[i - 1].step);
    if (in_step && (new_step || marks[i].step == 0)) put(marks[i].time_ns, i, Shape::end, Subject::none);
    if (new_step) put(marks[i].time_ns, i, Shape::begin, Subject::step);
    in_step = marks[i].step > 0;
    put(marks[i].time_ns, i, Shape::begin, Subject::phase);
    const bool last = i + 1 == marks.size();
    if (!peak_shown && (last || peak.event < marks[i + 1].event)) {
      put(peak.time_ns, 0, Shape::instant, Subject::peak);
      peak_shown = true;
    }
    if (last && run.breakdown->outcome.kind == OutcomeKind::oom) put(end, 0, Shape::instant, Subject::failure);
    put(last ? end : marks[i + 1].time_ns, i, Shape::end, Subject::none);
  }
  if (in_step) put(end, 0, Shape::end, Subject::none);
  if (!peak_shown) put(peak.time_ns, 0, Shape::instant, Subject::peak);
}

void add_layers(Timeline& timeline, const ExportRun& run) {
  const auto track = timeline.add_track(
      {"layers",
       "From the first to the last allocation or API call of a layer, or of one inside it, with none of another "
       "layer or phase in between"});
  OpenLayers open(timeline, run.breakdown->layers, track);
  for (const Seen& seen : all_seen(run)) open.see(seen.time_ns, seen.layer, seen.phase, seen.step);
  open.close(0);
}

void add_operators(Timeline& timeline, const ExportRun& run) {
  const auto track =
      timeline.add_track({"operators and their blocks",
                          "An operator from its first to its last allocation in a layer with none of another "
                          "in between, and each block as an instant"});
  const auto put = [&](std::int64_t time_ns, std::size_t index, Shape shape, Subject subject) {
    timeline.items.push_back({time_ns, static_cast<std::int64_t>(index), track, shape, subject});
  };
  const auto& allocations = run.breakdown->allocations;
  std::int64_t last_time_ns = 0;
  bool open = false;
  for (std::size_t i = 0; i < allocations.size(); ++i) {
    const Allocation& a = allocations[i];
    const std::int64_t time_ns = time_of(run, a.begin);
    if (open && !same_operator(timeline.operators.back(), a)) {
      put(last_time_ns, 0, Shape::end, Subject::none);
      open = false;
    }
    if (!open && a.op != StringId::none) {
      put(time_ns, timeline.operators.size(), Shape::begin, Subject::operators);
      timeline.operators.push_back({a.op, a.layer});
      open = true;
    }
    if (open) timeline.operators.back().bytes += a.block_bytes;
    if (open) ++timeline.operators.back().block_count;
    put(time_ns, i, Shape::instant, Subject::allocation);
    last_time_ns = time_ns;
  }
  if (open) put(last_time_ns, 0, Shape::end, Subject::none);
}

Timeline make_timeline(const ExportRun& run) {
  Timeline timeline;
  add_counters(timeline, run);
  add_phases(timeline, run);
  add_layers(timeline, run);
  add_operators(timeline, run);
  add_activities(timeline, run);
  std::ranges::stable_sort(timeline.items, {}, &Item::time_ns);
  return timeline;
}

}  // namespace headroom::perfetto
