// Recorder: every allocation of one device, with where it came from and what it is.
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

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "profiler/attribution.h"
#include "profiler/event_log.h"

namespace headroom::profiler {

// What the allocator said when it could not serve a request. Recording ends there: what unwinding frees is not an
// event.
struct OutOfMemory {
  std::int64_t request_bytes = 0;  // CUDA: rounded up to 512 as the allocator does before it looks
  std::int64_t free_bytes = 0;
  Totals totals;
  Phase phase{};
  LayerId layer{};
};

class Recorder : private TensorObserver {
 public:
  // Records from here on, on this thread and on the autograd threads it starts. CUDA must be open. One at a time.
  explicit Recorder(at::Device device);
  ~Recorder() override;

  Attribution& attribution() { return attribution_; }
  void begin_phase(Phase phase, std::int32_t step);

  // What the block that holds `tensor` is; blocks on other devices or from before the recording are left alone.
  void tag(const at::Tensor& tensor, Category category);
  void tag(const at::Tensor& tensor, Category category, LayerId layer);

  void stop();
  const std::optional<OutOfMemory>& out_of_memory() const { return out_of_memory_; }
  std::int64_t allocated_bytes() const;
  AllocatorStats stats() const;  // the allocator's own, as of stop()

  // After stop(): moves strings, events, marks and the count of dropped events into `recording`.
  void take(Recording& recording);

 private:
  class Reporter;
  class CudaTrace;

  void on_output(const at::Tensor& tensor) override;
  void on_cpu(std::uint64_t address, std::int64_t bytes, std::int64_t total_bytes);
  void on_cuda_alloc(std::uint64_t address, std::int64_t requested_bytes);
  void on_cuda_free(std::uint64_t address);
  void on_cuda_block(std::uint64_t address, std::int64_t block_bytes);
  void on_segment(Action action, std::uint64_t address, std::int64_t bytes);
  void on_out_of_memory(std::int64_t request_bytes, std::int64_t free_bytes);
  void measure_block(EventLog::Row row);
  std::optional<EventLog::Row> row_of(const at::Tensor& tensor) const;
  StringId describe(const at::Tensor& tensor);
  std::int64_t now_ns() const;

  struct TensorKey {
    c10::SmallVector<std::int64_t, 6> sizes;
    at::ScalarType dtype;
    bool operator==(const TensorKey& other) const { return dtype == other.dtype && sizes == other.sizes; }
  };
  struct TensorKeyHash {
    std::size_t operator()(const TensorKey& key) const;
  };

  const at::Device device_;
  const std::chrono::steady_clock::time_point start_;
  mutable std::mutex mutex_;
  StringTable strings_;
  EventLog log_;
  Attribution attribution_;
  std::unordered_map<TensorKey, StringId, TensorKeyHash> tensor_texts_;
  std::atomic<bool> recording_{true};
  std::optional<OutOfMemory> out_of_memory_;
  AllocatorStats stats_;
  std::optional<std::int64_t> cpu_total_before_;
  std::int64_t dropped_event_count_ = 0;
  std::optional<c10::DebugInfoGuard> debug_info_;
};

}  // namespace headroom::profiler
