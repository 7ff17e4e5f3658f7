#include "tracing/driver.h"

#include <cuda.h>
#include <dlfcn.h>
#include <fmt/format.h>

namespace headroom::tracing {
namespace {

constexpr const char* kLibrary = "libcuda.so.1";

}  // namespace

Driver::Driver(void* cupti_handle) {
  void* handle = cupti_handle && dlsym(cupti_handle, "cuInit") ? cupti_handle : dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    load_error_ = dlerror();
    return;
  }
  init_ = reinterpret_cast<decltype(init_)>(dlsym(handle, "cuInit"));
  version_ = reinterpret_cast<decltype(version_)>(dlsym(handle, "cuDriverGetVersion"));
  Dl_info info{};
  path_ = init_ && dladdr(reinterpret_cast<void*>(init_), &info) && info.dli_fname ? info.dli_fname : kLibrary;
}

std::string Driver::missing(std::uint32_t cupti_version) const {
  if (!load_error_.empty()) return fmt::format("CUPTI off: no NVIDIA driver on this machine ({} not found).", kLibrary);
  if (!init_ || !version_)
    return fmt::format("CUPTI off: {} is not NVIDIA's driver: it lacks cuInit or cuDriverGetVersion.", path_);
  int version = 0;
  if (version_(&version) != CUDA_SUCCESS || version == 0) return "";
  const int needed = cupti_version >= 100000 ? static_cast<int>(cupti_version / 10000) * 1000 : 12000;
  if (version >= needed) return "";
  return fmt::format(
      "CUPTI off: the driver supports CUDA {}.{}, this libcupti is of {}.{}; update the driver (CUDA 13 needs the 580 "
      "series).",
      version / 1000, version % 1000 / 10, needed / 1000, cupti_version >= 100000 ? cupti_version % 10000 / 100 : 0);
}

std::string Driver::refusal() const {
  if (!init_) return "";
  switch (const int result = init_(0)) {
    case CUDA_SUCCESS:
      return "";
    case CUDA_ERROR_STUB_LIBRARY:
      return fmt::format(
          "CUPTI off: libcuda.so.1 is the toolkit's stub and no driver ({}); take its folder out of LD_LIBRARY_PATH.",
          path_);
    case CUDA_ERROR_NO_DEVICE:
      return "CUPTI off: the driver sees no GPU; see nvidia-smi and CUDA_VISIBLE_DEVICES.";
    case CUDA_ERROR_SYSTEM_DRIVER_MISMATCH:
      return "CUPTI off: the driver's library and the kernel's module differ in version; reboot, or load the module "
             "anew.";
    default:
      return fmt::format("CUPTI off: the driver does not start (cuInit answers {}); see nvidia-smi.", result);
  }
}

}  // namespace headroom::tracing
