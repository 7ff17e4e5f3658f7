// Memory that NCCL allocates for a program, and buffers and windows that a program registers: marks without a size.
#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <atomic>

#include "virtual_gpu/libraries/nccl/communicator.h"

namespace headroom::virtual_gpu::nccl {
namespace {

// The runtime's own, looked up: this library does not link against it.
template <class Function>
Function* runtime(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

Result of(cudaError_t error) {
  return error == cudaSuccess ? kSuccess : fail(kUnhandledCudaError, "the CUDA runtime refused");
}

struct Window {
  void* buffer;
};

constexpr int kFirstOwnOperator = 5;  // after sum, product, maximum, minimum and average

Result mark(const Communicator* communicator, void* buffer, void** out) {
  if (check(communicator) != kSuccess) return kInvalidArgument;
  if (out == nullptr) return fail(kInvalidArgument, "no place for the handle");
  *out = new Window{buffer};
  return kSuccess;
}

Result unmark(const Communicator* communicator, void* mark) {
  if (check(communicator) != kSuccess) return kInvalidArgument;
  delete static_cast<Window*>(mark);
  return kSuccess;
}

}  // namespace

extern "C" {

Result ncclMemAlloc(void** out, std::size_t bytes) {
  static auto* const allocate = runtime<cudaError_t(void**, std::size_t)>("cudaMalloc");
  return allocate == nullptr || out == nullptr ? fail(kInvalidArgument, "no place for the address")
                                               : of(allocate(out, bytes));
}

Result ncclMemFree(void* pointer) {
  static auto* const release = runtime<cudaError_t(void*)>("cudaFree");
  return release == nullptr ? fail(kInternalError, "no CUDA runtime") : of(release(pointer));
}

Result ncclCommRegister(const Communicator* communicator, void* buffer, std::size_t, void** out) {
  return mark(communicator, buffer, out);
}
Result ncclCommDeregister(const Communicator* communicator, void* handle) { return unmark(communicator, handle); }

Result ncclCommWindowRegister(Communicator* communicator, void* buffer, std::size_t, void** out, int) {
  return mark(communicator, buffer, out);
}
Result ncclCommWindowDeregister(Communicator* communicator, void* window) { return unmark(communicator, window); }

Result ncclWinGetUserPtr(Communicator* communicator, void* window, void** out) {
  if (check(communicator) != kSuccess) return kInvalidArgument;
  if (window == nullptr || out == nullptr) return fail(kInvalidArgument, "no window");
  *out = static_cast<Window*>(window)->buffer;
  return kSuccess;
}

Result ncclRedOpCreatePreMulSum(int* out, void*, int, int, Communicator* communicator) {
  static std::atomic<int> next{kFirstOwnOperator};
  if (check(communicator) != kSuccess) return kInvalidArgument;
  if (out == nullptr) return fail(kInvalidArgument, "no place for the operator");
  *out = next++;
  return kSuccess;
}

Result ncclRedOpDestroy(int, Communicator* communicator) { return check(communicator); }
}

}  // namespace headroom::virtual_gpu::nccl
