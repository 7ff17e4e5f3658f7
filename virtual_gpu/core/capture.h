// Stream capture. A captured stream turns work into nodes of a graph; a stream that waits for an event recorded in a
// captured one joins. The first thing that a capture cannot hold spoils it: it is then "invalidated", every further
// call on its streams says so, and its end gives no graph.
//
// Functions that take a Stream are called under timeline_mutex().
#pragma once

#include <driver_types.h>

#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "virtual_gpu/core/graph.h"
#include "virtual_gpu/core/timeline.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu {

struct Capture {
  std::uint64_t id = 0;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;
  Stream* origin = nullptr;
  Graph* graph = nullptr;
  bool own_graph = true;  // false: cudaStreamBeginCaptureToGraph
  bool invalidated = false;
  std::vector<Stream*> streams;
};

cudaError_t begin_capture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t begin_capture_to_graph(cudaStream_t stream, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                   std::size_t count, cudaStreamCaptureMode mode);
cudaError_t end_capture(cudaStream_t stream, cudaGraph_t* out);
cudaError_t capture_status(cudaStream_t stream, cudaStreamCaptureStatus* status);

cudaError_t forbid_captured_callback(cudaStream_t stream);  // cudaStreamAddCallback: spoils the capture

// All but `status` may be null. `dependencies` hold until the stream's next call.
cudaError_t capture_info(cudaStream_t stream, cudaStreamCaptureStatus* status, unsigned long long* id,
                         cudaGraph_t* graph, const cudaGraphNode_t** dependencies, std::size_t* count);

// `flags`: cudaStreamAddCaptureDependencies or cudaStreamSetCaptureDependencies.
cudaError_t update_capture_dependencies(cudaStream_t stream, const cudaGraphNode_t* dependencies, std::size_t count,
                                        unsigned flags);
cudaError_t exchange_capture_mode(cudaStreamCaptureMode* mode);

cudaError_t check_capture(const Stream& stream);  // cudaErrorStreamCaptureInvalidated for a spoiled one
void invalidate(Capture& capture);
Node& capture_node(Stream& stream, cudaGraphNodeType type);  // after all that the stream did, and its new last
void abandon_captured_stream(Stream& stream);

// For what a captured stream cannot do (be waited for, be asked): success on any other stream.
cudaError_t forbid_on_stream(const Stream& stream);

// For the legacy stream: cudaErrorStreamCaptureImplicit when a blocking stream of its device is being captured.
cudaError_t forbid_implicit(const Stream& stream);

void invalidate_capture(std::uint64_t id);  // if it is still under way

// For a device as a whole: cudaErrorStreamCaptureUnsupported when any of its streams is being captured.
cudaError_t forbid_on_device(int device);

cudaError_t capture_event_record(Stream& stream, Event& event, unsigned flags);
cudaError_t capture_event_wait(Stream& stream, Event& event, unsigned flags);  // also how a stream joins

}  // namespace headroom::virtual_gpu
