// A graph node's parameters by its type, for what the runtime's and the driver's calls have in common.
#pragma once

#include <driver_types.h>

namespace headroom::virtual_gpu {

inline cudaGraphNodeParams node_params(cudaGraphNodeType type) {
  cudaGraphNodeParams params = {};
  params.type = type;
  return params;
}

inline cudaGraphNodeParams record_params(cudaEvent_t event) {
  cudaGraphNodeParams params = node_params(cudaGraphNodeTypeEventRecord);
  params.eventRecord.event = event;
  return params;
}

inline cudaGraphNodeParams wait_params(cudaEvent_t event) {
  cudaGraphNodeParams params = node_params(cudaGraphNodeTypeWaitEvent);
  params.eventWait.event = event;
  return params;
}

inline cudaGraphNodeParams child_params(cudaGraph_t child) {
  cudaGraphNodeParams params = node_params(cudaGraphNodeTypeGraph);
  params.graph.graph = child;
  return params;
}

}  // namespace headroom::virtual_gpu
