#include "virtual_gpu/core/capture.h"
#include "virtual_gpu/core/events.h"
#include "virtual_gpu/core/memory_pool.h"
#include "virtual_gpu/core/streams.h"
#include "virtual_gpu/core/telling.h"
#include "virtual_gpu/core/work.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

cudaError_t cudaStreamCreate(cudaStream_t* out) {
  return with_context([&] { return create_stream(out, cudaStreamDefault, 0); });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* out, unsigned flags) {
  return with_context([&] { return create_stream(out, flags, 0); });
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* out, unsigned flags, int priority) {
  return with_context([&] { return create_stream(out, flags, priority); });
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return with_context([&] { return destroy_stream(stream); });
}

cudaError_t cudaStreamGetPriority(cudaStream_t stream, int* priority) {
  return with_context([&] { return stream_priority(stream, priority); });
}

cudaError_t cudaStreamGetFlags(cudaStream_t stream, unsigned* flags) {
  return with_context([&] { return stream_flags(stream, flags); });
}

cudaError_t cudaStreamGetId(cudaStream_t stream, unsigned long long* id) {
  return with_context([&] { return stream_id(stream, id); });
}

cudaError_t cudaStreamGetDevice(cudaStream_t stream, int* ordinal) {
  return with_context([&] { return stream_device(stream, ordinal); });
}

cudaError_t cudaStreamGetAttribute(cudaStream_t stream, cudaStreamAttrID attribute, cudaStreamAttrValue* value) {
  return with_context([&] { return get_stream_attribute(stream, attribute, value); });
}

cudaError_t cudaStreamSetAttribute(cudaStream_t stream, cudaStreamAttrID attribute, const cudaStreamAttrValue* value) {
  return with_context([&] { return set_stream_attribute(stream, attribute, value); });
}

cudaError_t cudaStreamCopyAttributes(cudaStream_t target, cudaStream_t source) {
  return with_context([&] { return copy_stream_attributes(target, source); });
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return with_context([&] { return query_stream(stream); });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return with_context([&] { return then_trim_pools(wait_for_stream(stream)); });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
  return with_context([&] { return wait_on_stream(stream, event, flags); });
}

cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t callback, void* data, unsigned flags) {
  return with_context([&] {
    if (callback == nullptr || flags != 0) return cudaErrorInvalidValue;
    if (capturing(stream)) return forbid_captured_callback(stream);
    return submit(stream, {WorkKind::host_function, nullptr, 0, [=] { callback(stream, cudaSuccess, data); }, {}});
  });
}

// Managed memory is one address range here for whoever asks, so there is nothing to attach; the flags are checked.
cudaError_t cudaStreamAttachMemAsync(cudaStream_t stream, void* pointer, std::size_t, unsigned flags) {
  return with_context([&] {
    const bool known = flags == cudaMemAttachGlobal || flags == cudaMemAttachHost || flags == cudaMemAttachSingle;
    if (pointer == nullptr || !known) return cudaErrorInvalidValue;
    return submit(stream, {});
  });
}
