// Graphs as a whole: making, asking, launching. Nodes: cudart/graph_nodes.cpp.
#include "virtual_gpu/core/graph.h"

#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

cudaError_t cudaGraphCreate(cudaGraph_t* out, unsigned flags) {
  return with_context([&] { return flags == 0 ? create_graph(out) : cudaErrorInvalidValue; });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return with_context([&] { return destroy_graph(graph); });
}

cudaError_t cudaGraphClone(cudaGraph_t* out, cudaGraph_t graph) {
  return with_context([&] { return clone_graph(out, graph); });
}

cudaError_t cudaGraphNodeFindInClone(cudaGraphNode_t* out, cudaGraphNode_t original, cudaGraph_t clone) {
  return with_context([&] { return find_in_clone(out, original, clone); });
}

cudaError_t cudaGraphDebugDotPrint(cudaGraph_t graph, const char* path, unsigned) {
  return with_context([&] { return print_graph(graph, path); });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  return with_context([&] { return graph_nodes(graph, nodes, count); });
}

cudaError_t cudaGraphGetRootNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  return with_context([&] { return root_nodes(graph, nodes, count); });
}

cudaError_t cudaGraphGetEdges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to, cudaGraphEdgeData* data,
                              std::size_t* count) {
  return with_context([&] { return graph_edges(graph, from, to, data, count); });
}

cudaError_t cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                                     const cudaGraphEdgeData*, std::size_t count) {
  return with_context([&] { return add_dependencies(graph, from, to, count); });
}

cudaError_t cudaGraphRemoveDependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                                        const cudaGraphEdgeData*, std::size_t count) {
  return with_context([&] { return remove_dependencies(graph, from, to, count); });
}

cudaError_t cudaGraphConditionalHandleCreate(cudaGraphConditionalHandle* out, cudaGraph_t graph, unsigned default_value,
                                             unsigned flags) {
  return with_context([&] { return create_condition(out, graph, default_value, flags); });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* out, cudaGraph_t graph, unsigned long long flags) {
  return with_context([&] { return instantiate(out, graph, flags); });
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* out, cudaGraph_t graph, unsigned long long flags) {
  return cudaGraphInstantiate(out, graph, flags);
}

cudaError_t cudaGraphInstantiateWithParams(cudaGraphExec_t* out, cudaGraph_t graph,
                                           cudaGraphInstantiateParams* params) {
  return with_context([&] {
    if (params == nullptr) return cudaErrorInvalidValue;
    const cudaError_t error = instantiate(out, graph, params->flags);
    params->result_out = error == cudaSuccess ? cudaGraphInstantiateSuccess : cudaGraphInstantiateInvalidStructure;
    params->errNode_out = nullptr;
    const bool upload = (params->flags & cudaGraphInstantiateFlagUpload) != 0;
    return error == cudaSuccess && upload ? upload_graph(*out, params->uploadStream) : error;
  });
}

cudaError_t cudaGraphExecGetFlags(cudaGraphExec_t executable, unsigned long long* flags) {
  return with_context([&] { return executable_flags(executable, flags); });
}

cudaError_t cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph, cudaGraphExecUpdateResultInfo* result) {
  return with_context([&] { return update_executable(executable, graph, result); });
}

cudaError_t cudaGraphUpload(cudaGraphExec_t executable, cudaStream_t stream) {
  return with_context([&] { return upload_graph(executable, stream); });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return with_context([&] { return launch_graph(executable, stream); });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return with_context([&] { return destroy_executable(executable); });
}

cudaError_t cudaUserObjectCreate(cudaUserObject_t* out, void* pointer, cudaHostFn_t destroy, unsigned references,
                                 unsigned flags) {
  return with_context([&] { return create_user_object(out, pointer, destroy, references, flags); });
}

cudaError_t cudaUserObjectRetain(cudaUserObject_t object, unsigned count) {
  return with_context([&] { return retain_user_object(object, count); });
}

cudaError_t cudaUserObjectRelease(cudaUserObject_t object, unsigned count) {
  return with_context([&] { return release_user_object(object, count); });
}

cudaError_t cudaGraphRetainUserObject(cudaGraph_t graph, cudaUserObject_t object, unsigned count, unsigned flags) {
  return with_context([&] { return graph_retain_user_object(graph, object, count, flags); });
}

cudaError_t cudaGraphReleaseUserObject(cudaGraph_t graph, cudaUserObject_t object, unsigned count) {
  return with_context([&] { return graph_release_user_object(graph, object, count); });
}
