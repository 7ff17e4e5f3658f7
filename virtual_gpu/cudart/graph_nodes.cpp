// The nodes of graphs: adding, asking, changing. Every kind's own parameters become a cudaGraphNodeParams.
#include <algorithm>

#include "virtual_gpu/core/graph.h"
#include "virtual_gpu/core/kernels.h"
#include "virtual_gpu/core/node_params.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

namespace {

cudaGraphNodeParams wrap(const cudaKernelNodeParams& own) {
  cudaGraphNodeParams params = node_params(cudaGraphNodeTypeKernel);
  params.kernel = {own.func, own.gridDim, own.blockDim, own.sharedMemBytes, own.kernelParams, own.extra};
  return params;
}

cudaGraphNodeParams wrap(const cudaMemcpy3DParms& own) {
  cudaGraphNodeParams params = node_params(cudaGraphNodeTypeMemcpy);
  params.memcpy.copyParams = own;
  return params;
}

cudaGraphNodeParams wrap(const cudaMemsetParams& own) {
  cudaGraphNodeParams params = node_params(cudaGraphNodeTypeMemset);
  params.memset = {own.dst, own.pitch, own.value, own.elementSize, own.width, own.height};
  return params;
}

cudaGraphNodeParams wrap(const cudaHostNodeParams& own) {
  cudaGraphNodeParams params = node_params(cudaGraphNodeTypeHost);
  params.host = {own.fn, own.userData};
  return params;
}

cudaMemcpy3DParms one_dimension(void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind) {
  cudaMemcpy3DParms copy = {};
  copy.srcPtr = {const_cast<void*>(source), bytes, bytes, 1};
  copy.dstPtr = {target, bytes, bytes, 1};
  copy.extent = {bytes, 1, 1};
  copy.kind = kind;
  return copy;
}

template <class Params>
cudaError_t add(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies, std::size_t count,
                const Params* own) {
  return with_context([&] {
    if (own == nullptr) return cudaErrorInvalidValue;
    cudaGraphNodeParams params = wrap(*own);
    return add_node(out, graph, dependencies, count, &params);
  });
}

cudaError_t add_wrapped(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies, std::size_t count,
                        cudaGraphNodeParams params) {
  return with_context([&] { return add_node(out, graph, dependencies, count, &params); });
}

template <class Params>
cudaError_t set(cudaGraphNode_t node, const Params* own) {
  return with_context([&] { return own == nullptr ? cudaErrorInvalidValue : set_node_params(node, wrap(*own)); });
}

template <class Params>
cudaError_t set_in(cudaGraphExec_t executable, cudaGraphNode_t node, const Params* own) {
  return with_context(
      [&] { return own == nullptr ? cudaErrorInvalidValue : set_executable_params(executable, node, wrap(*own)); });
}

template <class Out, class Read>
cudaError_t get(cudaGraphNode_t node, cudaGraphNodeType type, Out* out, Read read) {
  return with_context([&] {
    cudaGraphNodeParams params = {};
    if (out == nullptr) return cudaErrorInvalidValue;
    const cudaError_t error = get_node_params(node, type, &params);
    if (error == cudaSuccess) *out = read(params);
    return error;
  });
}

// Variables are no memory that copies reach: what is copied there is checked and goes nowhere.
cudaError_t symbol_range(const void* symbol, std::size_t bytes, std::size_t offset) {
  void* address = nullptr;
  std::uint64_t size = 0;
  if (!find_variable(symbol, &address, &size)) return cudaErrorInvalidSymbol;
  return offset <= size && bytes <= size - offset ? cudaSuccess : cudaErrorInvalidValue;
}

}  // namespace

cudaError_t cudaGraphAddNode(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                             const cudaGraphEdgeData*, std::size_t count, cudaGraphNodeParams* params) {
  return with_context([&] { return add_node(out, graph, dependencies, count, params); });
}

cudaError_t cudaGraphNodeSetParams(cudaGraphNode_t node, cudaGraphNodeParams* params) {
  return with_context([&] { return params == nullptr ? cudaErrorInvalidValue : set_node_params(node, *params); });
}

cudaError_t cudaGraphExecNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node, cudaGraphNodeParams* params) {
  return with_context(
      [&] { return params == nullptr ? cudaErrorInvalidValue : set_executable_params(executable, node, *params); });
}

cudaError_t cudaGraphDestroyNode(cudaGraphNode_t node) {
  return with_context([&] { return destroy_node(node); });
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
  return with_context([&] { return node_type(node, type); });
}

cudaError_t cudaGraphNodeGetDependencies(cudaGraphNode_t node, cudaGraphNode_t* nodes, cudaGraphEdgeData* data,
                                         std::size_t* count) {
  return with_context([&] { return node_dependencies(node, nodes, data, count); });
}

cudaError_t cudaGraphNodeGetDependentNodes(cudaGraphNode_t node, cudaGraphNode_t* nodes, cudaGraphEdgeData* data,
                                           std::size_t* count) {
  return with_context([&] { return node_dependents(node, nodes, data, count); });
}

cudaError_t cudaGraphNodeSetEnabled(cudaGraphExec_t executable, cudaGraphNode_t node, unsigned enabled) {
  return with_context([&] { return set_enabled(executable, node, enabled != 0); });
}

cudaError_t cudaGraphNodeGetEnabled(cudaGraphExec_t executable, cudaGraphNode_t node, unsigned* enabled) {
  return with_context([&] { return get_enabled(executable, node, enabled); });
}

cudaError_t cudaGraphAddKernelNode(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                   std::size_t count, const cudaKernelNodeParams* params) {
  return add(out, graph, dependencies, count, params);
}

cudaError_t cudaGraphKernelNodeGetParams(cudaGraphNode_t node, cudaKernelNodeParams* out) {
  return get(node, cudaGraphNodeTypeKernel, out, [](const cudaGraphNodeParams& params) {
    const auto& own = params.kernel;
    return cudaKernelNodeParams{own.func, own.gridDim, own.blockDim, own.sharedMemBytes, own.kernelParams, own.extra};
  });
}

cudaError_t cudaGraphKernelNodeSetParams(cudaGraphNode_t node, const cudaKernelNodeParams* params) {
  return set(node, params);
}

cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node,
                                             const cudaKernelNodeParams* params) {
  return set_in(executable, node, params);
}

cudaError_t cudaGraphAddMemcpyNode(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                   std::size_t count, const cudaMemcpy3DParms* params) {
  return add(out, graph, dependencies, count, params);
}

cudaError_t cudaGraphAddMemcpyNode1D(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                     std::size_t count, void* target, const void* source, std::size_t bytes,
                                     cudaMemcpyKind kind) {
  const cudaMemcpy3DParms params = one_dimension(target, source, bytes, kind);
  return add(out, graph, dependencies, count, &params);
}

cudaError_t cudaGraphAddMemcpyNodeToSymbol(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                           std::size_t count, const void* symbol, const void*, std::size_t bytes,
                                           std::size_t offset, cudaMemcpyKind) {
  return with_context([&] {
    if (const cudaError_t error = symbol_range(symbol, bytes, offset)) return error;
    cudaGraphNodeParams params = node_params(cudaGraphNodeTypeEmpty);
    const cudaError_t error = add_node(out, graph, dependencies, count, &params);
    if (error != cudaSuccess) return error;
    Node* node = live<Node>(*out);
    node->type = cudaGraphNodeTypeMemcpy;
    node->params_known = false;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphMemcpyNodeGetParams(cudaGraphNode_t node, cudaMemcpy3DParms* out) {
  return get(node, cudaGraphNodeTypeMemcpy, out,
             [](const cudaGraphNodeParams& params) { return params.memcpy.copyParams; });
}

cudaError_t cudaGraphMemcpyNodeSetParams(cudaGraphNode_t node, const cudaMemcpy3DParms* params) {
  return set(node, params);
}

cudaError_t cudaGraphMemcpyNodeSetParams1D(cudaGraphNode_t node, void* target, const void* source, std::size_t bytes,
                                           cudaMemcpyKind kind) {
  const cudaMemcpy3DParms params = one_dimension(target, source, bytes, kind);
  return set(node, &params);
}

cudaError_t cudaGraphExecMemcpyNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node,
                                             const cudaMemcpy3DParms* params) {
  return set_in(executable, node, params);
}

cudaError_t cudaGraphExecMemcpyNodeSetParams1D(cudaGraphExec_t executable, cudaGraphNode_t node, void* target,
                                               const void* source, std::size_t bytes, cudaMemcpyKind kind) {
  const cudaMemcpy3DParms params = one_dimension(target, source, bytes, kind);
  return set_in(executable, node, &params);
}

cudaError_t cudaGraphAddMemsetNode(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                   std::size_t count, const cudaMemsetParams* params) {
  return add(out, graph, dependencies, count, params);
}

cudaError_t cudaGraphMemsetNodeGetParams(cudaGraphNode_t node, cudaMemsetParams* out) {
  return get(node, cudaGraphNodeTypeMemset, out, [](const cudaGraphNodeParams& params) {
    const auto& own = params.memset;
    return cudaMemsetParams{own.dst, own.pitch, own.value, own.elementSize, own.width, own.height};
  });
}

cudaError_t cudaGraphMemsetNodeSetParams(cudaGraphNode_t node, const cudaMemsetParams* params) {
  return set(node, params);
}

cudaError_t cudaGraphExecMemsetNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node,
                                             const cudaMemsetParams* params) {
  return set_in(executable, node, params);
}

cudaError_t cudaGraphAddHostNode(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                 std::size_t count, const cudaHostNodeParams* params) {
  return add(out, graph, dependencies, count, params);
}

cudaError_t cudaGraphHostNodeGetParams(cudaGraphNode_t node, cudaHostNodeParams* out) {
  return get(node, cudaGraphNodeTypeHost, out, [](const cudaGraphNodeParams& params) {
    return cudaHostNodeParams{params.host.fn, params.host.userData};
  });
}

cudaError_t cudaGraphHostNodeSetParams(cudaGraphNode_t node, const cudaHostNodeParams* params) {
  return set(node, params);
}

cudaError_t cudaGraphExecHostNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node,
                                           const cudaHostNodeParams* params) {
  return set_in(executable, node, params);
}

cudaError_t cudaGraphAddChildGraphNode(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                       std::size_t count, cudaGraph_t child) {
  return add_wrapped(out, graph, dependencies, count, child_params(child));
}

cudaError_t cudaGraphChildGraphNodeGetGraph(cudaGraphNode_t node, cudaGraph_t* out) {
  return with_context([&] { return child_graph(node, out); });
}

cudaError_t cudaGraphExecChildGraphNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node, cudaGraph_t child) {
  return with_context([&] { return set_executable_params(executable, node, child_params(child)); });
}

cudaError_t cudaGraphAddEmptyNode(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                  std::size_t count) {
  return add_wrapped(out, graph, dependencies, count, node_params(cudaGraphNodeTypeEmpty));
}

cudaError_t cudaGraphAddEventRecordNode(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                        std::size_t count, cudaEvent_t event) {
  return add_wrapped(out, graph, dependencies, count, record_params(event));
}

cudaError_t cudaGraphEventRecordNodeGetEvent(cudaGraphNode_t node, cudaEvent_t* out) {
  return get(node, cudaGraphNodeTypeEventRecord, out,
             [](const cudaGraphNodeParams& params) { return params.eventRecord.event; });
}

cudaError_t cudaGraphEventRecordNodeSetEvent(cudaGraphNode_t node, cudaEvent_t event) {
  return with_context([&] { return set_node_params(node, record_params(event)); });
}

cudaError_t cudaGraphExecEventRecordNodeSetEvent(cudaGraphExec_t executable, cudaGraphNode_t node, cudaEvent_t event) {
  return with_context([&] { return set_executable_params(executable, node, record_params(event)); });
}

cudaError_t cudaGraphAddEventWaitNode(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                      std::size_t count, cudaEvent_t event) {
  return add_wrapped(out, graph, dependencies, count, wait_params(event));
}

cudaError_t cudaGraphEventWaitNodeGetEvent(cudaGraphNode_t node, cudaEvent_t* out) {
  return get(node, cudaGraphNodeTypeWaitEvent, out,
             [](const cudaGraphNodeParams& params) { return params.eventWait.event; });
}

cudaError_t cudaGraphEventWaitNodeSetEvent(cudaGraphNode_t node, cudaEvent_t event) {
  return with_context([&] { return set_node_params(node, wait_params(event)); });
}

cudaError_t cudaGraphExecEventWaitNodeSetEvent(cudaGraphExec_t executable, cudaGraphNode_t node, cudaEvent_t event) {
  return with_context([&] { return set_executable_params(executable, node, wait_params(event)); });
}

cudaError_t cudaGraphAddMemAllocNode(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                     std::size_t count, cudaMemAllocNodeParams* own) {
  return with_context([&] {
    if (own == nullptr) return cudaErrorInvalidValue;
    cudaGraphNodeParams params = node_params(cudaGraphNodeTypeMemAlloc);
    params.alloc = {own->poolProps, own->accessDescs, own->accessDescCount, own->bytesize, nullptr};
    const cudaError_t error = add_node(out, graph, dependencies, count, &params);
    own->dptr = params.alloc.dptr;
    return error;
  });
}

cudaError_t cudaGraphMemAllocNodeGetParams(cudaGraphNode_t node, cudaMemAllocNodeParams* out) {
  return get(node, cudaGraphNodeTypeMemAlloc, out, [](const cudaGraphNodeParams& params) {
    cudaMemAllocNodeParams own = {};
    own.poolProps = params.alloc.poolProps;
    own.bytesize = params.alloc.bytesize;
    own.dptr = params.alloc.dptr;
    return own;
  });
}

cudaError_t cudaGraphAddMemFreeNode(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                    std::size_t count, void* pointer) {
  cudaGraphNodeParams params = node_params(cudaGraphNodeTypeMemFree);
  params.free.dptr = pointer;
  return add_wrapped(out, graph, dependencies, count, params);
}

cudaError_t cudaGraphMemFreeNodeGetParams(cudaGraphNode_t node, void* out) {
  return get(node, cudaGraphNodeTypeMemFree, static_cast<void**>(out),
             [](const cudaGraphNodeParams& params) { return params.free.dptr; });
}

// Kernel attributes of a node (priority, cluster, cooperation) say nothing about memory: they are kept nowhere, so
// asking is refused, and setting or copying them is fine.
cudaError_t cudaGraphKernelNodeSetAttribute(cudaGraphNode_t node, cudaKernelNodeAttrID,
                                            const cudaKernelNodeAttrValue*) {
  return with_context([&] {
    cudaGraphNodeType type{};
    const cudaError_t error = node_type(node, &type);
    return error == cudaSuccess && type != cudaGraphNodeTypeKernel ? cudaErrorInvalidValue : error;
  });
}

cudaError_t cudaGraphKernelNodeCopyAttributes(cudaGraphNode_t target, cudaGraphNode_t source) {
  const cudaError_t error = cudaGraphKernelNodeSetAttribute(source, {}, nullptr);
  return error != cudaSuccess ? error : cudaGraphKernelNodeSetAttribute(target, {}, nullptr);
}
