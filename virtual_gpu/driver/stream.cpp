// libcuda.so.1: streams, events and capture. The handles are the runtime's.
#include "virtual_gpu/core/capture.h"
#include "virtual_gpu/core/events.h"
#include "virtual_gpu/core/streams.h"
#include "virtual_gpu/core/telling.h"
#include "virtual_gpu/core/work.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

static_assert(static_cast<int>(CU_STREAM_NON_BLOCKING) == static_cast<int>(cudaStreamNonBlocking));
static_assert(static_cast<int>(CU_STREAM_CAPTURE_MODE_RELAXED) == static_cast<int>(cudaStreamCaptureModeRelaxed));
static_assert(static_cast<int>(CU_EVENT_DISABLE_TIMING) == static_cast<int>(cudaEventDisableTiming));
static_assert(static_cast<int>(CUDA_ERROR_NOT_READY) == static_cast<int>(cudaErrorNotReady));
static_assert(static_cast<int>(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD) ==
              static_cast<int>(cudaErrorStreamCaptureWrongThread));

namespace {

Context* context_of(CUstream stream) {
  int ordinal = 0;
  if (stream_device(stream, &ordinal) != cudaSuccess) return nullptr;
  Context* current = current_context();
  return current != nullptr && current->device == ordinal ? current : &primary_context(ordinal);
}

}  // namespace

CUresult cuStreamCreate(CUstream* out, unsigned flags) {
  return with_current_context([&] { return create_stream(out, flags, 0); });
}

CUresult cuStreamCreateWithPriority(CUstream* out, unsigned flags, int priority) {
  return with_current_context([&] { return create_stream(out, flags, priority); });
}

CUresult cuStreamDestroy(CUstream stream) {
  return with_driver([&] { return destroy_stream(stream); });
}

CUresult cuStreamGetPriority(CUstream stream, int* priority) {
  return with_driver([&] { return stream_priority(stream, priority); });
}

CUresult cuStreamGetFlags(CUstream stream, unsigned* flags) {
  return with_driver([&] { return stream_flags(stream, flags); });
}

CUresult cuStreamGetId(CUstream stream, unsigned long long* id) {
  return with_driver([&] { return stream_id(stream, id); });
}

CUresult cuStreamGetDevice(CUstream stream, CUdevice* out) {
  return with_driver([&] { return stream_device(stream, out); });
}

CUresult cuStreamGetCtx(CUstream stream, CUcontext* out) {
  return with_driver([&] {
    Context* context = context_of(stream);
    if (out == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *out = reinterpret_cast<CUcontext>(context);
    return context != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
  });
}

CUresult cuStreamQuery(CUstream stream) {
  return with_driver([&] { return query_stream(stream); });
}

CUresult cuStreamSynchronize(CUstream stream) {
  return with_driver([&] { return wait_for_stream(stream); });
}

CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags) {
  return with_driver([&] { return wait_on_stream(stream, event, flags); });
}

CUresult cuStreamAddCallback(CUstream stream, CUstreamCallback callback, void* data, unsigned flags) {
  return with_driver([&] {
    if (callback == nullptr || flags != 0) return cudaErrorInvalidValue;
    if (capturing(stream)) return forbid_captured_callback(stream);
    return submit(stream, {WorkKind::host_function, nullptr, 0, [=] { callback(stream, CUDA_SUCCESS, data); }, {}});
  });
}

CUresult cuStreamAttachMemAsync(CUstream stream, CUdeviceptr address, std::size_t, unsigned) {
  return with_driver([&] { return address != 0 ? submit(stream, {}) : cudaErrorInvalidValue; });
}

CUresult cuStreamGetAttribute(CUstream stream, CUstreamAttrID attribute, CUstreamAttrValue* value) {
  static_assert(sizeof(CUstreamAttrValue) == sizeof(cudaStreamAttrValue));
  return with_driver(
      [&] { return get_stream_attribute(stream, attribute, reinterpret_cast<cudaStreamAttrValue*>(value)); });
}

CUresult cuStreamSetAttribute(CUstream stream, CUstreamAttrID attribute, const CUstreamAttrValue* value) {
  return with_driver(
      [&] { return set_stream_attribute(stream, attribute, reinterpret_cast<const cudaStreamAttrValue*>(value)); });
}

CUresult cuStreamCopyAttributes(CUstream target, CUstream source) {
  return with_driver([&] { return copy_stream_attributes(target, source); });
}

CUresult cuEventCreate(CUevent* out, unsigned flags) {
  return with_current_context([&] { return create_event(out, flags); });
}

CUresult cuEventDestroy(CUevent event) {
  return with_driver([&] { return destroy_event(event); });
}

CUresult cuEventRecord(CUevent event, CUstream stream) {
  return with_driver([&] { return record_event(event, stream); });
}

CUresult cuEventRecordWithFlags(CUevent event, CUstream stream, unsigned flags) {
  return with_driver([&] { return record_event(event, stream, flags); });
}

CUresult cuEventQuery(CUevent event) {
  return with_driver([&] { return query_event(event); });
}

CUresult cuEventSynchronize(CUevent event) {
  return with_driver([&] { return wait_for_event(event); });
}

CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
  return with_driver([&] { return elapsed_milliseconds(milliseconds, start, end); });
}

CUresult cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode mode) {
  return with_driver([&] { return begin_capture(stream, static_cast<cudaStreamCaptureMode>(mode)); });
}

CUresult cuStreamBeginCaptureToGraph(CUstream stream, CUgraph graph, const CUgraphNode* dependencies,
                                     const CUgraphEdgeData*, std::size_t count, CUstreamCaptureMode mode) {
  return with_driver([&] {
    return begin_capture_to_graph(stream, graph, dependencies, count, static_cast<cudaStreamCaptureMode>(mode));
  });
}

CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph) {
  return with_driver([&] { return end_capture(stream, graph); });
}

CUresult cuStreamIsCapturing(CUstream stream, CUstreamCaptureStatus* status) {
  return with_driver([&] { return capture_status(stream, reinterpret_cast<cudaStreamCaptureStatus*>(status)); });
}

CUresult cuStreamGetCaptureInfo(CUstream stream, CUstreamCaptureStatus* status, cuuint64_t* id, CUgraph* graph,
                                const CUgraphNode** dependencies, const CUgraphEdgeData** edges, std::size_t* count) {
  if (edges != nullptr) *edges = nullptr;
  return with_driver([&] {
    return capture_info(stream, reinterpret_cast<cudaStreamCaptureStatus*>(status),
                        reinterpret_cast<unsigned long long*>(id), graph, dependencies, count);
  });
}

extern "C" CUresult cuStreamGetCaptureInfo_v2(CUstream stream, CUstreamCaptureStatus* status, cuuint64_t* id,
                                              CUgraph* graph, const CUgraphNode** dependencies, std::size_t* count) {
  return cuStreamGetCaptureInfo(stream, status, id, graph, dependencies, nullptr, count);
}

CUresult cuStreamUpdateCaptureDependencies(CUstream stream, CUgraphNode* dependencies, const CUgraphEdgeData*,
                                           std::size_t count, unsigned flags) {
  return with_driver([&] { return update_capture_dependencies(stream, dependencies, count, flags); });
}

CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode* mode) {
  return driver_status(exchange_capture_mode(reinterpret_cast<cudaStreamCaptureMode*>(mode)));
}
