#include "virtual_gpu/core/capture.h"

#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  return with_context([&] { return begin_capture(stream, mode); });
}

cudaError_t cudaStreamBeginCaptureToGraph(cudaStream_t stream, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                          const cudaGraphEdgeData*, std::size_t count, cudaStreamCaptureMode mode) {
  return with_context([&] { return begin_capture_to_graph(stream, graph, dependencies, count, mode); });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  return with_context([&] { return end_capture(stream, graph); });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  return with_context([&] { return capture_status(stream, status); });
}

// CUDA 12 has these two without edges under the plain name (CaptureInfo's is _v2 in the library), with edges under
// another.
#if CUDART_VERSION >= 13000
#define HEADROOM_CAPTURE_INFO_WITH_EDGES cudaStreamGetCaptureInfo
#define HEADROOM_UPDATE_WITH_EDGES cudaStreamUpdateCaptureDependencies
#else
#define HEADROOM_CAPTURE_INFO_WITH_EDGES cudaStreamGetCaptureInfo_v3
#define HEADROOM_UPDATE_WITH_EDGES cudaStreamUpdateCaptureDependencies_v2

cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, cudaStreamCaptureStatus* status, unsigned long long* id,
                                     cudaGraph_t* graph, const cudaGraphNode_t** dependencies, std::size_t* count) {
  return with_context([&] { return capture_info(stream, status, id, graph, dependencies, count); });
}

cudaError_t cudaStreamUpdateCaptureDependencies(cudaStream_t stream, cudaGraphNode_t* dependencies, std::size_t count,
                                                unsigned flags) {
  return with_context([&] { return update_capture_dependencies(stream, dependencies, count, flags); });
}
#endif

cudaError_t HEADROOM_CAPTURE_INFO_WITH_EDGES(cudaStream_t stream, cudaStreamCaptureStatus* status,
                                             unsigned long long* id, cudaGraph_t* graph,
                                             const cudaGraphNode_t** dependencies, const cudaGraphEdgeData** edges,
                                             std::size_t* count) {
  if (edges != nullptr) *edges = nullptr;
  return with_context([&] { return capture_info(stream, status, id, graph, dependencies, count); });
}

cudaError_t HEADROOM_UPDATE_WITH_EDGES(cudaStream_t stream, cudaGraphNode_t* dependencies, const cudaGraphEdgeData*,
                                       std::size_t count, unsigned flags) {
  return with_context([&] { return update_capture_dependencies(stream, dependencies, count, flags); });
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  return finish(exchange_capture_mode(mode));
}
