#include "profiler/recorder.h"

#include <c10/util/hash.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <stdexcept>

#include "profiler/cuda.h"
#include "profiler/dtype_name.h"

namespace headroom::profiler {
namespace {

std::uint64_t address_of(const void* pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

}  // namespace

// Torch asks for this object on the threads that carry it.
class Recorder::Reporter : public c10::MemoryReportingInfoBase {
 public:
  explicit Reporter(Recorder& recorder) : recorder_(&recorder) {}

  void reportMemoryUsage(void* pointer, std::int64_t bytes, std::size_t total_allocated, std::size_t,
                         at::Device device) override {
    if (device != recorder_->device_) return;
    if (device.is_cpu())
      recorder_->on_cpu(address_of(pointer), bytes, static_cast<std::int64_t>(total_allocated));
    else if (bytes > 0)
      recorder_->on_cuda_block(address_of(pointer), bytes);
  }

  void reportOutOfMemory(std::int64_t bytes, std::size_t, std::size_t, at::Device device) override {
    if (device.is_cpu() && device == recorder_->device_)
      recorder_->on_out_of_memory(bytes, sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE));
  }

  bool memoryProfilingEnabled() const override { return true; }

 private:
  Recorder* recorder_;
};

// The trace cannot be detached, so it is attached once for each device and speaks to the recorder of the moment.
class Recorder::CudaTrace {
 public:
  static void attach(Recorder& recorder) {
    static std::vector<bool> attached(64, false);
    current.store(&recorder);
    const auto index = recorder.device_.index();
    if (attached.at(static_cast<std::size_t>(index))) return;
    attached[static_cast<std::size_t>(index)] = true;
    cuda::listen(index, [index](const cuda::AllocatorEvent& event) {
      Recorder* now = current.load();
      if (now != nullptr && now->device_.index() == index) deliver(*now, event);
    });
  }
  static void detach() { current.store(nullptr); }

 private:
  static void deliver(Recorder& recorder, const cuda::AllocatorEvent& event) {
    using Kind = cuda::AllocatorEvent::Kind;
    switch (event.kind) {
      case Kind::alloc:
        return recorder.on_cuda_alloc(event.address, event.bytes);
      case Kind::free:
        return recorder.on_cuda_free(event.address);
      case Kind::segment_alloc:
        return recorder.on_segment(Action::segment_alloc, event.address, event.bytes);
      case Kind::segment_free:
        return recorder.on_segment(Action::segment_free, event.address, event.bytes);
      case Kind::out_of_memory:
        return recorder.on_out_of_memory(event.bytes, static_cast<std::int64_t>(event.address));
    }
  }
  static inline std::atomic<Recorder*> current{nullptr};
};

Recorder::Recorder(at::Device device)
    : device_(device), start_(std::chrono::steady_clock::now()), attribution_(strings_, *this) {
  if (device_.is_cuda()) CudaTrace::attach(*this);
  debug_info_.emplace(c10::DebugInfoKind::PROFILER_STATE, std::make_shared<Reporter>(*this));
  log_.begin_phase(0, Phase::build, 0);
}

Recorder::~Recorder() {
  recording_ = false;
  if (device_.is_cuda()) CudaTrace::detach();
}

std::int64_t Recorder::now_ns() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start_).count();
}

void Recorder::begin_phase(Phase phase, std::int32_t step) {
  const std::lock_guard lock(mutex_);
  if (recording_) log_.begin_phase(now_ns(), phase, step);
}

void Recorder::on_cpu(std::uint64_t address, std::int64_t bytes, std::int64_t total_bytes) {
  const std::lock_guard lock(mutex_);
  if (!recording_) return;
  if (bytes > 0) {
    // A live block at this address: its free happened on a thread that reports nothing.
    if (log_.live_at(address) && log_.free(now_ns(), address)) ++dropped_event_count_;
    log_.alloc(now_ns(), address, bytes, bytes, attribution_.place());
  } else {
    log_.free(now_ns(), address);
  }
  // Torch's total goes on from the last recorder of the process, if there was one.
  if (!cpu_total_before_) cpu_total_before_ = total_bytes - bytes;
  stats_.final_allocated_bytes = total_bytes - *cpu_total_before_;
  stats_.peak_allocated_bytes = std::max(stats_.peak_allocated_bytes, stats_.final_allocated_bytes);
}

void Recorder::on_cuda_alloc(std::uint64_t address, std::int64_t requested_bytes) {
  const std::lock_guard lock(mutex_);
  if (recording_) log_.alloc(now_ns(), address, requested_bytes, 0, attribution_.place());
}

void Recorder::on_cuda_block(std::uint64_t address, std::int64_t block_bytes) {
  const std::lock_guard lock(mutex_);
  if (!recording_) return;
  if (const auto row = log_.live_at(address)) log_.set_block_bytes(*row, block_bytes);
}

void Recorder::on_cuda_free(std::uint64_t address) {
  const std::lock_guard lock(mutex_);
  if (!recording_) return;
  if (const auto row = log_.live_at(address)) measure_block(*row);
  log_.free(now_ns(), address);
}

void Recorder::on_segment(Action action, std::uint64_t address, std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (!recording_) return;
  if (action == Action::segment_alloc)
    log_.segment_alloc(now_ns(), address, bytes);
  else
    log_.segment_free(now_ns(), address, bytes);
}

void Recorder::on_out_of_memory(std::int64_t request_bytes, std::int64_t free_bytes) {
  const std::lock_guard lock(mutex_);
  if (!recording_) return;
  out_of_memory_ = {request_bytes, free_bytes, log_.totals(), log_.phase(), attribution_.place().layer};
  if (device_.is_cuda()) stats_ = cuda::allocator_stats(device_.index());
  recording_ = false;
}

void Recorder::measure_block(EventLog::Row row) {
  if (log_.block_bytes(row) != 0) return;
  const auto bytes = cuda::block_bytes(device_.index(), log_.events().address[row]);
  if (bytes >= 0) log_.set_block_bytes(row, bytes);
}

void Recorder::on_output(const at::Tensor& tensor) {
  if (!tensor.defined() || !tensor.has_storage() || tensor.device() != device_) return;
  const std::lock_guard lock(mutex_);
  const auto row = log_.live_at(address_of(tensor.storage().data_ptr().get_context()));
  if (row && !log_.has_tensor(*row)) log_.set_tensor(*row, describe(tensor));
}

std::optional<EventLog::Row> Recorder::row_of(const at::Tensor& tensor) const {
  if (!tensor.defined() || !tensor.has_storage() || tensor.device() != device_) return std::nullopt;
  if (const auto row = log_.live_at(address_of(tensor.storage().data_ptr().get_context()))) return row;
  return log_.live_containing(address_of(tensor.storage().data_ptr().get()));
}

void Recorder::tag(const at::Tensor& tensor, Category category) {
  const std::lock_guard lock(mutex_);
  const auto row = row_of(tensor);
  if (!row) return;
  log_.set_category(*row, category);
  if (!log_.has_tensor(*row)) log_.set_tensor(*row, describe(tensor));
}

void Recorder::tag(const at::Tensor& tensor, Category category, LayerId layer) {
  tag(tensor, category);
  const std::lock_guard lock(mutex_);
  if (const auto row = row_of(tensor)) log_.set_layer(*row, layer);
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
  return log_.totals().allocated_bytes;
}

void Recorder::stop() {
  debug_info_.reset();
  const bool was_recording = recording_.exchange(false);
  if (!device_.is_cuda() || !was_recording) return;
  for (const EventLog::Row row : log_.live_rows()) measure_block(row);
  stats_ = cuda::allocator_stats(device_.index());
}

AllocatorStats Recorder::stats() const {
  AllocatorStats stats = stats_;
  if (device_.is_cpu()) {
    stats.peak_requested_bytes = stats.peak_reserved_bytes = stats.peak_allocated_bytes;
    stats.final_reserved_bytes = stats.final_allocated_bytes;
  }
  return stats;
}

void Recorder::take(Recording& recording) {
  recording.stats = stats();
  recording.strings = std::move(strings_).take();
  recording.events = std::move(log_).take_events();
  recording.marks = std::move(log_).take_marks();
  recording.dropped_event_count = dropped_event_count_;
}

}  // namespace headroom::profiler
