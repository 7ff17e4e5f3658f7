// Streams and events. All work is done the moment it is submitted, so a stream is always idle and a recorded event has
// happened; the time between two events is the host's. A destroyed handle is known as
// such for as long as it is among the last few thousand.
#pragma once

#include <driver_types.h>

namespace headroom::virtual_gpu {

constexpr int kLowestPriority = 0, kHighestPriority = -5;

cudaError_t create_stream(cudaStream_t* out, unsigned flags, int priority);
cudaError_t destroy_stream(cudaStream_t stream);
cudaError_t check_stream(cudaStream_t stream);  // success for a live stream and the three built-in ones
cudaError_t stream_priority(cudaStream_t stream, int* priority);
cudaError_t stream_flags(cudaStream_t stream, unsigned* flags);

cudaError_t create_event(cudaEvent_t* out, unsigned flags);
cudaError_t destroy_event(cudaEvent_t event);
cudaError_t check_event(cudaEvent_t event);
cudaError_t record_event(cudaEvent_t event, cudaStream_t stream);
cudaError_t elapsed_milliseconds(float* out, cudaEvent_t start, cudaEvent_t end);

}  // namespace headroom::virtual_gpu
