#include "profiler/tracer.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "profiler/cuda.h"

namespace headroom::profiler {
namespace {

using tracing::TraceRow;

constexpr std::uint64_t kOwn = tracing::pack({.layer = LayerId{0xFFFFFF}});
constexpr std::uint32_t kPlacesBetweenDrains = 1 << 15;
constexpr std::int64_t kClockToleranceNs = 10'000'000;

struct Thread {
  std::uint64_t context = 0;
  std::uint32_t place_count = 0;
};
thread_local Thread thread;

ActivityRow row_of(const TraceRow& row) {
  ActivityRow out{.start_ns = row.start_ns,
                  .end_ns = row.end_ns,
                  .bytes = row.bytes,
                  .address = row.address,
                  .name = row.name,
                  .detail = row.detail,
                  .stream = row.stream,
                  .correlation = row.correlation,
                  .thread = row.thread,
                  .layer = 0,
                  .step = 0,
                  .kind = static_cast<std::uint8_t>(row.kind),
                  .phase = kNoPhase,
                  .unused = 0};
  if (row.context == 0) return out;
  const tracing::Context place = tracing::unpack(row.context);
  out.layer = static_cast<std::uint32_t>(place.layer);
  out.step = place.step;
  out.phase = static_cast<std::uint8_t>(place.phase);
  return out;
}

// Of what these kinds tell, CUPTI does not say the device.
bool has_device(const TraceRow& row) {
  return row.kind != ActivityKind::call && row.kind != ActivityKind::overhead &&
         row.kind != ActivityKind::synchronization;
}

}  // namespace

std::string named_cupti() {
  const char* name = std::getenv("HEADROOM_CUPTI");
  return name ? name : "";
}

Tracer::Tracer(TraceLevel level, Sink sink, Drains drains)
    : level_(level),
      sink_(std::move(sink)),
      drains_(drains),
      collector_(tracing::Collector::start({.level = level, .library = named_cupti()})),
      started_(collector_.tracing()) {}

std::string Tracer::first_problem() const {
  return collector_.problems().empty() ? "nothing is traced" : collector_.problems().front();
}

void Tracer::set_place(const tracing::Context& place) {
  thread.context = tracing::pack(place);
  collector_.set_context(thread.context);
  if (++thread.place_count % kPlacesBetweenDrains == 0) drain();
}

Tracer::OwnWork::OwnWork(Tracer* tracer) : tracer_(tracer) {
  if (tracer_) tracer_->collector_.set_context(kOwn);
}

Tracer::OwnWork::~OwnWork() {
  if (tracer_) tracer_->collector_.set_context(thread.context);
}

void Tracer::drain() {
  if (forgotten_) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock && !stopped_) deliver(collector_.drain());
}

void Tracer::phase_begins() {
  if (drains_ == Drains::at_phases) drain();
}

void Tracer::pause(const std::string& why) {
  if (forgotten_) return;
  const std::lock_guard lock(mutex_);
  if (stopped_ || !collector_.tracing()) return;
  deliver(collector_.drain());
  collector_.pause();
  note_problem(why);
}

void Tracer::resume() {
  if (forgotten_) return;
  const std::lock_guard lock(mutex_);
  if (!stopped_) collector_.resume();
}

void Tracer::stop(const std::vector<c10::DeviceIndex>& devices) {
  if (forgotten_) return;
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  stopped_ = true;
  const OwnWork own(this);
  for (const c10::DeviceIndex device : devices) cuda::synchronize(device);
  deliver(collector_.stop());
  look_at_clock();
}

void Tracer::note_problem(const std::string& sentence) {
  if (std::find(problems_.begin(), problems_.end(), sentence) == problems_.end()) problems_.push_back(sentence);
}

void Tracer::look_at_clock() {
  const std::int64_t drift = clock_.drift_ns();
  if (std::abs(drift) > kClockToleranceNs)
    note_problem(
        fmt::format("The system's clock was set by {} ms during the run: times of device activity are off by as much.",
                    drift / 1'000'000));
}

// What each correlation's device is; of several, that of its last row.
void Tracer::note_devices(const std::vector<TraceRow>& rows) {
  devices_.clear();
  const auto other = [&](const TraceRow& row) { return has_device(row) && row.device != last_device_; };
  if (std::none_of(rows.begin(), rows.end(), other)) return;
  for (const TraceRow& row : rows)
    if (has_device(row)) devices_[row.correlation] = static_cast<c10::DeviceIndex>(row.device);
}

c10::DeviceIndex Tracer::device_of(const TraceRow& row) {
  if (has_device(row)) return last_device_ = static_cast<c10::DeviceIndex>(row.device);
  const auto caused = devices_.find(row.correlation);
  return caused == devices_.end() ? last_device_ : caused->second;
}

void Tracer::deliver(tracing::Trace trace) {
  counts_.dropped_count = trace.dropped_count;
  counts_.damaged_count = trace.damaged_count;
  counts_.unknown_count = trace.unknown_count;
  counts_.untimed_count = trace.untimed_count;
  counts_.unreturned_count = trace.unreturned_count;
  note_devices(trace.rows);
  std::map<c10::DeviceIndex, std::vector<ActivityRow>> rows;
  for (const TraceRow& row : trace.rows) {
    if (row.context == kOwn) continue;
    auto& its_rows = rows[device_of(row)];
    if (its_rows.empty()) its_rows.reserve(trace.rows.size());
    its_rows.push_back(row_of(row));
  }
  const ActivityTables tables{std::move(trace.strings), std::move(trace.shapes)};
  for (const auto& [device, its_rows] : rows) sink_(device, its_rows, tables);
}

DeviceActivity Tracer::summary(c10::DeviceIndex device) const {
  const std::lock_guard lock(mutex_);
  DeviceActivity activity = counts_;
  activity.tracer = started_ ? collector_.tracer() : "";
  activity.level = started_ ? level_ : TraceLevel::none;
  activity.problems = collector_.problems();
  activity.problems.insert(activity.problems.end(), problems_.begin(), problems_.end());
  activity.peak_dram_bytes_per_second = collector_.peak_dram_bytes_per_second(device);
  return activity;
}

}  // namespace headroom::profiler
