// What happens on the virtual GPU, told to one listener as it happens: libcupti of the virtual GPU (libraries/cupti).
//
// While nobody listens, a call costs one relaxed load. Every function of a listener is called on the thread that does
// the work and outside every lock of the runtime, so it may lock, allocate and call back into user code. Times are
// CLOCK_REALTIME in nanoseconds, as CUPTI gives them. Kernels take no time: their end is their start, unless they are
// made to spin (core/clock.h). Ids are unique in the process and begin at 1; 0 means none.
#pragma once

#include <cuda.h>
#include <driver_types.h>

#include <atomic>
#include <cstdint>

namespace headroom::virtual_gpu {

enum class CallDomain : std::uint8_t { runtime, driver };

// One call of the runtime or driver API by the program. Calls that the runtime makes of itself are not told; work that
// reaches a stream outside every call (a library's own kernel) is told inside a cudaLaunchKernel of its own.
struct Call {
  CallDomain domain{};
  std::uint32_t function_id = 0;       // CUPTI_RUNTIME_TRACE_CBID_… or CUPTI_DRIVER_TRACE_CBID_…
  const char* name = nullptr;          // with CUPTI's version, "cudaMalloc_v3020"
  const void* parameters = nullptr;    // its struct of generated_cuda_runtime_api_meta.h or generated_cuda_meta.h; nullptr
                                       // where there is none
  const char* kernel_name = nullptr;   // of launches, mangled
  std::uint32_t correlation_id = 0;
  std::uint64_t begin_ns = 0, end_ns = 0;
  int result = 0;                      // cudaError_t or CUresult, at the end
  int device = 0;                      // current at the beginning
  std::uint64_t kept[2] = {0, 0};      // the listener's own, from begin to end
};

struct KernelActivity {
  const char* name = nullptr;          // mangled; of a library's routine its own name ("cublasGemmEx"), which is no kernel's
  int device = 0;
  std::uint32_t stream_id = 0;         // as cudaStreamGetId tells it, cut to 32 bits
  std::uint32_t correlation_id = 0;
  std::uint64_t start_ns = 0, end_ns = 0;
  dim3 grid{1, 1, 1}, block{1, 1, 1}, cluster{0, 0, 0};
  std::uint64_t dynamic_shared_bytes = 0;
  int static_shared_bytes = 0, registers_per_thread = 0, local_bytes_per_thread = 0;
  bool cooperative = false;
  std::uint64_t graph_node_id = 0;
  std::uint32_t graph_id = 0;          // of the executable graph that launched it
};

struct CopyActivity {
  cudaMemcpyKind kind{};               // resolved, never cudaMemcpyDefault
  bool asynchronous = false, host_pinned = false;  // pinned: the host's side, where there is one
  int device = 0, source_device = 0, target_device = 0;  // the last two differ for copies between peers
  std::uint32_t stream_id = 0, correlation_id = 0;
  std::uint64_t bytes = 0, start_ns = 0, end_ns = 0;
  std::uint64_t graph_node_id = 0;
  std::uint32_t graph_id = 0;
};

struct SetActivity {
  std::uint32_t value = 0;
  bool asynchronous = false;
  int device = 0;
  std::uint32_t stream_id = 0, correlation_id = 0;
  std::uint64_t bytes = 0, start_ns = 0, end_ns = 0;
  std::uint64_t graph_node_id = 0;
  std::uint32_t graph_id = 0;
};

enum class ActivityMemory : std::uint8_t { pinned, device, managed };

// Memory taken from or given back to the driver: cudaMalloc and its kin, pinned host memory, stream-ordered allocation.
// Physical memory of cuMemCreate is not told: CUPTI is not known to report it, and the calls themselves are.
struct MemoryActivity {
  bool released = false;
  ActivityMemory kind{};
  bool asynchronous = false;
  int device = 0;
  std::uint32_t stream_id = 0;         // of asynchronous ones
  std::uint32_t correlation_id = 0;
  std::uint64_t address = 0, bytes = 0, time_ns = 0;
  cudaMemPool_t pool = nullptr;        // of asynchronous ones
  std::uint64_t pool_reserved_bytes = 0, pool_used_bytes = 0, pool_release_threshold_bytes = 0;
  const void* caller = nullptr;        // an address inside the shared object that asked
};

struct PoolActivity {
  enum class Operation : std::uint8_t { created, destroyed, trimmed } operation{};
  int device = 0;
  std::uint32_t correlation_id = 0;
  cudaMemPool_t pool = nullptr;
  std::uint64_t reserved_bytes = 0, used_bytes = 0, release_threshold_bytes = 0, keep_bytes = 0, time_ns = 0;
};

struct SynchronizationActivity {
  enum class Kind : std::uint8_t { event, stream_wait_event, stream, context } kind{};
  int device = 0;
  cudaStream_t stream = nullptr;       // of stream and stream_wait_event
  std::uint32_t stream_id = 0, event_id = 0, correlation_id = 0;
  std::uint64_t start_ns = 0, end_ns = 0;
};

struct StreamActivity {                // a stream was made
  int device = 0;
  cudaStream_t stream = nullptr;
  std::uint32_t stream_id = 0, correlation_id = 0;
  int priority = 0;
  unsigned flags = 0;                  // of cudaStreamCreateWithFlags
};

struct GraphActivity {
  int device = 0;
  std::uint32_t graph_id = 0, stream_id = 0, correlation_id = 0;
  std::uint64_t start_ns = 0, end_ns = 0;
};

struct ModuleActivity {                // a fat binary's image, loaded at the first use of one of its kernels
  int device = 0;
  std::uint32_t module_id = 0;
  const void* image = nullptr;
  std::uint64_t image_bytes = 0, start_ns = 0, end_ns = 0;
};

class ActivityListener {
 public:
  virtual ~ActivityListener() = default;
  // Of other calls only the correlation id is kept, for what happens inside; they take no time.
  virtual bool wants(CallDomain, std::uint32_t /*function_id*/) { return true; }
  virtual void on_call_begin(Call&) {}
  virtual void on_call_end(Call&) {}
  virtual void on_kernel(const KernelActivity&) {}
  virtual void on_copy(const CopyActivity&) {}
  virtual void on_set(const SetActivity&) {}
  virtual void on_memory(const MemoryActivity&) {}
  virtual void on_pool(const PoolActivity&) {}
  virtual void on_synchronization(const SynchronizationActivity&) {}
  virtual void on_graph(const GraphActivity&) {}
  virtual void on_module(const ModuleActivity&) {}
  virtual void on_context_created(int /*device*/) {}
  virtual void on_stream_created(const StreamActivity&) {}
};

// One at a time; nullptr: nobody. A listener is never destroyed.
void set_activity_listener(ActivityListener* listener);

extern std::atomic<ActivityListener*> activity_listener_pointer;
inline ActivityListener* activity_listener() { return activity_listener_pointer.load(std::memory_order_acquire); }

}  // namespace headroom::virtual_gpu
