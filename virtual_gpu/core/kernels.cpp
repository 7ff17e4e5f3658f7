#include "virtual_gpu/core/kernels.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <vector>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/fat_binary.h"
#include "virtual_gpu/core/streams.h"

namespace headroom::virtual_gpu {
namespace {

struct Variable {
  const void* host_variable = nullptr;
  std::uint64_t bytes = 0, offset = 0;
};

// Append until the first lookup, then sorted by host address.
template <class Entry, const void* Entry::*Key>
class Registry {
 public:
  template <class... Arguments>
  void add(Arguments... arguments) {
    const std::lock_guard lock(mutex_);
    entries_.emplace_back(arguments...);
    sorted_ = false;
  }

  Entry* find(const void* key) {
    const std::lock_guard lock(mutex_);
    if (!sorted_) sort();
    const auto less = [](const Entry* entry, const void* wanted) { return entry->*Key < wanted; };
    const auto found = std::lower_bound(by_key_.begin(), by_key_.end(), key, less);
    return found != by_key_.end() && (*found)->*Key == key ? *found : nullptr;
  }

 private:
  void sort() {
    by_key_.clear();
    for (Entry& entry : entries_) by_key_.push_back(&entry);
    std::sort(by_key_.begin(), by_key_.end(), [](const Entry* a, const Entry* b) { return a->*Key < b->*Key; });
    sorted_ = true;
  }

  std::mutex mutex_;
  std::deque<Entry> entries_;  // addresses stay
  std::vector<Entry*> by_key_;
  bool sorted_ = false;
};

auto& kernels() {
  static auto& singleton = *new Registry<Kernel, &Kernel::host_function>;
  return singleton;
}

auto& variables() {
  static auto& singleton = *new Registry<Variable, &Variable::host_variable>;
  return singleton;
}

// Module variables live in the context, outside what cudaMalloc hands out.
constexpr std::uint64_t kVariablesAddress = 0x1f0000000000;
std::atomic<std::uint64_t> variables_end{kVariablesAddress};

thread_local std::vector<CallConfiguration> call_stack;

}  // namespace

FatBinary* register_binary(const void* fat_binary) { return new FatBinary(fat_binary); }

void register_kernel(FatBinary* binary, const void* host_function, const char* name) {
  kernels().add(host_function, name, binary);
}

void register_variable(const void* host_variable, std::uint64_t bytes) {
  const std::uint64_t room = (bytes + 255) / 256 * 256;
  variables().add(host_variable, bytes, variables_end.fetch_add(room));
}

Kernel* find_kernel(const void* host_function) { return kernels().find(host_function); }

bool find_variable(const void* host_variable, void** address, std::uint64_t* bytes) {
  const Variable* variable = variables().find(host_variable);
  if (variable == nullptr) return false;
  *address = reinterpret_cast<void*>(variable->offset);
  *bytes = variable->bytes;
  return true;
}

const KernelFacts& kernel_facts(const Kernel& kernel) { return kernel.binary->facts(kernel.name, *device()); }

int dynamic_shared_limit_bytes(const Kernel& kernel) {
  const int raised = kernel.raised_dynamic_shared_bytes;
  return raised > 0 ? raised : static_cast<int>(device()->shared_bytes_per_block);
}

cudaError_t launch(const Kernel& kernel, dim3 grid, dim3 block, std::uint64_t dynamic_shared_bytes,
                   cudaStream_t stream) {
  if (const cudaError_t error = check_stream(stream)) return error;
  const std::uint64_t threads = static_cast<std::uint64_t>(block.x) * block.y * block.z;
  const bool grid_fits =
      grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 2147483647u && grid.y <= 65535 && grid.z <= 65535;
  const bool block_fits = threads > 0 && threads <= 1024 && block.x <= 1024 && block.y <= 1024 && block.z <= 64;
  if (!grid_fits || !block_fits) return cudaErrorInvalidConfiguration;
  if (dynamic_shared_bytes > static_cast<std::uint64_t>(dynamic_shared_limit_bytes(kernel)))
    return cudaErrorInvalidValue;
  count_launch();
  return cudaSuccess;
}

void push_call(const CallConfiguration& call) { call_stack.push_back(call); }

bool pop_call(CallConfiguration* call) {
  if (call_stack.empty()) return false;
  *call = call_stack.back();
  call_stack.pop_back();
  return true;
}

}  // namespace headroom::virtual_gpu
