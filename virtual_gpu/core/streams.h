// Streams: made, destroyed, asked about, waited for. The null stream is one of each device; a thread's default stream
// is one of each thread and device. What a stream's time is, core/timeline.h says.
#pragma once

#include <driver_types.h>

#include <cstdint>

namespace headroom::virtual_gpu {

constexpr int kLowestPriority = 0, kHighestPriority = -5;

cudaError_t create_stream(cudaStream_t* out, unsigned flags, int priority);
cudaError_t destroy_stream(cudaStream_t stream);
cudaError_t check_stream(cudaStream_t stream);  // success for a live stream and the three built-in ones

// cudaErrorNotReady while work is pending; an error, which also spoils the capture, for a captured stream.
cudaError_t query_stream(cudaStream_t stream);

cudaError_t stream_priority(cudaStream_t stream, int* priority);
cudaError_t stream_flags(cudaStream_t stream, unsigned* flags);
cudaError_t stream_id(cudaStream_t stream, unsigned long long* id);
cudaError_t stream_device(cudaStream_t stream, int* device);

cudaError_t get_stream_attribute(cudaStream_t stream, int attribute, cudaStreamAttrValue* value);
cudaError_t set_stream_attribute(cudaStream_t stream, int attribute, const cudaStreamAttrValue* value);
cudaError_t copy_stream_attributes(cudaStream_t target, cudaStream_t source);

}  // namespace headroom::virtual_gpu
