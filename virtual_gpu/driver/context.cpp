// libcuda.so.1: contexts. The state is the runtime's (core/context.h).
#include <atomic>

#include "virtual_gpu/core/limits.h"
#include "virtual_gpu/core/memory_pool.h"
#include "virtual_gpu/core/peers.h"
#include "virtual_gpu/core/streams.h"
#include "virtual_gpu/core/telling.h"
#include "virtual_gpu/core/work.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

CUcontext handle_of(Context* context) { return reinterpret_cast<CUcontext>(context); }
Context* context_of(CUcontext handle) { return reinterpret_cast<Context*>(handle); }

CUresult create(CUcontext* out, unsigned flags, CUdevice ordinal) {
  return with_ordinal(ordinal, [&] {
    if (out == nullptr) return cudaErrorInvalidValue;
    *out = handle_of(create_context(ordinal, flags));
    return cudaSuccess;
  });
}

}  // namespace

CUresult cuDevicePrimaryCtxGetState(CUdevice ordinal, unsigned* flags, int* active) {
  if (const cudaError_t error = driver_ready()) return driver_status(error);
  if (!valid_device(ordinal)) return CUDA_ERROR_INVALID_DEVICE;
  *flags = primary_context(ordinal).flags.load(std::memory_order_relaxed);
  *active = context_active(ordinal) ? 1 : 0;
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext* out, CUdevice ordinal) {
  return with_ordinal(ordinal, [&] {
    Context& context = primary_context(ordinal);
    ++context.retained;
    make_alive(context);
    *out = handle_of(&context);
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxRelease(CUdevice ordinal) {
  return with_ordinal(ordinal, [&] { return release_primary(ordinal); });
}

CUresult cuDevicePrimaryCtxReset(CUdevice ordinal) {
  return with_ordinal(ordinal, [&] { return reset_primary(ordinal), cudaSuccess; });
}

CUresult cuDevicePrimaryCtxSetFlags(CUdevice ordinal, unsigned flags) {
  return with_ordinal(ordinal, [&] {
    if (flags > CU_CTX_FLAGS_MASK) return cudaErrorInvalidValue;
    primary_context(ordinal).flags = flags;
    return cudaSuccess;
  });
}

extern "C" {  // older names, which cuda.h may no longer declare

CUresult cuCtxCreate_v2(CUcontext* out, unsigned flags, CUdevice ordinal) { return create(out, flags, ordinal); }

CUresult cuCtxCreate_v3(CUcontext* out, CUexecAffinityParam*, int, unsigned flags, CUdevice ordinal) {
  return create(out, flags, ordinal);
}

}  // extern "C"

#if CUDA_VERSION >= 13000
CUresult cuCtxCreate_v4(CUcontext* out, CUctxCreateParams*, unsigned flags, CUdevice ordinal) {
  return create(out, flags, ordinal);
}
#endif

CUresult cuCtxDestroy(CUcontext context) {
  return with_driver([&] { return destroy_context(context_of(context)); });
}

CUresult cuCtxGetCurrent(CUcontext* out) {
  return with_driver([&] { return *out = handle_of(current_context()), CUDA_SUCCESS; });
}

CUresult cuCtxSetCurrent(CUcontext context) {
  return with_driver([&] { return set_current_context(context_of(context)); });
}

CUresult cuCtxPushCurrent(CUcontext context) {
  return with_driver([&] { return push_context(context_of(context)); });
}

CUresult cuCtxPopCurrent(CUcontext* out) {
  return with_driver([&] {
    Context* popped = nullptr;
    const cudaError_t error = pop_context(&popped);
    if (out != nullptr) *out = handle_of(popped);
    return error;
  });
}

CUresult cuCtxGetDevice(CUdevice* out) {
  return with_current_context([&] { return *out = current_context()->device, CUDA_SUCCESS; });
}

CUresult cuCtxGetId(CUcontext context, unsigned long long* out) {
  return with_driver([&] {
    const Context* meant = context != nullptr ? context_of(context) : current_context();
    if (meant == nullptr || !known_context(meant)) return CUDA_ERROR_INVALID_CONTEXT;
    *out = reinterpret_cast<unsigned long long>(meant);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetApiVersion(CUcontext, unsigned* out) {
  return with_driver([&] { return *out = CUDA_VERSION, CUDA_SUCCESS; });
}

CUresult cuCtxGetFlags(unsigned* out) {
  return with_current_context([&] { return *out = current_context()->flags, CUDA_SUCCESS; });
}

CUresult cuCtxSetFlags(unsigned flags) {
  return with_current_context([&] { return current_context()->flags = flags, CUDA_SUCCESS; });
}

CUresult cuCtxSynchronize() {
  return with_current_context([] {
    return then_trim_pools(told_wait(SynchronizationActivity::Kind::context, nullptr, nullptr,
                                     [] { return synchronize_device(current_device(), Captures::forbidden); }));
  });
}

CUresult cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  return with_current_context([&] {
    if (least != nullptr) *least = kLowestPriority;
    if (greatest != nullptr) *greatest = kHighestPriority;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxEnablePeerAccess(CUcontext peer, unsigned flags) {
  return with_current_context([&] {
    if (flags != 0) return cudaErrorInvalidValue;
    if (!known_context(context_of(peer))) return cudaErrorDeviceUninitialized;
    return enable_peer(current_device(), context_of(peer)->device);
  });
}

CUresult cuCtxDisablePeerAccess(CUcontext peer) {
  return with_current_context([&] {
    if (!known_context(context_of(peer))) return cudaErrorDeviceUninitialized;
    return disable_peer(current_device(), context_of(peer)->device);
  });
}

CUresult cuCtxSetLimit(CUlimit limit, std::size_t bytes) {
  return with_current_context([&] { return set_device_limit(current_device(), limit, bytes); });
}

CUresult cuCtxGetLimit(std::size_t* bytes, CUlimit limit) {
  return with_current_context([&] { return get_device_limit(current_device(), limit, bytes); });
}

CUresult cuCtxSetCacheConfig(CUfunc_cache) {
  return with_current_context([] { return CUDA_SUCCESS; });
}

CUresult cuCtxGetCacheConfig(CUfunc_cache* out) {
  return with_current_context([&] { return *out = CU_FUNC_CACHE_PREFER_NONE, CUDA_SUCCESS; });
}

CUresult cuCtxResetPersistingL2Cache() {
  return with_current_context([] { return CUDA_SUCCESS; });
}
