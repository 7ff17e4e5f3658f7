#include "virtual_gpu/core/capture.h"

#include <algorithm>
#include <atomic>
#include <unordered_set>

#include "virtual_gpu/core/streams.h"

namespace headroom::virtual_gpu {
namespace {

std::atomic<int> active_count{0};
thread_local cudaStreamCaptureMode thread_mode = cudaStreamCaptureModeGlobal;

struct Captures {
  std::vector<Capture*> active;
  std::uint64_t last_id = 0;
};

Captures& captures() {
  static Captures& singleton = *new Captures;
  return singleton;
}

Capture* find_capture(std::uint64_t id) {
  for (Capture* capture : captures().active)
    if (capture->id == id) return capture;
  return nullptr;
}

void unite(std::vector<Node*>& nodes, const std::vector<Node*>& more) {
  for (Node* node : more)
    if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
}

void join(Stream& stream, Capture& capture) {
  stream.capture = &capture;
  stream.capture_tail.clear();
  capture.streams.push_back(&stream);
  update_special(stream);
}

void leave(Stream& stream) {
  stream.capture = nullptr;
  stream.capture_tail.clear();
  update_special(stream);
}

void close(Capture& capture) {
  for (Stream* stream : capture.streams) leave(*stream);
  std::erase(captures().active, &capture);
  --active_count;
}

cudaError_t invalidated(Capture& capture, cudaError_t error) {
  invalidate(capture);
  return error;
}

// Every node that a stream did last must lie before what the origin does next.
bool joined(const Capture& capture) {
  std::unordered_set<const Node*> before;
  std::vector<const Node*> open(capture.origin->capture_tail.begin(), capture.origin->capture_tail.end());
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (!before.insert(node).second) continue;
    open.insert(open.end(), node->dependencies.begin(), node->dependencies.end());
  }
  for (const Stream* stream : capture.streams)
    for (const Node* node : stream->capture_tail)
      if (!before.contains(node)) return false;
  return true;
}

cudaError_t begin(Stream& stream, Graph* graph, std::vector<Node*> tail, cudaStreamCaptureMode mode) {
  if (stream.capture != nullptr) return cudaErrorIllegalState;
  if (stream.legacy) return cudaErrorStreamCaptureUnsupported;
  auto* capture = new Capture{.id = ++captures().last_id, .mode = mode, .thread = std::this_thread::get_id()};
  capture->origin = &stream;
  capture->own_graph = graph == nullptr;
  capture->graph = graph == nullptr ? graph_objects().create() : graph;
  join(stream, *capture);
  stream.capture_tail = std::move(tail);
  captures().active.push_back(capture);
  ++active_count;
  return cudaSuccess;
}

// Asking the legacy stream about itself is an error then, and spoils nothing.
bool blocking_stream_captured(int device) {
  for (const Capture* capture : captures().active)
    for (const Stream* stream : capture->streams)
      if (stream->device == device && stream->blocking()) return true;
  return false;
}

bool valid_mode(cudaStreamCaptureMode mode) {
  return mode >= cudaStreamCaptureModeGlobal && mode <= cudaStreamCaptureModeRelaxed;
}

cudaError_t read_nodes(const cudaGraphNode_t* handles, std::size_t count, std::vector<Node*>* out) {
  if (handles == nullptr && count > 0) return cudaErrorInvalidValue;
  for (std::size_t i = 0; i < count; ++i) {
    Node* node = live<Node>(handles[i]);
    if (node == nullptr) return cudaErrorInvalidValue;
    out->push_back(node);
  }
  return cudaSuccess;
}

// What the end of a capture leaves behind; the graph of a failed one is destroyed outside the lock.
struct Ending {
  cudaError_t status = cudaSuccess;
  Graph *graph = nullptr, *dropped = nullptr;
};

Ending end(Stream& stream) {
  Capture* capture = stream.capture;
  if (capture == nullptr) return {cudaErrorIllegalState};
  if (capture->origin != &stream) return {invalidated(*capture, cudaErrorStreamCaptureUnmatched)};
  if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id())
    return {cudaErrorStreamCaptureWrongThread};
  Ending ending;
  if (capture->invalidated)
    ending.status = cudaErrorStreamCaptureInvalidated;
  else if (!joined(*capture))
    ending.status = cudaErrorStreamCaptureUnjoined;
  close(*capture);
  if (ending.status == cudaSuccess)
    ending.graph = capture->graph;
  else if (capture->own_graph)
    ending.dropped = capture->graph;
  delete capture;
  return ending;
}

}  // namespace

void invalidate(Capture& capture) { capture.invalidated = true; }

cudaError_t check_capture(const Stream& stream) {
  return stream.capture != nullptr && stream.capture->invalidated ? cudaErrorStreamCaptureInvalidated : cudaSuccess;
}

Node& capture_node(Stream& stream, cudaGraphNodeType type) {
  Node& node = append_node(*stream.capture->graph, type, stream.capture_tail);
  stream.capture_tail = {&node};
  return node;
}

// The capture of its origin is over; that of another stream is spoiled.
void abandon_captured_stream(Stream& stream) {
  Capture* capture = stream.capture;
  invalidate(*capture);
  std::erase(capture->streams, &stream);
  if (capture->origin == &stream) {
    close(*capture);
    delete capture;
  }
  leave(stream);
}

cudaError_t forbid_on_stream(const Stream& stream) {
  if (stream.capture != nullptr) {
    if (const cudaError_t error = check_capture(stream)) return error;
    return invalidated(*stream.capture, cudaErrorStreamCaptureUnsupported);
  }
  return forbid_implicit(stream);
}

cudaError_t forbid_implicit(const Stream& stream) {
  if (!stream.legacy || active_count == 0) return cudaSuccess;
  cudaError_t status = cudaSuccess;
  for (Capture* capture : captures().active)
    for (const Stream* other : capture->streams)
      if (other->device == stream.device && other->blocking())
        status = invalidated(*capture, cudaErrorStreamCaptureImplicit);
  return status;
}

void invalidate_capture(std::uint64_t id) {
  if (Capture* capture = find_capture(id)) invalidate(*capture);
}

cudaError_t forbid_on_device(int device) {
  if (active_count == 0) return cudaSuccess;
  cudaError_t status = cudaSuccess;
  for (Capture* capture : captures().active)
    for (const Stream* stream : capture->streams)
      if (stream->device == device) status = invalidated(*capture, cudaErrorStreamCaptureUnsupported);
  return status;
}

cudaError_t forbid_in_capture() {
  if (active_count == 0 || thread_mode == cudaStreamCaptureModeRelaxed) return cudaSuccess;
  const std::lock_guard lock(timeline_mutex());
  cudaError_t status = cudaSuccess;
  for (Capture* capture : captures().active) {
    const bool own = capture->thread == std::this_thread::get_id() && capture->mode != cudaStreamCaptureModeRelaxed;
    const bool others = thread_mode == cudaStreamCaptureModeGlobal && capture->mode == cudaStreamCaptureModeGlobal;
    if (own || others) status = invalidated(*capture, cudaErrorStreamCaptureUnsupported);
  }
  return status;
}

cudaError_t begin_capture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  Stream* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (!valid_mode(mode)) return cudaErrorInvalidValue;
  const std::lock_guard lock(timeline_mutex());
  return begin(*stream, nullptr, {}, mode);
}

cudaError_t begin_capture_to_graph(cudaStream_t handle, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                   std::size_t count, cudaStreamCaptureMode mode) {
  Stream* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  Graph* into = live<Graph>(graph);
  if (into == nullptr || !valid_mode(mode)) return cudaErrorInvalidValue;
  std::vector<Node*> tail;
  if (const cudaError_t error = read_nodes(dependencies, count, &tail)) return error;
  for (const Node* node : tail)
    if (node->graph != into) return cudaErrorInvalidValue;
  const std::lock_guard lock(timeline_mutex());
  return begin(*stream, into, std::move(tail), mode);
}

cudaError_t end_capture(cudaStream_t handle, cudaGraph_t* out) {
  if (out != nullptr) *out = nullptr;
  Stream* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  Ending ending;
  {
    const std::lock_guard lock(timeline_mutex());
    ending = end(*stream);
  }
  if (ending.dropped != nullptr) destroy(ending.dropped);
  if (out != nullptr && ending.graph != nullptr) *out = virtual_gpu::handle(ending.graph);
  return ending.status;
}

cudaError_t capture_status(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  if (status == nullptr) return cudaErrorInvalidValue;
  *status = cudaStreamCaptureStatusNone;
  Stream* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (active_count == 0) return cudaSuccess;
  const std::lock_guard lock(timeline_mutex());
  if (stream->legacy && blocking_stream_captured(stream->device)) return cudaErrorStreamCaptureImplicit;
  if (stream->capture == nullptr) return cudaSuccess;
  *status = stream->capture->invalidated ? cudaStreamCaptureStatusInvalidated : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t capture_info(cudaStream_t handle, cudaStreamCaptureStatus* status, unsigned long long* id,
                         cudaGraph_t* graph, const cudaGraphNode_t** dependencies, std::size_t* count) {
  if (id != nullptr) *id = 0;
  if (graph != nullptr) *graph = nullptr;
  if (dependencies != nullptr) *dependencies = nullptr;
  if (count != nullptr) *count = 0;
  if (const cudaError_t error = capture_status(handle, status)) return error;
  if (*status != cudaStreamCaptureStatusActive) return cudaSuccess;
  const std::lock_guard lock(timeline_mutex());
  const Stream* stream = find_stream(handle);
  if (id != nullptr) *id = stream->capture->id;
  if (graph != nullptr) *graph = virtual_gpu::handle(stream->capture->graph);
  if (dependencies != nullptr) *dependencies = reinterpret_cast<const cudaGraphNode_t*>(stream->capture_tail.data());
  if (count != nullptr) *count = stream->capture_tail.size();
  return cudaSuccess;
}

cudaError_t update_capture_dependencies(cudaStream_t handle, const cudaGraphNode_t* dependencies, std::size_t count,
                                        unsigned flags) {
  Stream* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  std::vector<Node*> nodes;
  if (const cudaError_t error = read_nodes(dependencies, count, &nodes)) return error;
  const std::lock_guard lock(timeline_mutex());
  if (stream->capture == nullptr) return cudaErrorIllegalState;
  if (const cudaError_t error = check_capture(*stream)) return error;
  for (const Node* node : nodes)
    if (node->graph != stream->capture->graph) return cudaErrorInvalidValue;
  if (flags == cudaStreamSetCaptureDependencies) stream->capture_tail.clear();
  unite(stream->capture_tail, nodes);
  return cudaSuccess;
}

cudaError_t exchange_capture_mode(cudaStreamCaptureMode* mode) {
  if (mode == nullptr || !valid_mode(*mode)) return cudaErrorInvalidValue;
  std::swap(thread_mode, *mode);
  return cudaSuccess;
}

cudaError_t forbid_captured_callback(cudaStream_t handle) {
  const Stream* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  const std::lock_guard lock(timeline_mutex());
  return forbid_on_stream(*stream);
}

bool capturing(cudaStream_t handle) {
  if (active_count == 0) return false;
  Stream* stream = find_stream(handle);
  const std::lock_guard lock(timeline_mutex());
  return stream != nullptr && stream->capture != nullptr;
}

cudaError_t capture_event_record(Stream& stream, Event& event, unsigned flags) {
  if (const cudaError_t error = check_capture(stream)) return error;
  if (flags == cudaEventRecordExternal) {
    Node& node = capture_node(stream, cudaGraphNodeTypeEventRecord);
    node.params.eventRecord.event = reinterpret_cast<cudaEvent_t>(&event);
    node.params_known = true;
    return cudaSuccess;
  }
  event.capture_id = stream.capture->id;
  event.captured = stream.capture_tail;
  event.recorded = true;
  return cudaSuccess;
}

cudaError_t capture_event_wait(Stream& stream, Event& event, unsigned flags) {
  if (const cudaError_t error = check_capture(stream)) return error;
  if (flags == cudaEventWaitExternal) {
    if (stream.capture == nullptr) return cudaErrorIllegalState;
    Node& node = capture_node(stream, cudaGraphNodeTypeWaitEvent);
    node.params.eventWait.event = reinterpret_cast<cudaEvent_t>(&event);
    node.params_known = true;
    return cudaSuccess;
  }
  if (event.capture_id == 0)
    return event.recorded ? invalidated(*stream.capture, cudaErrorStreamCaptureIsolation) : cudaSuccess;
  Capture* capture = find_capture(event.capture_id);
  if (capture == nullptr) {
    if (stream.capture != nullptr) invalidate(*stream.capture);
    return cudaErrorCapturedEvent;
  }
  if (capture->invalidated) return cudaErrorStreamCaptureInvalidated;
  if (stream.capture == nullptr) {
    if (stream.legacy) return invalidated(*capture, cudaErrorStreamCaptureImplicit);
    join(stream, *capture);
  }
  if (stream.capture != capture) {
    invalidate(*stream.capture);
    return invalidated(*capture, cudaErrorStreamCaptureMerge);
  }
  unite(stream.capture_tail, event.captured);
  return cudaSuccess;
}

}  // namespace headroom::virtual_gpu
