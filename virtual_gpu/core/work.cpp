#include "virtual_gpu/core/work.h"

#include <algorithm>

#include "virtual_gpu/core/capture.h"
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/telling.h"
#include "virtual_gpu/core/timeline.h"

namespace headroom::virtual_gpu {
namespace {

cudaGraphNodeType node_type_of(WorkKind kind) {
  switch (kind) {
    case WorkKind::kernel:
      return cudaGraphNodeTypeKernel;
    case WorkKind::copy:
      return cudaGraphNodeTypeMemcpy;
    case WorkKind::set:
      return cudaGraphNodeTypeMemset;
    case WorkKind::host_function:
      return cudaGraphNodeTypeHost;
    case WorkKind::allocate:
      return cudaGraphNodeTypeMemAlloc;
    case WorkKind::free:
      return cudaGraphNodeTypeMemFree;
    case WorkKind::empty:
      break;
  }
  return cudaGraphNodeTypeEmpty;
}

cudaError_t capture(Stream& stream, Work& work, const cudaGraphNodeParams* params) {
  if (const cudaError_t error = check_capture(stream)) return error;
  Node& node = capture_node(stream, node_type_of(work.kind));
  node.work = std::move(work);
  node.params_known = params != nullptr;
  if (params != nullptr) node.params = *params;
  return cudaSuccess;
}

// *captured: the work became a node, so its effect is not for now.
cudaError_t take_place(Stream& stream, Work& work, const cudaGraphNodeParams* params, bool* captured) {
  const std::lock_guard lock(timeline_mutex());
  *captured = stream.capture != nullptr;
  if (*captured) return capture(stream, work, params);
  if (const cudaError_t error = forbid_implicit(stream)) return error;
  order_against_legacy(stream);
  advance(stream, work.duration_ns);
  return cudaSuccess;
}

}  // namespace

cudaError_t submit_to(Stream& stream, Work& work, const cudaGraphNodeParams* params) {
  if (stream.special.load(std::memory_order_acquire) || work.duration_ns > 0) {
    bool captured = false;
    if (const cudaError_t error = take_place(stream, work, params, &captured)) return error;
    if (captured) return cudaSuccess;
  } else {
    stream.submitted.fetch_add(1, std::memory_order_relaxed);
  }
  if (work.kind == WorkKind::kernel) count_launch();
  if (activity_listener() != nullptr) tell_work(stream, work);
  if (work.effect) work.effect();
  return cudaSuccess;
}

cudaError_t submit(cudaStream_t handle, Work work) {
  Stream* stream = find_stream(handle);
  return stream == nullptr ? cudaErrorInvalidResourceHandle : submit_to(*stream, work, nullptr);
}

cudaError_t submit_kernel(cudaStream_t handle, const char* name, std::uint64_t duration_ns) {
  Stream* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (!stream->special.load(std::memory_order_acquire) && duration_ns == 0 && activity_listener() == nullptr) {
    stream->submitted.fetch_add(1, std::memory_order_relaxed);
    count_launch();
    return cudaSuccess;
  }
  Work work{WorkKind::kernel, name, duration_ns, {}, {}};
  return submit_to(*stream, work, nullptr);
}

Moment moment_of(cudaStream_t handle) {
  Stream* stream = find_stream(handle);
  if (stream == nullptr) return {};
  const std::lock_guard lock(timeline_mutex());
  order_against_legacy(*stream);
  return moment_on(*stream);
}

bool due(const Moment& moment) {
  const std::lock_guard lock(timeline_mutex());
  return moment_due(moment);
}

bool ordered_after(cudaStream_t handle, const Moment& moment) {
  const Stream* stream = find_stream(handle);
  const std::lock_guard lock(timeline_mutex());
  if (moment_due(moment)) return true;
  if (stream == nullptr) return false;
  if (stream->id == moment.stream_id) return true;
  return std::any_of(stream->seen.begin(), stream->seen.end(), [&](const Moment& seen) {
    return seen.stream_id == moment.stream_id && seen.position >= moment.position;
  });
}

}  // namespace headroom::virtual_gpu
