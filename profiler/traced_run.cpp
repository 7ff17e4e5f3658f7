#include "profiler/traced_run.h"

#include "base/error.h"
#include "profiler/cuda.h"

namespace headroom::profiler {
namespace {

// Of a virtual GPU as of the real one that the program takes it for, only what was asked for is traced.
TraceLevel level_of(const RunSpec& spec) {
  return spec.trace || !cuda::is_virtual() ? trace_level(spec) : TraceLevel::none;
}

}  // namespace

TracedRun::TracedRun(TraceLevel level)
    : tracer_(
          level,
          [this](c10::DeviceIndex index, std::span<const ActivityRow> rows, const ActivityTables& tables) {
            tables_ = tables;
            if (index == device_.index()) rows_.insert(rows_.end(), rows.begin(), rows.end());
          },
          Tracer::Drains::when_many) {}

TracedRun* TracedRun::start(const RunSpec& spec) {
  const TraceLevel level = level_of(spec);
  if (level == TraceLevel::none) return nullptr;
  auto* traced = new TracedRun(level);
  if (spec.require_cupti && !traced->tracer_.tracing())
    throw could_not_measure("--require-cupti: " + traced->tracer_.first_problem());
  return traced;
}

void TracedRun::begin(Recorder& recorder, at::Device device) {
  device_ = device;
  recorder.note_sample(device, SampleMoment::before_context, before_context_);
  {
    const Tracer::OwnWork own(&tracer_);
    make_context(device.index());
  }
  recorder.sample(device, SampleMoment::traced);
}

void TracedRun::end(Recorder& recorder) {
  recorder.sample(device_, SampleMoment::end);
  tracer_.stop({device_.index()});
  end_ns_ = tracer_.clock().now_ns();
}

void TracedRun::join(Recording& recording) const {
  DeviceActivity activity = tracer_.summary(device_.index());
  activity.samples = std::move(recording.activity.samples);
  recording.activity = std::move(activity);
  join_activity(rows_, tables_, {.start_realtime_ns = tracer_.clock().start_realtime_ns(), .end_ns = end_ns_},
                recording);
}

}  // namespace headroom::profiler
