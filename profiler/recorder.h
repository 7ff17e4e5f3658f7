// Recorder: every allocation of some devices, with where it came from and what it is.
//
// CPU: Torch's allocator reports each block of a thread that carries the recorder as its debug info (autograd hands it
// on to its threads); requested and block bytes are the same. CUDA: the caching allocator's own trace gives every event
// of every thread with the requested bytes, and the report that follows on the same thread gives the block's; where a
// thread reports nothing, the block's size is read from the allocator before it can change. So the sums are exact
// whichever thread allocates or frees.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "profiler/attribution.h"
#include "profiler/cuda.h"
#include "profiler/device_memory.h"
#include "profiler/event_log.h"
#include "profiler/tracer.h"

namespace headroom::profiler {

// What the allocator said when it could not serve a request.
struct OutOfMemory {
  std::int64_t request_bytes = 0;  // CUDA: rounded up to 512 as the allocator does before it looks
  std::int64_t free_bytes = 0;
  Totals totals;
  Phase phase{};
  LayerId layer{};
};

class Recorder : private TensorObserver {
 public:
  struct Options {
    bool every_thread = false;  // each thread that runs an operator carries the recorder from then on
    std::function<void(const std::string&)> on_string;  // hears of every new text; under the recorder's lock
    // Hears when memory runs out, under the recorder's and the allocator's lock. Without it recording ends there: what
    // unwinding frees is not an event.
    std::function<void(at::Device, const OutOfMemory&)> on_out_of_memory;
    // Is told where threads are, and gives the clock; the driver's memory is sampled then. nullptr: nothing is traced.
    Tracer* tracer = nullptr;
    // Is told where threads are, too; while recording, without locks, from any thread.
    std::function<void(LayerId, Phase)> on_place;
    // Hears of each sample, under the recorder's lock; its event is a number of rows. Without it they are kept for take().
    std::function<void(at::Device, const DriverMemorySample&)> on_sample;
  };

  // One at a time. Records nothing until it is given a device.
  explicit Recorder(Options options);
  // Records `device` from here on, on this thread and on the autograd threads it starts.
  explicit Recorder(at::Device device) : Recorder(Options{}) { add(device); }
  ~Recorder() override;

  // CUDA must be open. Several threads may be at work already.
  void add(at::Device device, std::unique_ptr<Rows> rows = std::make_unique<RowsInMemory>());

  Attribution& attribution() { return attribution_; }
  void begin_phase(Phase phase, std::int32_t step);
  StringId intern(std::string_view text);
  const RunClock& clock() const { return clock_; }

  // From here on threads are told to `tracer`, and the driver's memory is sampled: for a tracer that comes late.
  void trace_with(Tracer* tracer);
  // What the driver says is used of the device; nothing where it does not say or nothing is traced.
  void sample(at::Device device, SampleMoment moment);
  void note_sample(at::Device device, SampleMoment moment, const std::optional<DeviceMemory>& memory);

  // What the block that holds `tensor` is; blocks on other devices or from before the recording are left alone.
  void tag(const at::Tensor& tensor, Category category);
  void tag(const at::Tensor& tensor, Category category, LayerId layer);
  // The same by an address in device memory; `tensor` describes it, where nothing did yet.
  void tag(at::Device device, std::uint64_t address, Category category, std::optional<LayerId> layer,
           std::string_view tensor = {});

  // The calling thread no longer carries the recorder: another profiler wants its place, and keeps it until it ends.
  void leave_thread();
  void stop();
  // The child of a fork: nothing that it does is recorded, and no lock is taken any more.
  void forget_process();

  // Of the first device.
  const std::optional<OutOfMemory>& out_of_memory() const { return logs_.front()->out_of_memory; }
  std::int64_t allocated_bytes() const;
  AllocatorStats stats() const;  // the allocator's own, as of stop()
  // After stop(): moves strings, events, marks and the count of dropped events into `recording`.
  void take(Recording& recording);

 private:
  class Reporter;
  class CudaTrace;

  // What the driver and PyTorch call by handles, by number in order of first use; 0 stands for `none`.
  template <class Handle>
  class Numbers {
   public:
    std::size_t of(const Handle& handle) {
      return handle == Handle{} ? 0 : numbers_.try_emplace(handle, numbers_.size() + 1).first->second;
    }

   private:
    std::map<Handle, std::size_t> numbers_;
  };

  struct DeviceLog {
    at::Device device;
    EventLog log;
    std::optional<OutOfMemory> out_of_memory;
    AllocatorStats stats;
    std::optional<std::int64_t> cpu_total_before;
    std::int64_t dropped_event_count = 0;
    std::int64_t sampled_reserved_bytes = 0;  // the most so far
    std::vector<DriverMemorySample> samples;
    bool recording = true;
    Numbers<const void*> streams;
    Numbers<std::pair<std::uint64_t, std::uint64_t>> pools;
  };

  void on_output(const at::Tensor& tensor) override;
  void on_copied_in(const at::Tensor& tensor) override;
  void on_gradient(const at::Tensor& variable, const at::Tensor& gradient) override;
  void on_operator() override;
  void on_place(LayerId layer) override;
  std::optional<DeviceMemory> ask(at::Device device) const;
  void keep_sample(DeviceLog& log, SampleMoment moment, const std::optional<DeviceMemory>& memory);
  void sample_new_maximum(DeviceLog& log);
  static void take_samples(const DeviceLog& log, Recording& recording);
  DeviceLog* log_of(at::Device device) const;  // nullptr: not recorded
  void on_cpu(std::uint64_t address, std::int64_t bytes, std::int64_t total_bytes);
  void on_cuda_alloc(DeviceLog& log, const cuda::AllocatorEvent& event);
  void on_cuda_free(DeviceLog& log, std::uint64_t address);
  void on_cuda_return(DeviceLog& log, std::uint64_t address);
  void on_cuda_block(at::Device device, std::uint64_t address, std::int64_t block_bytes);
  void on_segment_alloc(DeviceLog& log, const cuda::AllocatorEvent& event);
  void on_segment_free(DeviceLog& log, const cuda::AllocatorEvent& event);
  void on_out_of_memory(DeviceLog& log, std::int64_t request_bytes, std::int64_t free_bytes);
  void measure_block(DeviceLog& log, EventLog::Row row);
  static Lane lane_of(DeviceLog& log, const cuda::AllocatorEvent& event);
  std::optional<EventLog::Row> row_of(const DeviceLog& log, const at::Tensor& tensor) const;
  void set(DeviceLog& log, const at::Tensor& tensor, Category category, std::optional<LayerId> layer);
  StringId describe(const at::Tensor& tensor);
  std::int64_t now_ns() const { return clock_.now_ns(); }

  struct TensorKey {
    c10::SmallVector<std::int64_t, 6> sizes;
    at::ScalarType dtype;
    bool operator==(const TensorKey& other) const { return dtype == other.dtype && sizes == other.sizes; }
  };
  struct TensorKeyHash {
    std::size_t operator()(const TensorKey& key) const;
  };

  const Options options_;
  const RunClock clock_;
  std::atomic<Tracer*> tracer_;
  mutable std::mutex mutex_;
  StringTable strings_;
  std::vector<std::unique_ptr<DeviceLog>> logs_;
  std::array<std::atomic<DeviceLog*>, 65> by_device_{};  // the CPU, then CUDA devices
  Attribution attribution_;
  std::unordered_map<TensorKey, StringId, TensorKeyHash> tensor_texts_;
  std::atomic<bool> recording_{true};
  Phase phase_ = Phase::build;
  std::int32_t step_ = 0;
  std::atomic<std::uint64_t> time_{tracing::pack({})};  // its phase and step, for threads without the lock
  std::shared_ptr<Reporter> reporter_;
  std::optional<c10::DebugInfoGuard> debug_info_;
};

}  // namespace headroom::profiler
