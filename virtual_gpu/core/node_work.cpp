#include "virtual_gpu/core/capture.h"
#include "virtual_gpu/core/copies.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/events.h"
#include "virtual_gpu/core/graph.h"
#include "virtual_gpu/core/kernels.h"
#include "virtual_gpu/core/memory_pool.h"
#include "virtual_gpu/core/streams.h"

namespace headroom::virtual_gpu {
namespace {

cudaError_t kernel_work(const cudaKernelNodeParamsV2& params, Work* work) {
  const Kernel* kernel = find_kernel(params.func);
  if (kernel == nullptr) return cudaErrorInvalidDeviceFunction;
  const dim3 grid(params.gridDim.x, params.gridDim.y, params.gridDim.z);
  const dim3 block(params.blockDim.x, params.blockDim.y, params.blockDim.z);
  const LaunchShape shape{grid, block, params.sharedMemBytes};
  if (const cudaError_t error = check_launch(*kernel, shape)) return error;
  *work = {WorkKind::kernel,
           kernel->name,
           spin_ns(*kernel, params.kernelParams),
           {},
           std::make_shared<const WorkFacts>(work_facts(*kernel, shape))};
  return cudaSuccess;
}

cudaError_t host_work(const cudaHostNodeParamsV2& params, Work* work) {
  if (params.fn == nullptr) return cudaErrorInvalidValue;
  *work = {WorkKind::host_function, nullptr, 0, [params] { params.fn(params.userData); }, {}};
  return cudaSuccess;
}

// The work of what `body` does to a stream: it is captured there, and the node's work taken.
template <class Body>
cudaError_t captured_work(Body body, Work* work) {
  cudaStream_t stream = nullptr;
  if (const cudaError_t error = make_stream(&stream, cudaStreamNonBlocking, 0)) return error;
  cudaError_t status = begin_capture(stream, cudaStreamCaptureModeRelaxed);
  if (status == cudaSuccess) status = body(stream);
  cudaGraph_t graph = nullptr;
  const cudaError_t end = end_capture(stream, &graph);
  if (status == cudaSuccess) status = end;
  const Graph* captured = live<Graph>(graph);
  if (status == cudaSuccess && !captured->nodes.empty()) *work = captured->nodes.front()->work;
  if (captured != nullptr) destroy_graph(graph);
  destroy_stream(stream);
  return status;
}

Plane plane(const cudaPitchedPtr& pointer, const cudaPos& position) {
  const std::size_t slice = pointer.pitch * pointer.ysize;
  auto* start = static_cast<char*>(pointer.ptr) + position.z * slice + position.y * pointer.pitch + position.x;
  return {start, pointer.pitch, slice};
}

cudaError_t copy_work(const cudaMemcpy3DParms& params, Work* work) {
  if (params.srcArray != nullptr || params.dstArray != nullptr) return cudaErrorNotSupported;
  if (params.srcPtr.ptr == nullptr || params.dstPtr.ptr == nullptr) return cudaErrorInvalidValue;
  const Extent extent{params.extent.width, params.extent.height, params.extent.depth};
  return captured_work(
      [&](cudaStream_t stream) {
        return copy(plane(params.dstPtr, params.dstPos), plane(params.srcPtr, params.srcPos), extent, params.kind,
                    stream, Order::asynchronous);
      },
      work);
}

cudaError_t set_work(const cudaMemsetParamsV2& params, Work* work) {
  const bool known = params.elementSize == 1 || params.elementSize == 2 || params.elementSize == 4;
  if (!known || params.width == 0 || params.height == 0) return cudaErrorInvalidValue;
  const Extent extent{params.width * params.elementSize, params.height, 1};
  return captured_work(
      [&](cudaStream_t stream) {
        return fill({params.dst, params.pitch}, extent, params.value, params.elementSize, stream);
      },
      work);
}

cudaError_t allocate_work(cudaMemAllocNodeParamsV2& params, Work* work) {
  if (params.bytesize == 0 || params.poolProps.location.type != cudaMemLocationTypeDevice ||
      !valid_device(params.poolProps.location.id))
    return cudaErrorInvalidValue;
  return captured_work(
      [&](cudaStream_t stream) {
        return allocate_from_pool(default_pool(params.poolProps.location.id), params.bytesize, stream, &params.dptr);
      },
      work);
}

cudaError_t free_work(const cudaMemFreeNodeParams& params, Work* work) {
  if (params.dptr == nullptr) return cudaErrorInvalidValue;
  return captured_work([&](cudaStream_t stream) { return free_on_stream(params.dptr, stream); }, work);
}

}  // namespace

cudaError_t work_of(cudaGraphNodeParams& params, Work* work) {
  switch (params.type) {
    case cudaGraphNodeTypeKernel:
      return kernel_work(params.kernel, work);
    case cudaGraphNodeTypeHost:
      return host_work(params.host, work);
    case cudaGraphNodeTypeMemcpy:
      return copy_work(params.memcpy.copyParams, work);
    case cudaGraphNodeTypeMemset:
      return set_work(params.memset, work);
    case cudaGraphNodeTypeMemAlloc:
      return allocate_work(params.alloc, work);
    case cudaGraphNodeTypeMemFree:
      return free_work(params.free, work);
    case cudaGraphNodeTypeEmpty:
      return cudaSuccess;
    case cudaGraphNodeTypeEventRecord:
      return check_event(params.eventRecord.event);
    case cudaGraphNodeTypeWaitEvent:
      return check_event(params.eventWait.event);
    default:
      return cudaErrorNotSupported;
  }
}

}  // namespace headroom::virtual_gpu
