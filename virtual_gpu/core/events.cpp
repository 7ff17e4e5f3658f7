#include "virtual_gpu/core/events.h"

#include <algorithm>
#include <atomic>

#include "virtual_gpu/core/capture.h"
#include "virtual_gpu/core/clock.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/timeline.h"

namespace headroom::virtual_gpu {
namespace {

constexpr unsigned kKnownFlags = cudaEventBlockingSync | cudaEventDisableTiming | cudaEventInterprocess;

template <class Body>
cudaError_t with_event(cudaEvent_t handle, Body body) {
  Event* event = live<Event>(handle);
  if (event == nullptr) return cudaErrorInvalidResourceHandle;
  const std::lock_guard lock(timeline_mutex());
  return body(*event);
}

// The host cannot look at an event that stands for a place in a graph; to try spoils the capture.
cudaError_t forbid_captured(const Event& event) {
  if (event.capture_id == 0) return cudaSuccess;
  invalidate_capture(event.capture_id);
  return cudaErrorCapturedEvent;
}

bool timed(const Event& event) {
  return event.recorded && event.capture_id == 0 && (event.flags & cudaEventDisableTiming) == 0;
}

}  // namespace

HandlePool<Event>& event_pool() {
  static auto& pool = *new HandlePool<Event>;
  return pool;
}

cudaError_t create_event(cudaEvent_t* out, unsigned flags) {
  if (out == nullptr || (flags & ~kKnownFlags) != 0) return cudaErrorInvalidValue;
  if ((flags & cudaEventInterprocess) != 0 && (flags & cudaEventDisableTiming) == 0) return cudaErrorInvalidValue;
  static std::atomic<std::uint32_t> last_id{0};
  Event* event = event_pool().create();
  event->id = ++last_id;
  event->flags = flags;
  event->device = current_device();
  *out = reinterpret_cast<cudaEvent_t>(event);
  return cudaSuccess;
}

cudaError_t destroy_event(cudaEvent_t handle) {
  return with_event(handle, [](Event& event) { return event_pool().destroy(&event), cudaSuccess; });
}

cudaError_t check_event(cudaEvent_t handle) {
  return live<Event>(handle) != nullptr ? cudaSuccess : cudaErrorInvalidResourceHandle;
}

cudaError_t event_device(cudaEvent_t handle, int* device) {
  return with_event(handle, [&](const Event& event) { return *device = event.device, cudaSuccess; });
}

cudaError_t record_event(cudaEvent_t handle, cudaStream_t stream_handle, unsigned flags) {
  if (flags > cudaEventRecordExternal) return cudaErrorInvalidValue;
  Stream* stream = find_stream(stream_handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  return with_event(handle, [&](Event& event) {
    if (stream->device != event.device) return cudaErrorInvalidResourceHandle;
    if (stream->capture != nullptr) return capture_event_record(*stream, event, flags);
    if (const cudaError_t error = forbid_implicit(*stream)) return error;
    if (flags == cudaEventRecordExternal) return cudaErrorIllegalState;
    record_now(*stream, event, now_ns());
    return cudaSuccess;
  });
}

void record_now(Stream& stream, Event& event, std::uint64_t at_ns) {
  order_against_legacy(stream);
  event.recorded = true;
  event.capture_id = 0;
  event.captured.clear();
  event.moment.position = advance(stream, 0);
  event.moment.stream_id = stream.id;
  event.moment.ready_ns = std::max(stream.ready_ns.load(), at_ns);
  event.seen = stream.seen;
}

cudaError_t wait_event(cudaStream_t stream_handle, cudaEvent_t handle, unsigned flags) {
  if (flags > cudaEventWaitExternal) return cudaErrorInvalidValue;
  Stream* stream = find_stream(stream_handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  return with_event(handle, [&](Event& event) {
    if (stream->capture != nullptr || event.capture_id != 0) return capture_event_wait(*stream, event, flags);
    if (const cudaError_t error = forbid_implicit(*stream)) return error;
    if (flags == cudaEventWaitExternal) return cudaErrorIllegalState;
    if (event.recorded) wait_on(*stream, event.moment, event.seen);
    return cudaSuccess;
  });
}

cudaError_t query_event(cudaEvent_t handle) {
  if (const cudaError_t error = check_event(handle)) return error;
  if (const cudaError_t error = forbid_in_capture()) return error;
  return with_event(handle, [](const Event& event) {
    if (const cudaError_t error = forbid_captured(event)) return error;
    return !event.recorded || moment_due(event.moment) ? cudaSuccess : cudaErrorNotReady;
  });
}

cudaError_t synchronize_event(cudaEvent_t handle) {
  if (const cudaError_t error = check_event(handle)) return error;
  if (const cudaError_t error = forbid_in_capture()) return error;
  Moment moment;
  const cudaError_t error = with_event(handle, [&](const Event& event) {
    if (event.recorded) moment = event.moment;
    return forbid_captured(event);
  });
  if (error == cudaSuccess) host_wait(moment);
  return error;
}

cudaError_t elapsed_milliseconds(float* out, cudaEvent_t start, cudaEvent_t end) {
  const Event *first = live<Event>(start), *second = live<Event>(end);
  if (out == nullptr) return cudaErrorInvalidValue;
  if (first == nullptr || second == nullptr) return cudaErrorInvalidResourceHandle;
  const std::lock_guard lock(timeline_mutex());
  if (!timed(*first) || !timed(*second) || first->device != second->device) return cudaErrorInvalidResourceHandle;
  if (!moment_due(first->moment) || !moment_due(second->moment)) return cudaErrorNotReady;
  const auto nanoseconds = static_cast<std::int64_t>(second->moment.ready_ns - first->moment.ready_ns);
  *out = nanoseconds == 0 ? 1e-6F : static_cast<float>(nanoseconds) * 1e-6F;
  return cudaSuccess;
}

}  // namespace headroom::virtual_gpu
