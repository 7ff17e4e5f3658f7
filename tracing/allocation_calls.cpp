#define __CUDA_API_VERSION_INTERNAL  // generated_cuda_meta.h names types of older driver functions, too
#include <cuda.h>
#undef __CUDA_API_VERSION_INTERNAL

#include <cuda_runtime_api.h>
#include <cupti_driver_cbid.h>
#include <cupti_runtime_cbid.h>
#include <generated_cuda_meta.h>
#include <generated_cuda_runtime_api_meta.h>

#include <algorithm>
#include <atomic>

#include "tracing/allocation_calls.h"
#include "tracing/clock.h"

namespace headroom::tracing {
namespace {

using Action = AllocationCall::Action;

template <class Address>
std::uint64_t number(Address address) {
  return (std::uint64_t)address;  // a pointer or an integer, by header
}

template <class Address>
bool allocated(AllocationCall& call, MemoryKind kind, Address* address, std::uint64_t bytes) {
  if (!address || !*address) return false;
  call.action = Action::allocate;
  call.kind = kind;
  call.address = number(*address);
  call.bytes = bytes;
  return true;
}

bool released(AllocationCall& call, MemoryKind kind, std::uint64_t address) {
  call.action = Action::release;
  call.kind = kind;
  call.address = address;
  return address != 0;
}

bool on_handle(AllocationCall& call, Action action, std::uint64_t handle) {
  call.action = action;
  call.kind = MemoryKind::physical;
  call.handle = handle;
  return handle != 0;
}

bool read_create(const cuMemCreate_params& p, AllocationCall& call) {
  if (p.prop && p.prop->location.type == CU_MEM_LOCATION_TYPE_DEVICE) call.device = p.prop->location.id;
  call.bytes = p.size;
  return p.handle && p.prop && p.prop->location.type == CU_MEM_LOCATION_TYPE_DEVICE &&
         on_handle(call, Action::create, *p.handle);
}

bool read_map(const cuMemMap_params& p, AllocationCall& call) {
  call.address = p.ptr;
  call.bytes = p.size;
  return on_handle(call, Action::map, p.handle);
}

bool read_unmap(const cuMemUnmap_params& p, AllocationCall& call) {
  call.action = Action::unmap;
  call.kind = MemoryKind::physical;
  call.address = p.ptr;
  call.bytes = p.size;
  return true;
}

bool read_pitched(const cudaMalloc3D_v3020_params& p, AllocationCall& call) {
  if (!p.pitchedDevPtr) return false;
  return allocated(call, MemoryKind::device, &p.pitchedDevPtr->ptr,
                   p.pitchedDevPtr->pitch * p.extent.height * p.extent.depth);
}

template <class Function>
bool asynchronous(AllocationCall& call, Function function) {
  call.asynchronous = true;
  return function(call);
}

// What the parameters `p` of a function mean.
#define RUNTIME(name, ...)                                                                                           \
  TracedFunction {                                                                                                   \
    CUPTI_CB_DOMAIN_RUNTIME_API, CUPTI_RUNTIME_TRACE_CBID_##name, [](const void* parameters, AllocationCall& call) { \
      const auto& p = *static_cast<const name##_params*>(parameters);                                                \
      return __VA_ARGS__;                                                                                            \
    }                                                                                                                \
  }
#define DRIVER_OF(id, parameters_of, ...)                                                                        \
  TracedFunction {                                                                                               \
    CUPTI_CB_DOMAIN_DRIVER_API, CUPTI_DRIVER_TRACE_CBID_##id, [](const void* parameters, AllocationCall& call) { \
      const auto& p = *static_cast<const parameters_of##_params*>(parameters);                                   \
      return __VA_ARGS__;                                                                                        \
    }                                                                                                            \
  }
#define DRIVER(name, ...) DRIVER_OF(name, name, __VA_ARGS__)
#define TAKEN(kind, address, bytes) allocated(call, MemoryKind::kind, address, bytes)
#define TAKEN_ASYNC(address, bytes) (call.asynchronous = true, allocated(call, MemoryKind::device, address, bytes))
#define GIVEN(kind, address) released(call, MemoryKind::kind, number(address))
#define GIVEN_ASYNC(address) (call.asynchronous = true, released(call, MemoryKind::device, number(address)))

std::vector<TracedFunction> make_functions() {
  return {
      RUNTIME(cudaMalloc_v3020, TAKEN(device, p.devPtr, p.size)),
      RUNTIME(cudaMallocPitch_v3020, TAKEN(device, p.devPtr, p.pitch ? *p.pitch * p.height : p.width * p.height)),
      RUNTIME(cudaMalloc3D_v3020, read_pitched(p, call)),
      RUNTIME(cudaFree_v3020, GIVEN(device, p.devPtr)),
      RUNTIME(cudaMallocHost_v3020, TAKEN(pinned, p.ptr, p.size)),
      RUNTIME(cudaHostAlloc_v3020, TAKEN(pinned, p.pHost, p.size)),
      RUNTIME(cudaFreeHost_v3020, GIVEN(pinned, p.ptr)),
      RUNTIME(cudaMallocManaged_v6000, TAKEN(managed, p.devPtr, p.size)),
      RUNTIME(cudaMallocAsync_v11020, TAKEN_ASYNC(p.devPtr, p.size)),
      RUNTIME(cudaMallocAsync_ptsz_v11020, TAKEN_ASYNC(p.devPtr, p.size)),
      RUNTIME(cudaMallocFromPoolAsync_v11020, TAKEN_ASYNC(p.ptr, p.size)),
      RUNTIME(cudaMallocFromPoolAsync_ptsz_v11020, TAKEN_ASYNC(p.ptr, p.size)),
      RUNTIME(cudaFreeAsync_v11020, GIVEN_ASYNC(p.devPtr)),
      RUNTIME(cudaFreeAsync_ptsz_v11020, GIVEN_ASYNC(p.devPtr)),
      DRIVER(cuMemAlloc_v2, TAKEN(device, p.dptr, p.bytesize)),
      DRIVER(cuMemAllocPitch_v2, TAKEN(device, p.dptr, p.pPitch ? *p.pPitch * p.Height : p.WidthInBytes * p.Height)),
      DRIVER(cuMemFree_v2, GIVEN(device, p.dptr)),
      DRIVER(cuMemAllocHost_v2, TAKEN(pinned, p.pp, p.bytesize)),
      DRIVER(cuMemHostAlloc, TAKEN(pinned, p.pp, p.bytesize)),
      DRIVER_OF(cuMemHostAlloc_v2, cuMemHostAlloc, TAKEN(pinned, p.pp, p.bytesize)),
      DRIVER(cuMemFreeHost, GIVEN(pinned, p.p)),
      DRIVER(cuMemAllocManaged, TAKEN(managed, p.dptr, p.bytesize)),
      DRIVER(cuMemAllocAsync, TAKEN_ASYNC(p.dptr, p.bytesize)),
      DRIVER(cuMemAllocAsync_ptsz, TAKEN_ASYNC(p.dptr, p.bytesize)),
      DRIVER(cuMemAllocFromPoolAsync, TAKEN_ASYNC(p.dptr, p.bytesize)),
      DRIVER_OF(cuMemAllocFromPoolAsync_ptsz, cuMemAllocFromPoolAsync, TAKEN_ASYNC(p.dptr, p.bytesize)),
      DRIVER(cuMemFreeAsync, GIVEN_ASYNC(p.dptr)),
      DRIVER(cuMemFreeAsync_ptsz, GIVEN_ASYNC(p.dptr)),
      DRIVER(cuMemCreate, read_create(p, call)),
      DRIVER(cuMemRetainAllocationHandle, p.handle && on_handle(call, Action::retain, *p.handle)),
      DRIVER(cuMemRelease, on_handle(call, Action::release_handle, p.handle)),
      DRIVER(cuMemMap, read_map(p, call)),
      DRIVER(cuMemUnmap, read_unmap(p, call)),
  };
}

const TracedFunction* find(CUpti_CallbackDomain domain, CUpti_CallbackId id) {
  const auto& all = traced_functions();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& f) { return f.domain == domain && f.id == id; });
  return found == all.end() ? nullptr : &*found;
}

// The traced call that this thread is in.
struct Outermost {
  std::uint32_t session = 0;
  int depth = 0;
  std::uint64_t time_ns = 0, order = 0;  // of its begin
};
thread_local Outermost outermost;
std::atomic<std::uint64_t> last_order{0};

bool gives_back(Action action) {
  return action == Action::release || action == Action::release_handle || action == Action::unmap;
}

void begin(std::uint32_t session) {
  if (outermost.session != session) outermost = {.session = session};
  if (outermost.depth++ != 0) return;
  outermost.time_ns = now_ns();
  outermost.order = ++last_order;
}

}  // namespace

const std::vector<TracedFunction>& traced_functions() {
  static const auto* functions = new std::vector<TracedFunction>(make_functions());  // callbacks may outlive statics
  return *functions;
}

std::optional<AllocationCall> read_callback(std::uint32_t session, CUpti_CallbackDomain domain, CUpti_CallbackId id,
                                            const CUpti_CallbackData& data) {
  const auto* function = find(domain, id);
  if (!function) return std::nullopt;
  if (data.callbackSite == CUPTI_API_ENTER) {
    begin(session);
    return std::nullopt;
  }
  if (outermost.session != session || outermost.depth == 0 || --outermost.depth > 0) return std::nullopt;
  const int* result = static_cast<const int*>(data.functionReturnValue);
  if (!data.functionParams || (result && *result != 0)) return std::nullopt;
  AllocationCall call{.correlation = data.correlationId, .cuda_context = data.contextUid};
  if (!function->read(data.functionParams, call)) return std::nullopt;
  call.time_ns = gives_back(call.action) ? outermost.time_ns : now_ns();
  call.order = gives_back(call.action) ? outermost.order : ++last_order;
  return call;
}

}  // namespace headroom::tracing
