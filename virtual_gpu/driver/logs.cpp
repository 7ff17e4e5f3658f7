// libcuda.so.1: callbacks for the driver's own log. This driver writes no log, so none is ever called.
#include <cuda.h>

#if CUDA_VERSION >= 12090
#include <memory>
#include <mutex>
#include <unordered_map>

namespace {

struct Callbacks {
  std::mutex mutex;
  std::unordered_map<CUlogsCallbackHandle, std::unique_ptr<char>> live;  // a handle is the address of its byte
};

Callbacks& callbacks() {
  static Callbacks& singleton = *new Callbacks;
  return singleton;
}

}  // namespace

CUresult cuLogsRegisterCallback(CUlogsCallback callback, void*, CUlogsCallbackHandle* out) {
  if (callback == nullptr) return CUDA_ERROR_INVALID_VALUE;
  auto byte = std::make_unique<char>();
  const auto handle = reinterpret_cast<CUlogsCallbackHandle>(byte.get());
  const std::lock_guard lock(callbacks().mutex);
  callbacks().live.emplace(handle, std::move(byte));
  if (out != nullptr) *out = handle;
  return CUDA_SUCCESS;
}

CUresult cuLogsUnregisterCallback(CUlogsCallbackHandle handle) {
  const std::lock_guard lock(callbacks().mutex);
  return callbacks().live.erase(handle) == 1 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
#endif
