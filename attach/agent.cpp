#include "attach/agent.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <pthread.h>

#include "base/error.h"
#include "profiler/cuda.h"
#include "profiler/device.h"
#include "profiler/device_memory.h"
#include "recording/document.h"

namespace headroom::attach {
namespace {

std::atomic<Agent*> the_agent{nullptr};

void forget_in_child() {
  if (Agent* agent = the_agent.exchange(nullptr)) agent->forget_process();
}

}  // namespace

Agent::Agent(Settings settings)
    : settings_(std::move(settings)),
      frames_(settings_.hidden_folders),
      journals_(settings_.folder, [this](c10::Device device) { return opening(device); }),
      recorder_(
          {.every_thread = true,
           .on_string =
               [this](const std::string& text) {
                 journals_.note({{"string", text}});
               },
           .on_out_of_memory = [this](c10::Device device,
                                      const profiler::OutOfMemory& failure) { on_out_of_memory(device, failure); },
           .on_sample = [this](c10::Device device,
                               const DriverMemorySample& sample) { journals_.note(device, sample_note(sample)); }}),
      host_reads_(settings_.values, [this](int device, const Json& note) {
        journals_.note(c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(device)), note);
      }) {
  the_agent = this;
  pthread_atfork(nullptr, nullptr, &forget_in_child);
  if (settings_.source_lines)
    recorder_.attribution().set_line_source([this] {
      const auto lines = frames_.lines(1);
      return lines.empty() ? StringId::none : recorder_.intern(lines.front());
    });
}

Agent* Agent::current() { return the_agent; }

Json Agent::opening(c10::Device device) const {
  const profiler::Tracer::OwnWork own(tracer_);
  Environment environment = profiler::describe_environment(device);
  environment.torch_version = settings_.torch_version;
  return {{"device", settings_.device},
          {"program", settings_.program},
          {"environment", environment_document(environment)},
          {"start_realtime_ns", recorder_.clock().start_realtime_ns()}};
}

void Agent::attach_cpu() { recorder_.add(c10::kCPU, journals_.rows(c10::kCPU)); }

void Agent::forget_process() {
  recorder_.forget_process();
  if (tracer_) tracer_->forget_process();
}

void Agent::ask_before_tracing(SampleMoment moment, std::optional<profiler::DeviceMemory> (*ask)(c10::DeviceIndex)) {
  for (c10::DeviceIndex index = 0; index < profiler::cuda::device_count(); ++index)
    early_samples_.push_back({c10::Device(c10::kCUDA, index), moment, ask(index)});
}

void Agent::start_tracing() {
  if (tracer_ || settings_.trace == TraceLevel::none) return;
  const bool late = profiler::cuda::is_initialized();
  if (late) ask_before_tracing(SampleMoment::before_tracing, profiler::ask_driver);
  tracer_ = new profiler::Tracer(
      settings_.trace,
      [this](c10::DeviceIndex index, std::span<const ActivityRow> rows, const ActivityTables& tables) {
        journals_.append_activity(c10::Device(c10::kCUDA, index), rows, tables);
      },
      profiler::Tracer::Drains::at_phases);
  if (settings_.require_cupti && !tracer_->tracing())
    throw could_not_measure("--require-cupti: " + tracer_->first_problem());
  const profiler::Tracer::OwnWork own(tracer_);
  if (!late) ask_before_tracing(SampleMoment::before_context, profiler::ask_management_library);
}

// A context is made only where no other device can be meant: each takes memory.
void Agent::sample_traced(int device_count) {
  if (device_count == 1) {
    const profiler::Tracer::OwnWork own(tracer_);
    profiler::make_context(0);
  }
  for (c10::DeviceIndex index = 0; index < device_count; ++index)
    recorder_.sample(c10::Device(c10::kCUDA, index), SampleMoment::traced);
}

void Agent::attach_cuda() {
  start_tracing();
  for (int index = 0, count = profiler::cuda::adopt(); index < count; ++index) {
    const c10::Device device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
    recorder_.add(device, journals_.rows(device));
  }
  if (tracer_) {
    recorder_.trace_with(tracer_);
    for (const EarlySample& sample : early_samples_) recorder_.note_sample(sample.device, sample.moment, sample.memory);
    sample_traced(profiler::cuda::device_count());
  }
  const auto listen = reinterpret_cast<decltype(&headroom_virtual_gpu_on_host_read)>(
      dlsym(RTLD_DEFAULT, "headroom_virtual_gpu_on_host_read"));
  if (listen)
    listen([](const headroom_virtual_gpu_host_read* read) {
      if (Agent* agent = the_agent) agent->on_host_read(*read);
    });
}

void Agent::on_host_read(const headroom_virtual_gpu_host_read& read) {
  const profiler::RunningOperator running = recorder_.attribution().running_operator();
  const auto text = [](const char* name) { return std::string(name ? name : ""); };
  const std::size_t depth = settings_.values.empty() ? 1 : 32;
  host_reads_.on_read({read.destination, read.bytes, read.device, text(running.outermost), text(running.innermost),
                       running.read_type, frames_.lines(depth), recorder_.attribution().layer()});
}

void Agent::on_out_of_memory(c10::Device device, const profiler::OutOfMemory& failure) {
  Outcome outcome;
  outcome.kind = OutcomeKind::oom;
  outcome.message = fmt::format("out of memory: the allocator could not serve {} bytes", failure.request_bytes);
  outcome.failed_request_bytes = failure.request_bytes;
  outcome.free_bytes = failure.free_bytes;
  outcome.allocated_bytes = failure.totals.allocated_bytes;
  outcome.reserved_bytes = device.is_cuda() ? failure.totals.reserved_bytes : failure.totals.allocated_bytes;
  outcome.phase = to_name(kPhaseNames, failure.phase);
  journals_.note(device, {{"oom", outcome_document(outcome)},
                          {"layer_id", static_cast<std::uint32_t>(failure.layer)},
                          {"row", journals_.row_count(device)}});
}

void Agent::note_virtual_assumptions() {
  for (const std::string& sentence : profiler::cuda::virtual_assumptions(profiler::cuda::HostReads::left_out)) {
    const std::string key = sentence.substr(0, sentence.find(" was called"));
    std::string& noted = virtual_assumptions_[key];
    if (noted != sentence) journals_.note({{"assumption", sentence}, {"key", key}});
    noted = sentence;
  }
}

void Agent::begin_phase(Phase phase, std::int32_t step) {
  recorder_.begin_phase(phase, step);
  if (step != step_) note_virtual_assumptions();  // what a killed program leaves has them, too
  step_ = step;
  if (tracer_) note_activity();
}

// What a killed program leaves says what was traced, too.
void Agent::note_activity() {
  for (const c10::Device device : journals_.devices()) {
    if (!device.is_cuda()) continue;
    Json note = activity_note(tracer_->summary(device.index()));
    Json& noted = activity_notes_[device.index()];
    if (noted == note) continue;
    journals_.note(device, note);
    noted = std::move(note);
  }
}

void Agent::pause_tracing() {
  if (tracer_)
    tracer_->pause(
        "torch.profiler was used by the program: it had CUPTI meanwhile, and what the device did then is not in "
        "this trace.");
}

void Agent::resume_tracing() {
  if (tracer_) tracer_->resume();
}

void Agent::stop_tracing() {
  std::vector<c10::DeviceIndex> indices;
  for (const c10::Device device : journals_.devices()) {
    if (!device.is_cuda()) continue;
    indices.push_back(device.index());
    recorder_.sample(device, SampleMoment::end);
  }
  tracer_->stop(indices);
  note_activity();
}

void Agent::finish() {
  if (finished_) return;
  finished_ = true;
  host_reads_.finish();
  note_virtual_assumptions();
  if (tracer_) stop_tracing();
  recorder_.stop();
  for (const c10::Device device : journals_.devices()) {
    if (!device.is_cuda()) continue;
    const AllocatorStats stats = profiler::cuda::allocator_stats(device.index());
    journals_.note(
        device,
        {{"end", {{"allocated_bytes", stats.final_allocated_bytes}, {"reserved_bytes", stats.final_reserved_bytes}}}});
  }
}

}  // namespace headroom::attach
