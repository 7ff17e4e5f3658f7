// Events. One that was never recorded counts as done. One recorded in a captured stream stands for a place in the
// graph: it can be waited for by streams, which thereby join the capture, and neither be asked nor waited for by the
// host.
#pragma once

#include <driver_types.h>

namespace headroom::virtual_gpu {

cudaError_t create_event(cudaEvent_t* out, unsigned flags);
cudaError_t destroy_event(cudaEvent_t event);
cudaError_t check_event(cudaEvent_t event);
cudaError_t event_device(cudaEvent_t event, int* device);

// `flags`: cudaEventRecordExternal makes a node of its own in a captured stream.
cudaError_t record_event(cudaEvent_t event, cudaStream_t stream, unsigned flags = cudaEventRecordDefault);
cudaError_t wait_event(cudaStream_t stream, cudaEvent_t event, unsigned flags = cudaEventWaitDefault);
cudaError_t query_event(cudaEvent_t event);
cudaError_t synchronize_event(cudaEvent_t event);

// cudaErrorNotReady while either is pending; cudaErrorInvalidResourceHandle when one was never recorded, keeps no time,
// or belongs to another device.
cudaError_t elapsed_milliseconds(float* out, cudaEvent_t start, cudaEvent_t end);

}  // namespace headroom::virtual_gpu
