// A stand-in for libcupti.so.13, loaded by its full path (HEADROOM_CUPTI): records are laid out, ordered, withheld and
// lost as CUPTI lays out, orders, withholds and loses them, and any function can be told to answer with any code. It is
// its own driver, too. It aborts where CUPTI would corrupt memory: a misaligned buffer, one that is not zeroed, one
// given twice.
//
// A "CUDA call" made through this interface happens on the calling thread: callbacks come on it, and its records go
// into its buffer.
#pragma once

#include <cupti_activity.h>
#include <cupti_callbacks.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace headroom::testing {

struct KernelLaunch {
  std::string name = "_Z6kernelPf";
  std::uint32_t device = 0, cuda_context = 1, stream = 7, graph = 0;
  std::uint64_t start = 1000, end = 2000;
  bool running = false;           // its record is finished by finish_kernels()
  bool by_driver = false;         // launched by cuLaunchKernel alone
  std::uint32_t correlation = 0;  // 0: of a launch of its own; else one more node of that one's graph
};

class CuptiDouble {
 public:
  // Everything as if the library had just been loaded; buffers that it holds are forgotten.
  virtual void reset() = 0;

  // How it behaves.
  virtual void set_version(std::uint32_t version) = 0;  // 28, 130001, 130101, 130301 or 130500
  virtual void set_driver(int init_result, int version) = 0;
  virtual void fail(const std::string& function, int code) = 0;  // 0: works again
  virtual void fail_kind(CUpti_ActivityKind kind, int code) = 0;
  virtual void hold_subscription(const std::string& name) = 0;  // by another profiler
  virtual void keep_buffers(bool keep) = 0;                     // even a forced flush does not return them
  virtual void lose_records(std::size_t count) = 0;             // as if device buffers had run out
  virtual void report_memory(bool report) = 0;                  // false: no MEMORY2 records, as of expandable segments
  virtual void tell_call_after(bool after) = 0;                 // MEMORY2 records come before the call's callback ends

  // CUDA calls. Each gives its correlation id.
  virtual std::uint32_t malloc(std::uint64_t address, std::uint64_t bytes, int result = 0) = 0;
  virtual std::uint32_t free(std::uint64_t address) = 0;
  virtual std::uint32_t host_alloc(std::uint64_t address, std::uint64_t bytes) = 0;
  virtual std::uint32_t malloc_async(std::uint64_t address, std::uint64_t bytes, std::uint64_t pool_bytes) = 0;
  virtual std::uint32_t create_physical(std::uint64_t handle, std::uint64_t bytes, int device = 0) = 0;
  virtual std::uint32_t retain_physical(std::uint64_t handle) = 0;
  virtual std::uint32_t release_physical(std::uint64_t handle) = 0;
  virtual std::uint32_t map(std::uint64_t address, std::uint64_t bytes, std::uint64_t handle) = 0;
  virtual std::uint32_t unmap(std::uint64_t address, std::uint64_t bytes) = 0;
  virtual std::uint32_t create_pool(std::uint64_t address, std::uint64_t bytes) = 0;
  virtual std::uint32_t launch(const KernelLaunch& launch) = 0;
  virtual std::uint32_t copy(CUpti_ActivityMemcpyKind kind, std::uint64_t bytes, std::uint64_t start,
                             std::uint64_t end) = 0;
  virtual std::uint32_t peer_copy(std::uint64_t bytes) = 0;
  virtual std::uint32_t set(std::uint32_t value, std::uint64_t bytes) = 0;
  virtual std::uint32_t synchronize() = 0;
  virtual std::uint32_t any_call(CUpti_CallbackDomain domain, std::uint32_t id) = 0;
  virtual void finish_kernels(std::uint64_t start, std::uint64_t end) = 0;
  virtual void overhead(CUpti_ActivityOverheadKind kind, void* data) = 0;
  virtual void graph_trace(std::uint32_t graph, std::uint64_t start, std::uint64_t end) = 0;

  // A record as it is, in the calling thread's buffer; a buffer as it is, filled by `fill` and called `valid_bytes`
  // long.
  virtual void append(const void* record, std::size_t bytes) = 0;
  virtual void deliver(const std::function<std::size_t(std::uint8_t* buffer, std::size_t size)>& fill) = 0;
  virtual void complete_unknown_buffer() = 0;

  // What was done to it.
  virtual std::vector<CUpti_ActivityKind> enabled_kinds() const = 0;
  virtual bool subscribed() const = 0;
  virtual std::size_t stack_depth() const = 0;  // of external correlation, of the calling thread
  virtual std::int64_t attribute(CUpti_ActivityAttribute attribute) const = 0;  // -1: never set
  virtual std::size_t held_buffers() const = 0;
  virtual int calls(const std::string& function) const = 0;

 protected:
  ~CuptiDouble() = default;
};

// Exported by the library under the name headroom_cupti_double.
using GetDouble = CuptiDouble* (*)();

}  // namespace headroom::testing
