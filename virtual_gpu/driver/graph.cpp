// libcuda.so.1: graphs. Handles are the runtime's; only the structures of parameters differ.
#include "virtual_gpu/core/graph.h"

#include "virtual_gpu/core/node_params.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

static_assert(static_cast<int>(CU_GRAPH_NODE_TYPE_CONDITIONAL) == static_cast<int>(cudaGraphNodeTypeConditional));
static_assert(sizeof(CUgraphEdgeData) == sizeof(cudaGraphEdgeData));
static_assert(sizeof(CUgraphExecUpdateResultInfo) == sizeof(cudaGraphExecUpdateResultInfo));
static_assert(sizeof(CUgraphNodeParams) == sizeof(cudaGraphNodeParams));

namespace {

cudaGraphNodeParams wrap(const CUDA_KERNEL_NODE_PARAMS& own) {
  cudaGraphNodeParams params = node_params(cudaGraphNodeTypeKernel);
  params.kernel = {own.func != nullptr ? static_cast<void*>(own.func) : static_cast<void*>(own.kern),
                   {own.gridDimX, own.gridDimY, own.gridDimZ},
                   {own.blockDimX, own.blockDimY, own.blockDimZ},
                   own.sharedMemBytes,
                   own.kernelParams,
                   own.extra};
  return params;
}

cudaGraphNodeParams wrap(const CUDA_MEMSET_NODE_PARAMS& own) {
  cudaGraphNodeParams params = node_params(cudaGraphNodeTypeMemset);
  params.memset = {reinterpret_cast<void*>(own.dst), own.pitch, own.value, own.elementSize, own.width, own.height};
  return params;
}

cudaGraphNodeParams wrap(const CUDA_HOST_NODE_PARAMS& own) {
  cudaGraphNodeParams params = node_params(cudaGraphNodeTypeHost);
  params.host = {own.fn, own.userData};
  return params;
}

cudaPitchedPtr pitched(const void* host, CUdeviceptr device, bool on_host, std::size_t pitch, std::size_t height) {
  return {on_host ? const_cast<void*>(host) : reinterpret_cast<void*>(device), pitch, pitch, height};
}

cudaGraphNodeParams wrap(const CUDA_MEMCPY3D& own) {
  cudaGraphNodeParams params = node_params(cudaGraphNodeTypeMemcpy);
  cudaMemcpy3DParms& copy = params.memcpy.copyParams;
  const bool from_host = own.srcMemoryType == CU_MEMORYTYPE_HOST, to_host = own.dstMemoryType == CU_MEMORYTYPE_HOST;
  copy.srcPtr = pitched(own.srcHost, own.srcDevice, from_host, own.srcPitch, own.srcHeight);
  copy.dstPtr = pitched(own.dstHost, own.dstDevice, to_host, own.dstPitch, own.dstHeight);
  copy.srcPos = {own.srcXInBytes, own.srcY, own.srcZ};
  copy.dstPos = {own.dstXInBytes, own.dstY, own.dstZ};
  copy.extent = {own.WidthInBytes, own.Height, own.Depth};
  copy.kind = cudaMemcpyDefault;
  return params;
}

// Arrays are no memory of this device.
bool supported(const CUDA_MEMCPY3D& own) {
  return own.srcMemoryType != CU_MEMORYTYPE_ARRAY && own.dstMemoryType != CU_MEMORYTYPE_ARRAY;
}

CUresult add(CUgraphNode* out, CUgraph graph, const CUgraphNode* dependencies, std::size_t count,
             cudaGraphNodeParams params) {
  return with_driver([&] { return add_node(out, graph, dependencies, count, &params); });
}

// cuGraphAddNode's structure: a union of the structures above, behind the type.
CUresult from_driver(const CUgraphNodeParams& own, cudaGraphNodeParams* out) {
  switch (own.type) {
    case CU_GRAPH_NODE_TYPE_KERNEL: {
      const auto& kernel = own.kernel;
      CUDA_KERNEL_NODE_PARAMS params = {};
      params.func = kernel.func;
      params.kern = kernel.kern;
      params.gridDimX = kernel.gridDimX, params.gridDimY = kernel.gridDimY, params.gridDimZ = kernel.gridDimZ;
      params.blockDimX = kernel.blockDimX, params.blockDimY = kernel.blockDimY, params.blockDimZ = kernel.blockDimZ;
      params.sharedMemBytes = kernel.sharedMemBytes;
      params.kernelParams = kernel.kernelParams;
      return *out = wrap(params), CUDA_SUCCESS;
    }
    case CU_GRAPH_NODE_TYPE_MEMCPY:
      return supported(own.memcpy.copyParams) ? (*out = wrap(own.memcpy.copyParams), CUDA_SUCCESS)
                                              : CUDA_ERROR_NOT_SUPPORTED;
    case CU_GRAPH_NODE_TYPE_MEMSET: {
      const auto& set = own.memset;
      return *out = wrap({set.dst, set.pitch, set.value, set.elementSize, set.width, set.height}), CUDA_SUCCESS;
    }
    case CU_GRAPH_NODE_TYPE_HOST:
      return *out = wrap({own.host.fn, own.host.userData}), CUDA_SUCCESS;
    case CU_GRAPH_NODE_TYPE_CONDITIONAL:
      *out = node_params(cudaGraphNodeTypeConditional);
      out->conditional.handle = own.conditional.handle;
      out->conditional.type = static_cast<cudaGraphConditionalNodeType>(own.conditional.type);
      out->conditional.size = own.conditional.size;
      return CUDA_SUCCESS;
    case CU_GRAPH_NODE_TYPE_GRAPH:
      *out = child_params(own.graph.graph);
      out->graph.ownership = static_cast<cudaGraphChildGraphNodeOwnership>(own.graph.ownership);
      return CUDA_SUCCESS;
    case CU_GRAPH_NODE_TYPE_EMPTY:
      return *out = node_params(cudaGraphNodeTypeEmpty), CUDA_SUCCESS;
    case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
      return *out = record_params(own.eventRecord.event), CUDA_SUCCESS;
    case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
      return *out = wait_params(own.eventWait.event), CUDA_SUCCESS;
    default:
      return CUDA_ERROR_NOT_SUPPORTED;
  }
}

cudaGraphEdgeData* edges(CUgraphEdgeData* data) { return reinterpret_cast<cudaGraphEdgeData*>(data); }

}  // namespace

CUresult cuGraphCreate(CUgraph* out, unsigned flags) {
  return with_driver([&] { return flags == 0 ? create_graph(out) : cudaErrorInvalidValue; });
}
CUresult cuGraphDestroy(CUgraph graph) {
  return with_driver([&] { return destroy_graph(graph); });
}
CUresult cuGraphClone(CUgraph* out, CUgraph graph) {
  return with_driver([&] { return clone_graph(out, graph); });
}
CUresult cuGraphNodeFindInClone(CUgraphNode* out, CUgraphNode original, CUgraph clone) {
  return with_driver([&] { return find_in_clone(out, original, clone); });
}
CUresult cuGraphDebugDotPrint(CUgraph graph, const char* path, unsigned) {
  return with_driver([&] { return print_graph(graph, path); });
}
CUresult cuGraphGetNodes(CUgraph graph, CUgraphNode* nodes, std::size_t* count) {
  return with_driver([&] { return graph_nodes(graph, nodes, count); });
}
CUresult cuGraphGetRootNodes(CUgraph graph, CUgraphNode* nodes, std::size_t* count) {
  return with_driver([&] { return root_nodes(graph, nodes, count); });
}
CUresult cuGraphGetEdges(CUgraph graph, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* data, std::size_t* count) {
  return with_driver([&] { return graph_edges(graph, from, to, edges(data), count); });
}
CUresult cuGraphNodeGetDependencies(CUgraphNode node, CUgraphNode* nodes, CUgraphEdgeData* data, std::size_t* count) {
  return with_driver([&] { return node_dependencies(node, nodes, edges(data), count); });
}
CUresult cuGraphNodeGetDependentNodes(CUgraphNode node, CUgraphNode* nodes, CUgraphEdgeData* data, std::size_t* count) {
  return with_driver([&] { return node_dependents(node, nodes, edges(data), count); });
}
CUresult cuGraphAddDependencies(CUgraph graph, const CUgraphNode* from, const CUgraphNode* to, const CUgraphEdgeData*,
                                std::size_t count) {
  return with_driver([&] { return add_dependencies(graph, from, to, count); });
}
CUresult cuGraphRemoveDependencies(CUgraph graph, const CUgraphNode* from, const CUgraphNode* to,
                                   const CUgraphEdgeData*, std::size_t count) {
  return with_driver([&] { return remove_dependencies(graph, from, to, count); });
}
CUresult cuGraphNodeGetType(CUgraphNode node, CUgraphNodeType* type) {
  return with_driver([&] { return node_type(node, reinterpret_cast<cudaGraphNodeType*>(type)); });
}
CUresult cuGraphDestroyNode(CUgraphNode node) {
  return with_driver([&] { return destroy_node(node); });
}

CUresult cuGraphAddKernelNode(CUgraphNode* out, CUgraph graph, const CUgraphNode* dependencies, std::size_t count,
                              const CUDA_KERNEL_NODE_PARAMS* own) {
  return own == nullptr ? CUDA_ERROR_INVALID_VALUE : add(out, graph, dependencies, count, wrap(*own));
}
CUresult cuGraphKernelNodeSetParams(CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS* own) {
  if (own == nullptr) return CUDA_ERROR_INVALID_VALUE;
  return with_driver([&] { return set_node_params(node, wrap(*own)); });
}
CUresult cuGraphExecKernelNodeSetParams(CUgraphExec executable, CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS* own) {
  if (own == nullptr) return CUDA_ERROR_INVALID_VALUE;
  return with_driver([&] { return set_executable_params(executable, node, wrap(*own)); });
}
CUresult cuGraphKernelNodeGetParams(CUgraphNode node, CUDA_KERNEL_NODE_PARAMS* out) {
  return with_driver([&] {
    cudaGraphNodeParams params = {};
    if (out == nullptr) return cudaErrorInvalidValue;
    if (const cudaError_t error = get_node_params(node, cudaGraphNodeTypeKernel, &params)) return error;
    const auto& kernel = params.kernel;
    *out = {};
    out->func = static_cast<CUfunction>(kernel.func);
    out->gridDimX = kernel.gridDim.x, out->gridDimY = kernel.gridDim.y, out->gridDimZ = kernel.gridDim.z;
    out->blockDimX = kernel.blockDim.x, out->blockDimY = kernel.blockDim.y, out->blockDimZ = kernel.blockDim.z;
    out->sharedMemBytes = kernel.sharedMemBytes;
    out->kernelParams = kernel.kernelParams;
    return cudaSuccess;
  });
}
CUresult cuGraphAddMemcpyNode(CUgraphNode* out, CUgraph graph, const CUgraphNode* dependencies, std::size_t count,
                              const CUDA_MEMCPY3D* own, CUcontext) {
  if (own == nullptr) return CUDA_ERROR_INVALID_VALUE;
  return supported(*own) ? add(out, graph, dependencies, count, wrap(*own)) : CUDA_ERROR_NOT_SUPPORTED;
}
CUresult cuGraphAddMemsetNode(CUgraphNode* out, CUgraph graph, const CUgraphNode* dependencies, std::size_t count,
                              const CUDA_MEMSET_NODE_PARAMS* own, CUcontext) {
  return own == nullptr ? CUDA_ERROR_INVALID_VALUE : add(out, graph, dependencies, count, wrap(*own));
}
CUresult cuGraphAddHostNode(CUgraphNode* out, CUgraph graph, const CUgraphNode* dependencies, std::size_t count,
                            const CUDA_HOST_NODE_PARAMS* own) {
  return own == nullptr ? CUDA_ERROR_INVALID_VALUE : add(out, graph, dependencies, count, wrap(*own));
}
CUresult cuGraphAddChildGraphNode(CUgraphNode* out, CUgraph graph, const CUgraphNode* dependencies, std::size_t count,
                                  CUgraph child) {
  return add(out, graph, dependencies, count, child_params(child));
}
CUresult cuGraphChildGraphNodeGetGraph(CUgraphNode node, CUgraph* out) {
  return with_driver([&] { return child_graph(node, out); });
}
CUresult cuGraphAddEmptyNode(CUgraphNode* out, CUgraph graph, const CUgraphNode* dependencies, std::size_t count) {
  return add(out, graph, dependencies, count, node_params(cudaGraphNodeTypeEmpty));
}
CUresult cuGraphAddEventRecordNode(CUgraphNode* out, CUgraph graph, const CUgraphNode* dependencies, std::size_t count,
                                   CUevent event) {
  return add(out, graph, dependencies, count, record_params(event));
}
CUresult cuGraphAddEventWaitNode(CUgraphNode* out, CUgraph graph, const CUgraphNode* dependencies, std::size_t count,
                                 CUevent event) {
  return add(out, graph, dependencies, count, wait_params(event));
}
CUresult cuGraphAddNode(CUgraphNode* out, CUgraph graph, const CUgraphNode* dependencies, const CUgraphEdgeData*,
                        std::size_t count, CUgraphNodeParams* own) {
  return with_driver([&] {
    cudaGraphNodeParams params = {};
    if (own == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (const CUresult error = from_driver(*own, &params)) return error;
    const cudaError_t status = add_node(out, graph, dependencies, count, &params);
    if (own->type == CU_GRAPH_NODE_TYPE_CONDITIONAL) own->conditional.phGraph_out = params.conditional.phGraph_out;
    return driver_status(status);
  });
}
CUresult cuGraphNodeSetParams(CUgraphNode node, CUgraphNodeParams* own) {
  return with_driver([&] {
    cudaGraphNodeParams params = {};
    if (own == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (const CUresult error = from_driver(*own, &params)) return error;
    return driver_status(set_node_params(node, params));
  });
}
CUresult cuGraphExecNodeSetParams(CUgraphExec executable, CUgraphNode node, CUgraphNodeParams* own) {
  return with_driver([&] {
    cudaGraphNodeParams params = {};
    if (own == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (const CUresult error = from_driver(*own, &params)) return error;
    return driver_status(set_executable_params(executable, node, params));
  });
}
CUresult cuGraphConditionalHandleCreate(CUgraphConditionalHandle* out, CUgraph graph, CUcontext, unsigned value,
                                        unsigned flags) {
  return with_driver(
      [&] { return create_condition(reinterpret_cast<cudaGraphConditionalHandle*>(out), graph, value, flags); });
}

CUresult cuGraphInstantiate(CUgraphExec* out, CUgraph graph, unsigned long long flags) {
  return with_driver([&] { return instantiate(out, graph, flags); });
}
CUresult cuGraphInstantiateWithParams(CUgraphExec* out, CUgraph graph, CUDA_GRAPH_INSTANTIATE_PARAMS* params) {
  return with_driver([&] {
    if (params == nullptr) return cudaErrorInvalidValue;
    const cudaError_t error = instantiate(out, graph, params->flags);
    params->hErrNode_out = nullptr;
    params->result_out =
        error == cudaSuccess ? CUDA_GRAPH_INSTANTIATE_SUCCESS : CUDA_GRAPH_INSTANTIATE_INVALID_STRUCTURE;
    const bool upload = (params->flags & CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD) != 0;
    return error == cudaSuccess && upload ? upload_graph(*out, params->hUploadStream) : error;
  });
}
CUresult cuGraphExecGetFlags(CUgraphExec executable, cuuint64_t* flags) {
  return with_driver([&] {
    unsigned long long value = 0;
    const cudaError_t error = executable_flags(executable, &value);
    if (error == cudaSuccess && flags != nullptr) *flags = value;
    return error;
  });
}
CUresult cuGraphExecUpdate(CUgraphExec executable, CUgraph graph, CUgraphExecUpdateResultInfo* result) {
  return with_driver(
      [&] { return update_executable(executable, graph, reinterpret_cast<cudaGraphExecUpdateResultInfo*>(result)); });
}
CUresult cuGraphUpload(CUgraphExec executable, CUstream stream) {
  return with_driver([&] { return upload_graph(executable, stream); });
}
CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream) {
  return with_driver([&] { return launch_graph(executable, stream); });
}
CUresult cuGraphExecDestroy(CUgraphExec executable) {
  return with_driver([&] { return destroy_executable(executable); });
}
CUresult cuGraphNodeSetEnabled(CUgraphExec executable, CUgraphNode node, unsigned enabled) {
  return with_driver([&] { return set_enabled(executable, node, enabled != 0); });
}
CUresult cuGraphNodeGetEnabled(CUgraphExec executable, CUgraphNode node, unsigned* enabled) {
  return with_driver([&] { return get_enabled(executable, node, enabled); });
}

CUresult cuUserObjectCreate(CUuserObject* out, void* pointer, CUhostFn destroy, unsigned references, unsigned flags) {
  return with_driver([&] { return create_user_object(out, pointer, destroy, references, flags); });
}
CUresult cuUserObjectRetain(CUuserObject object, unsigned count) {
  return with_driver([&] { return retain_user_object(object, count); });
}
CUresult cuUserObjectRelease(CUuserObject object, unsigned count) {
  return with_driver([&] { return release_user_object(object, count); });
}
CUresult cuGraphRetainUserObject(CUgraph graph, CUuserObject object, unsigned count, unsigned flags) {
  return with_driver([&] { return graph_retain_user_object(graph, object, count, flags); });
}
CUresult cuGraphReleaseUserObject(CUgraph graph, CUuserObject object, unsigned count) {
  return with_driver([&] { return graph_release_user_object(graph, object, count); });
}
