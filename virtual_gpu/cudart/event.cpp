#include "virtual_gpu/core/events.h"
#include "virtual_gpu/core/memory_pool.h"
#include "virtual_gpu/core/telling.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

cudaError_t cudaEventCreate(cudaEvent_t* out) {
  return with_context([&] { return create_event(out, cudaEventDefault); });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* out, unsigned flags) {
  return with_context([&] { return create_event(out, flags); });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return with_context([&] { return destroy_event(event); });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return with_context([&] { return record_event(event, stream); });
}

cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned flags) {
  return with_context([&] { return record_event(event, stream, flags); });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return with_context([&] { return query_event(event); });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return with_context([&] { return then_trim_pools(wait_for_event(event)); });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return with_context([&] { return elapsed_milliseconds(milliseconds, start, end); });
}
