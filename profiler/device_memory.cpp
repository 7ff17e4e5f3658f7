#include "profiler/device_memory.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <exception>

#include "profiler/cuda.h"

namespace headroom::profiler {
namespace {

template <class Function>
Function* find(void* library, const char* name) {
  return reinterpret_cast<Function*>(dlsym(library, name));
}

// cudaMemGetInfo is not allowed on a thread that captures a graph, unless it says that it knows what it does.
class RelaxedCapture {
 public:
  RelaxedCapture() { exchange(); }
  ~RelaxedCapture() { exchange(); }
  RelaxedCapture(const RelaxedCapture&) = delete;
  RelaxedCapture& operator=(const RelaxedCapture&) = delete;

 private:
  void exchange() {
    static const auto function =
        find<cudaError_t(cudaStreamCaptureMode*)>(RTLD_DEFAULT, "cudaThreadExchangeStreamCaptureMode");
    if (function) function(&mode_);
  }
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

// NVML's C interface, as far as it is needed. 0 is success.
struct ManagementLibrary {
  using Device = void*;
  struct Memory {  // nvmlMemory_v2_t
    unsigned version = sizeof(Memory) | 2U << 24;
    unsigned long long total = 0, reserved = 0, free = 0, used = 0;
  };

  void* library = dlopen("libnvidia-ml.so.1", RTLD_LAZY | RTLD_LOCAL);
  int (*init)() = find<int()>(library, "nvmlInit_v2");
  int (*shutdown)() = find<int()>(library, "nvmlShutdown");
  int (*device)(const char*, Device*) = find<int(const char*, Device*)>(library, "nvmlDeviceGetHandleByPciBusId_v2");
  int (*memory)(Device, Memory*) = find<int(Device, Memory*)>(library, "nvmlDeviceGetMemoryInfo_v2");

  bool is_complete() const { return library && init && shutdown && device && memory; }
};

}  // namespace

std::optional<DeviceMemory> ask_driver(c10::DeviceIndex index) {
  try {
    if (!at::detail::getCUDAHooks().hasPrimaryContext(index)) return std::nullopt;
    const RelaxedCapture relaxed;
    const auto [free, total] = cuda::memory_info(index);
    return DeviceMemory{static_cast<std::int64_t>(total - free), static_cast<std::int64_t>(total)};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void make_context(c10::DeviceIndex index) {
  try {
    cuda::memory_info(index);
  } catch (const std::exception&) {
  }
}

std::optional<DeviceMemory> ask_management_library(c10::DeviceIndex index) {
  const auto bus_id = find<cudaError_t(char*, int, int)>(RTLD_DEFAULT, "cudaDeviceGetPCIBusId");
  char name[32] = "";
  if (bus_id == nullptr || bus_id(name, sizeof name, index) != cudaSuccess) return std::nullopt;
  static const ManagementLibrary nvml;
  if (!nvml.is_complete() || nvml.init() != 0) return std::nullopt;
  ManagementLibrary::Device device = nullptr;
  ManagementLibrary::Memory memory;
  const bool known = nvml.device(name, &device) == 0 && nvml.memory(device, &memory) == 0;
  nvml.shutdown();
  if (!known) return std::nullopt;
  return DeviceMemory{static_cast<std::int64_t>(memory.used), static_cast<std::int64_t>(memory.total - memory.reserved)};
}

}  // namespace headroom::profiler
