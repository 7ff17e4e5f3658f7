#include "profiler/recorder.h"

#include <c10/util/hash.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/profiler/orchestration/observer.h>
#include <unistd.h>

#include <stdexcept>

#include "profiler/cuda.h"
#include "profiler/dtype_name.h"

namespace headroom::profiler {
namespace {

std::uint64_t address_of(const void* pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

// The memory behind a tensor. Asked without Torch's own checks, which throw where it is gone (an output of a CUDA graph that has
// run again) or never was (functional and fake tensors): an observer must not.
struct Block {
  std::uint64_t address = 0;  // as the allocator gave it; 0: none
  std::uint64_t data = 0;
};

Block block_of(const at::Tensor& tensor) {
  c10::StorageImpl* storage = tensor.unsafeGetTensorImpl()->unsafe_storage().unsafeGetStorageImpl();
  if (storage == nullptr) return {};
  const c10::DataPtr& memory = storage->_mutable_data_ptr_no_checks();
  return {address_of(memory.get_context()), address_of(memory.get())};
}

// Of Recorder::by_device_; past its end for devices that are not recorded.
std::size_t slot_of(at::Device device) {
  if (device.is_cpu()) return 0;
  return device.is_cuda() && device.index() >= 0 ? static_cast<std::size_t>(device.index()) + 1 : 65;
}

}  // namespace

// Torch asks for this object on the threads that carry it. What stands in this place is taken for the state of Torch's own
// profiler, so it is one, of a profiler that is disabled.
class Recorder::Reporter : public torch::profiler::impl::ProfilerStateBase {
 public:
  explicit Reporter(Recorder& recorder)
      : ProfilerStateBase(torch::profiler::impl::ProfilerConfig(torch::profiler::impl::ProfilerState::Disabled)),
        recorder_(&recorder) {}

  void reportMemoryUsage(void* pointer, std::int64_t bytes, std::size_t total_allocated, std::size_t,
                         at::Device device) override {
    if (!recorder_->recording_) return;
    if (device.is_cpu())
      recorder_->on_cpu(address_of(pointer), bytes, static_cast<std::int64_t>(total_allocated));
    else if (bytes > 0)
      recorder_->on_cuda_block(device, address_of(pointer), bytes);
  }

  void reportOutOfMemory(std::int64_t bytes, std::size_t, std::size_t, at::Device device) override {
    DeviceLog* log = recorder_->recording_ && device.is_cpu() ? recorder_->log_of(device) : nullptr;
    if (log) recorder_->on_out_of_memory(*log, bytes, sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE));
  }

  bool memoryProfilingEnabled() const override { return true; }
  torch::profiler::impl::ActiveProfilerType profilerType() override {
    return torch::profiler::impl::ActiveProfilerType::NONE;
  }

 private:
  Recorder* recorder_;
};

// The trace cannot be detached, so it is attached once for each device and speaks to the recorder of the moment.
class Recorder::CudaTrace {
 public:
  static void attach(Recorder& recorder, c10::DeviceIndex index) {
    static std::vector<bool> attached(64, false);
    current.store(&recorder);
    if (attached.at(static_cast<std::size_t>(index))) return;
    attached[static_cast<std::size_t>(index)] = true;
    cuda::listen(index, [index](const cuda::AllocatorEvent& event) {
      Recorder* now = current.load();
      if (now == nullptr || !now->recording_) return;
      if (DeviceLog* log = now->log_of(at::Device(at::kCUDA, index))) deliver(*now, *log, event);
    });
  }
  static void detach() { current.store(nullptr); }

 private:
  static void deliver(Recorder& recorder, DeviceLog& log, const cuda::AllocatorEvent& event) {
    using Kind = cuda::AllocatorEvent::Kind;
    switch (event.kind) {
      case Kind::alloc:
        return recorder.on_cuda_alloc(log, event);
      case Kind::free:
        return recorder.on_cuda_free(log, event.address);
      case Kind::returned:
        return recorder.on_cuda_return(log, event.address);
      case Kind::segment_alloc:
        return recorder.on_segment_alloc(log, event);
      case Kind::segment_free:
        return recorder.on_segment_free(log, event);
      case Kind::out_of_memory:
        return recorder.on_out_of_memory(log, event.bytes, static_cast<std::int64_t>(event.address));
    }
  }
  static inline std::atomic<Recorder*> current{nullptr};
};

Recorder::Recorder(Options options)
    : options_(std::move(options)),
      clock_(options_.tracer ? options_.tracer->clock() : RunClock()),
      tracer_(options_.tracer),
      strings_(options_.on_string),
      attribution_(strings_, *this),
      reporter_(std::make_shared<Reporter>(*this)) {
  if (options_.tracer) trace_with(options_.tracer);
  if (options_.on_place) attribution_.tell_places();
  if (options_.every_thread)
    on_operator();
  else
    debug_info_.emplace(c10::DebugInfoKind::PROFILER_STATE, reporter_);
}

Recorder::~Recorder() {
  recording_ = false;
  CudaTrace::detach();
}

void Recorder::add(at::Device device, std::unique_ptr<Rows> rows) {
  auto log = std::make_unique<DeviceLog>(DeviceLog{device, EventLog(std::move(rows))});
  {
    const std::lock_guard lock(mutex_);
    log->log.begin_phase(now_ns(), phase_, step_);
    by_device_.at(slot_of(device)) = log.get();
    logs_.push_back(std::move(log));
  }
  if (device.is_cuda()) CudaTrace::attach(*this, device.index());
}

Recorder::DeviceLog* Recorder::log_of(at::Device device) const {
  const std::size_t slot = slot_of(device);
  return slot < by_device_.size() ? by_device_[slot].load() : nullptr;
}

void Recorder::begin_phase(Phase phase, std::int32_t step) {
  if (!recording_) return;
  Tracer* const tracer = tracer_;
  {
    const std::lock_guard lock(mutex_);
    phase_ = phase;
    step_ = step;
    time_ = tracing::pack({.phase = phase, .step = step});
    for (const auto& log : logs_) {
      if (!log->recording) continue;
      log->log.begin_phase(now_ns(), phase, step);
      if (tracer && log->sampled_reserved_bytes > 0) keep_sample(*log, SampleMoment::phase, ask(log->device));
    }
  }
  attribution_.tell_place();
  if (tracer) tracer->phase_begins();
}

void Recorder::trace_with(Tracer* tracer) {
  tracer_ = tracer;
  attribution_.tell_places();
  attribution_.tell_place();
}

void Recorder::on_place(LayerId layer) {
  tracing::Context place = tracing::unpack(time_.load(std::memory_order_relaxed));
  place.layer = layer;
  if (Tracer* tracer = tracer_.load(std::memory_order_relaxed); tracer && recording_) tracer->set_place(place);
  if (options_.on_place && recording_) options_.on_place(layer, place.phase);
}

std::optional<DeviceMemory> Recorder::ask(at::Device device) const {
  if (tracer_ == nullptr || !device.is_cuda()) return std::nullopt;
  const Tracer::OwnWork own(tracer_);
  return ask_driver(device.index());
}

void Recorder::sample(at::Device device, SampleMoment moment) { note_sample(device, moment, ask(device)); }

void Recorder::note_sample(at::Device device, SampleMoment moment, const std::optional<DeviceMemory>& memory) {
  const std::lock_guard lock(mutex_);
  if (DeviceLog* log = log_of(device)) keep_sample(*log, moment, memory);
}

void Recorder::keep_sample(DeviceLog& log, SampleMoment moment, const std::optional<DeviceMemory>& memory) {
  if (!memory) return;
  const DriverMemorySample sample{moment, now_ns(), static_cast<std::int64_t>(log.log.size()), memory->used_bytes,
                                  memory->total_bytes};
  if (options_.on_sample)
    options_.on_sample(log.device, sample);
  else
    log.samples.push_back(sample);
}

void Recorder::sample_new_maximum(DeviceLog& log) {
  if (tracer_ == nullptr || log.log.totals().reserved_bytes <= log.sampled_reserved_bytes) return;
  log.sampled_reserved_bytes = log.log.totals().reserved_bytes;
  keep_sample(log, SampleMoment::reserved, ask(log.device));
}

StringId Recorder::intern(std::string_view text) {
  const std::lock_guard lock(mutex_);
  return strings_.intern(text);
}

void Recorder::on_cpu(std::uint64_t address, std::int64_t bytes, std::int64_t total_bytes) {
  DeviceLog* const cpu = log_of(at::kCPU);
  if (cpu == nullptr) return;
  const std::lock_guard lock(mutex_);
  if (!cpu->recording) return;
  if (bytes > 0) {
    // A live block at this address: its free happened on a thread that reports nothing.
    if (cpu->log.live_at(address) && cpu->log.free(now_ns(), address)) ++cpu->dropped_event_count;
    cpu->log.alloc(now_ns(), address, bytes, bytes, attribution_.place());
  } else {
    cpu->log.free(now_ns(), address);
  }
  // Torch's total goes on from the last recorder of the process, if there was one.
  if (!cpu->cpu_total_before) cpu->cpu_total_before = total_bytes - bytes;
  cpu->stats.final_allocated_bytes = total_bytes - *cpu->cpu_total_before;
  cpu->stats.peak_allocated_bytes = std::max(cpu->stats.peak_allocated_bytes, cpu->stats.final_allocated_bytes);
}

Lane Recorder::lane_of(DeviceLog& log, const cuda::AllocatorEvent& event) {
  return {static_cast<std::uint8_t>(std::min<std::size_t>(log.streams.of(event.stream), 255)),
          static_cast<std::int32_t>(log.pools.of(event.pool))};
}

void Recorder::on_cuda_alloc(DeviceLog& log, const cuda::AllocatorEvent& event) {
  on_operator();  // so that this thread reports the block's size
  const std::lock_guard lock(mutex_);
  if (log.recording) log.log.alloc(now_ns(), event.address, event.bytes, 0, attribution_.place(), lane_of(log, event));
}

void Recorder::on_cuda_block(at::Device device, std::uint64_t address, std::int64_t block_bytes) {
  DeviceLog* log = log_of(device);
  if (log == nullptr) return;
  const std::lock_guard lock(mutex_);
  if (!log->recording) return;
  if (const auto row = log->log.live_at(address)) log->log.set_block_bytes(*row, block_bytes);
}

void Recorder::on_cuda_free(DeviceLog& log, std::uint64_t address) {
  const std::lock_guard lock(mutex_);
  if (!log.recording) return;
  // The allocator would take the locks of all devices, which other threads may hold.
  const bool may_measure = logs_.size() == 1;
  if (const auto row = log.log.live_at(address); row && may_measure) measure_block(log, *row);
  log.log.free(now_ns(), address);
}

void Recorder::on_cuda_return(DeviceLog& log, std::uint64_t address) {
  const std::lock_guard lock(mutex_);
  if (log.recording) log.log.returned(now_ns(), address);
}

void Recorder::on_segment_alloc(DeviceLog& log, const cuda::AllocatorEvent& event) {
  const std::lock_guard lock(mutex_);
  if (!log.recording) return;
  log.log.segment_alloc(now_ns(), event.address, event.bytes, lane_of(log, event));
  sample_new_maximum(log);
}

void Recorder::on_segment_free(DeviceLog& log, const cuda::AllocatorEvent& event) {
  const std::lock_guard lock(mutex_);
  if (log.recording) log.log.segment_free(now_ns(), event.address, event.bytes);
}

void Recorder::on_out_of_memory(DeviceLog& log, std::int64_t request_bytes, std::int64_t free_bytes) {
  const std::lock_guard lock(mutex_);
  if (!log.recording) return;
  log.out_of_memory = {request_bytes, free_bytes, log.log.totals(), log.log.phase(), attribution_.layer()};
  if (options_.on_out_of_memory) return options_.on_out_of_memory(log.device, *log.out_of_memory);
  if (log.device.is_cuda()) log.stats = cuda::allocator_stats(log.device.index());
  log.recording = false;
}

void Recorder::measure_block(DeviceLog& log, EventLog::Row row) {
  if (log.log.at(row).block_bytes != 0) return;
  const auto bytes = cuda::block_bytes(log.device.index(), log.log.at(row).address);
  if (bytes >= 0) log.log.set_block_bytes(row, bytes);
}

void Recorder::on_operator() {
  if (options_.every_thread && recording_ && c10::ThreadLocalDebugInfo::get(c10::DebugInfoKind::PROFILER_STATE) == nullptr)
    c10::ThreadLocalDebugInfo::_push(c10::DebugInfoKind::PROFILER_STATE, reporter_);
}

void Recorder::leave_thread() {
  if (c10::ThreadLocalDebugInfo::get(c10::DebugInfoKind::PROFILER_STATE) == reporter_.get())
    c10::ThreadLocalDebugInfo::_pop(c10::DebugInfoKind::PROFILER_STATE);
}

void Recorder::on_output(const at::Tensor& tensor) {
  if (!recording_ || !tensor.defined() || !tensor.has_storage()) return;
  DeviceLog* log = log_of(tensor.device());
  if (log == nullptr) return;
  const std::lock_guard lock(mutex_);
  const auto row = log->log.live_at(block_of(tensor).address);
  if (row && !log->log.has_tensor(*row)) log->log.set_tensor(*row, describe(tensor));
}

void Recorder::on_copied_in(const at::Tensor& tensor) {
  if (!recording_ || !options_.every_thread || !tensor.defined() || !tensor.has_storage()) return;
  DeviceLog* log = log_of(tensor.device());
  if (log == nullptr || !log->device.is_cuda()) return;
  const std::lock_guard lock(mutex_);
  const auto row = row_of(*log, tensor);
  if (row && log->log.at(*row).category == static_cast<std::uint8_t>(Category::unresolved))
    log->log.set_category(*row, Category::input);
}

void Recorder::on_gradient(const at::Tensor& variable, const at::Tensor& gradient) {
  if (!recording_ || !gradient.defined() || !gradient.has_storage()) return;
  DeviceLog* log = log_of(gradient.device());
  if (log == nullptr) return;
  // A view into a larger buffer speaks for itself alone, not for the layers of the others.
  const bool symbolic = gradient.unsafeGetTensorImpl()->has_symbolic_sizes_strides();
  const bool whole = !symbolic && gradient.storage().nbytes() <= gradient.nbytes();
  const auto layer = whole ? attribution_.layer_of(variable.unsafeGetTensorImpl()) : std::nullopt;
  const std::lock_guard lock(mutex_);
  set(*log, gradient, Category::gradient, layer);
}

std::optional<EventLog::Row> Recorder::row_of(const DeviceLog& log, const at::Tensor& tensor) const {
  const Block block = block_of(tensor);
  if (const auto row = log.log.live_at(block.address)) return row;
  return block.data == 0 ? std::nullopt : log.log.live_containing(block.data);
}

void Recorder::set(DeviceLog& log, const at::Tensor& tensor, Category category, std::optional<LayerId> layer) {
  const auto row = row_of(log, tensor);
  if (!row) return;
  log.log.set_category(*row, category);
  if (layer) log.log.set_layer(*row, *layer);
  if (!log.log.has_tensor(*row)) log.log.set_tensor(*row, describe(tensor));
}

void Recorder::tag(const at::Tensor& tensor, Category category) {
  if (!recording_ || !tensor.defined() || !tensor.has_storage()) return;
  DeviceLog* log = log_of(tensor.device());
  if (log == nullptr) return;
  const std::lock_guard lock(mutex_);
  set(*log, tensor, category, std::nullopt);
}

void Recorder::tag(const at::Tensor& tensor, Category category, LayerId layer) {
  if (!recording_ || !tensor.defined() || !tensor.has_storage()) return;
  DeviceLog* log = log_of(tensor.device());
  if (log == nullptr) return;
  const std::lock_guard lock(mutex_);
  set(*log, tensor, category, layer);
}

void Recorder::tag(at::Device device, std::uint64_t address, Category category, std::optional<LayerId> layer,
                   std::string_view tensor) {
  DeviceLog* log = recording_ ? log_of(device) : nullptr;
  if (log == nullptr) return;
  const std::lock_guard lock(mutex_);
  const auto row = log->log.live_containing(address);
  if (!row) return;
  // What a layer made, or what is known already, is no input of the program, even where it is passed to a model.
  const JournalRow& known = log->log.at(*row);
  const bool unresolved = known.category == static_cast<std::uint8_t>(Category::unresolved);
  if (category == Category::input && (!unresolved || known.layer != 0)) return;
  log->log.set_category(*row, category);
  if (layer) log->log.set_layer(*row, *layer);
  if (!tensor.empty() && !log->log.has_tensor(*row)) log->log.set_tensor(*row, strings_.intern(tensor));
}

std::size_t Recorder::TensorKeyHash::operator()(const TensorKey& key) const {
  std::size_t hash = static_cast<std::size_t>(key.dtype);
  for (const std::int64_t size : key.sizes) hash = c10::hash_combine(hash, static_cast<std::size_t>(size));
  return hash;
}

StringId Recorder::describe(const at::Tensor& tensor) {
  TensorKey key{{tensor.sizes().begin(), tensor.sizes().end()}, tensor.scalar_type()};
  const auto known = tensor_texts_.find(key);
  if (known != tensor_texts_.end()) return known->second;
  const std::string text =
      fmt::format("[{}] {}", fmt::join(key.sizes.begin(), key.sizes.end(), ", "), dtype_name(key.dtype));
  return tensor_texts_.emplace(std::move(key), strings_.intern(text)).first->second;
}

std::int64_t Recorder::allocated_bytes() const {
  const std::lock_guard lock(mutex_);
  return logs_.front()->log.totals().allocated_bytes;
}

void Recorder::stop() {
  debug_info_.reset();
  if (!recording_.exchange(false)) return;
  for (const auto& log : logs_) {
    if (!log->device.is_cuda() || !log->recording) continue;
    for (const EventLog::Row row : log->log.live_rows()) measure_block(*log, row);
    log->stats = cuda::allocator_stats(log->device.index());
  }
}

void Recorder::forget_process() {
  recording_ = false;
  Attribution::forget_process();
}

AllocatorStats Recorder::stats() const {
  AllocatorStats stats = logs_.front()->stats;
  if (logs_.front()->device.is_cpu()) {
    stats.peak_requested_bytes = stats.peak_reserved_bytes = stats.peak_allocated_bytes;
    stats.final_reserved_bytes = stats.final_allocated_bytes;
  }
  return stats;
}

void Recorder::take_samples(const DeviceLog& log, Recording& recording) {
  std::vector<std::int64_t> events_before{0};
  for (EventLog::Row row = 0; row < log.log.size(); ++row)
    events_before.push_back(events_before.back() + (log.log.at(row).kind <= RowKind::segment_free ? 1 : 0));
  recording.activity.samples = log.samples;
  for (DriverMemorySample& sample : recording.activity.samples)
    sample.event = events_before[static_cast<std::size_t>(sample.event)];
}

void Recorder::take(Recording& recording) {
  recording.stats = stats();
  recording.strings = strings_.texts();
  logs_.front()->log.take(recording);
  take_samples(*logs_.front(), recording);
  recording.dropped_event_count = logs_.front()->dropped_event_count;
}

}  // namespace headroom::profiler
