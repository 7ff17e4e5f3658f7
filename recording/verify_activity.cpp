#include "recording/verify_activity.h"

#include <limits>
#include <set>
#include <utility>

#include "recording/activity_rows.h"
#include "recording/activity_rules.h"

namespace headroom {
namespace {

std::string_view name_of(ActivityKind kind) { return to_name(kActivityKindNames, kind); }

void check_summary(const DeviceActivity& a, Problems& problems) {
  const auto check = [&](const char* name, std::int64_t count) {
    if (count < 0) problems.add("activity", "activity.{} is {}, expected at least 0", name, count);
  };
  check("dropped_count", a.dropped_count);
  check("damaged_count", a.damaged_count);
  check("unknown_count", a.unknown_count);
  check("outside_count", a.outside_count);
  check("untimed_count", a.untimed_count);
  check("unreturned_count", a.unreturned_count);
  check("peak_dram_bytes_per_second", a.peak_dram_bytes_per_second);
  if (a.level != TraceLevel::none && a.tracer.empty())
    problems.add("activity", "activity was traced at level {}, but by no tracer", to_name(kTraceLevelNames, a.level));
}

void check_shapes(const std::vector<LaunchShape>& shapes, Problems& problems) {
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const LaunchShape& s = shapes[i];
    if (s.static_shared_bytes < 0 || s.dynamic_shared_bytes < 0 || s.local_bytes_per_thread < 0)
      problems.add("shapes", "shape {} has negative sizes: shared {} and {}, local {} bytes", i, s.static_shared_bytes,
                   s.dynamic_shared_bytes, s.local_bytes_per_thread);
  }
}

class RowChecker {
 public:
  RowChecker(const Recording& recording, Problems& problems)
      : r_(recording), a_(recording.activity.activities), problems_(problems) {}

  void check() {
    for (std::size_t i = 0; i < a_.size(); ++i) {
      if (number(a_.kind[i]) >= number(kActivityKindNames.size())) {
        add("activity {} is of kind {}, expected less than {}", i, number(a_.kind[i]), kActivityKindNames.size());
        return;  // nothing more can be said by kind
      }
      check_ids(i);
      check_time(i);
      check_kind(i, rules_of(a_.kind[i]));
    }
    const std::int64_t unmatched = count_unmatched(a_);
    if (unmatched != r_.activity.unmatched_count)
      problems_.add("memory", "activity.unmatched_count is {}, of the activities {} release or allocate memory out of turn",
                    r_.activity.unmatched_count, unmatched);
  }

 private:
  template <class... T>
  void add(fmt::format_string<T...> format, T&&... values) {
    problems_.add("activities", format, std::forward<T>(values)...);
  }

  void check_ids(std::size_t i) {
    const auto check = [&](const char* what, std::int64_t value, std::size_t count) {
      if (value < 0 || value >= number(count)) add("activity {}: {} is {}, expected less than {}", i, what, value, count);
    };
    check("name", number(a_.name[i]), r_.strings.size());
    check("layer", number(a_.layer[i]), r_.layers.size());
    check("phase", number(a_.phase[i]), kPhaseNames.size());
    check("step", a_.step[i], std::numeric_limits<std::int32_t>::max());
  }

  void check_time(std::size_t i) {
    const std::int64_t start = a_.start_ns[i], duration = a_.duration_ns[i];
    if (i > 0 && start < a_.start_ns[i - 1])
      add("activity {} starts at {} ns, before the one before it at {} ns", i, start, a_.start_ns[i - 1]);
    if (duration < kNoDuration) add("activity {} takes {} ns", i, duration);
    if (start < -kMaxActivityTime || start > kMaxActivityTime || duration > kMaxActivityTime)
      add("activity {} starts at {} ns and takes {} ns: later than any run", i, start, duration);
  }

  void check_kind(std::size_t i, const ActivityRules& rules) {
    const auto kind = name_of(rules.kind);
    if (r_.activity.level < rules.level)
      add("activity {} is of kind {}, which level {} does not trace", i, kind, to_name(kTraceLevelNames, r_.activity.level));
    const bool kernel = rules.kind == ActivityKind::kernel;
    if (kernel && a_.detail[i] >= r_.activity.shapes.size())
      add("activity {} is a kernel of shape {}, there are {}", i, a_.detail[i], r_.activity.shapes.size());
    if (!kernel && a_.detail[i] > rules.last_detail)
      add("activity {}, of kind {}, has the detail {}, expected at most {}", i, kind, a_.detail[i], rules.last_detail);
    if (!rules.has_bytes && a_.bytes[i] != 0) add("activity {} is of kind {}, but has {} bytes", i, kind, a_.bytes[i]);
    if (!rules.has_address && a_.address[i] != 0) add("activity {} is of kind {}, but has the address {:#x}", i, kind, a_.address[i]);
    if (rules.kind != ActivityKind::call && a_.thread[i] != 0)
      add("activity {} is of kind {}, but has the thread {}", i, kind, a_.thread[i]);
    if (rules.is_launched && r_.environment.device_kind == DeviceKind::virtual_cuda && a_.duration_ns[i] != kNoDuration)
      add("activity {}, of kind {}, takes {} ns on a virtual device, which executes nothing", i, kind, a_.duration_ns[i]);
    check_bytes(i);
  }

  void check_bytes(std::size_t i) {
    if (a_.bytes[i] < 0) return add("activity {} has {} bytes", i, a_.bytes[i]);
    if (total_bytes_ > kMaxActivityBytes) return;
    total_bytes_ = a_.bytes[i] > kMaxActivityBytes ? kMaxActivityBytes + 1 : total_bytes_ + a_.bytes[i];
    if (total_bytes_ > kMaxActivityBytes)
      problems_.add("bytes", "the activities up to {} add up to more bytes than any device moves", i);
  }

  const Recording& r_;
  const Activities& a_;
  Problems& problems_;
  std::int64_t total_bytes_ = 0;
};

void check_samples(const Recording& r, Problems& problems) {
  const std::vector<DriverMemorySample>& samples = r.activity.samples;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const DriverMemorySample& s = samples[i];
    if (number(s.moment) >= number(kSampleMomentNames.size()))
      problems.add("samples", "sample {} is of moment {}", i, number(s.moment));
    if (s.used_bytes < 0 || s.used_bytes > s.total_bytes)
      problems.add("samples", "sample {} has {} bytes in use of {}", i, s.used_bytes, s.total_bytes);
    if (s.event < 0 || s.event > number(r.events.size()))
      problems.add("samples", "sample {} stands before event {} of {}", i, s.event, r.events.size());
    if (i > 0 && (s.time_ns < samples[i - 1].time_ns || s.event < samples[i - 1].event))
      problems.add("samples", "sample {} ({} ns, before event {}) comes before the one before it ({} ns, before event {})", i,
                   s.time_ns, s.event, samples[i - 1].time_ns, samples[i - 1].event);
  }
}

void check_dram(const Recording& r, Problems& problems) {
  std::set<std::pair<LayerId, Phase>> cells;
  std::int64_t total = 0;
  if (!r.activity.dram.empty() && r.environment.device_kind != DeviceKind::cuda)
    problems.add("dram", "DRAM traffic is told of a device that is not real");
  for (const DramBytes& d : r.activity.dram) {
    if (number(d.layer) >= number(r.layers.size()) || number(d.phase) >= number(kPhaseNames.size()))
      problems.add("dram", "DRAM traffic of layer {} in phase {}", number(d.layer), number(d.phase));
    if (!cells.emplace(d.layer, d.phase).second)
      problems.add("dram", "DRAM traffic of layer {} in {} is told twice", number(d.layer), to_name(kPhaseNames, d.phase));
    if (d.read_bytes < 0 || d.written_bytes < 0 || d.read_bytes > kMaxActivityBytes - total ||
        d.written_bytes > kMaxActivityBytes - total - d.read_bytes)
      problems.add("dram", "DRAM traffic of layer {}: {} bytes read, {} written", number(d.layer), d.read_bytes, d.written_bytes);
    else
      total += d.read_bytes + d.written_bytes;
  }
}

}  // namespace

void check_activity_columns(const Activities& a, Problems& problems) {
  const auto check = [&](const char* name, std::size_t size) {
    if (size != a.size())
      problems.add("columns", "column '{}' of the activities has {} rows, 'kind' has {}", name, size, a.size());
  };
  check("start_ns", a.start_ns.size());
  check("duration_ns", a.duration_ns.size());
  check("name", a.name.size());
  check("detail", a.detail.size());
  check("bytes", a.bytes.size());
  check("address", a.address.size());
  check("stream", a.stream.size());
  check("correlation", a.correlation.size());
  check("thread", a.thread.size());
  check("layer", a.layer.size());
  check("phase", a.phase.size());
  check("step", a.step.size());
}

void check_activity(const Recording& recording, Problems& problems) {
  check_summary(recording.activity, problems);
  check_shapes(recording.activity.shapes, problems);
  RowChecker(recording, problems).check();
  check_samples(recording, problems);
  check_dram(recording, problems);
}

}  // namespace headroom
