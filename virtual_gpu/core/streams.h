// Streams: made, destroyed, asked about, waited for. The null stream is one of each device; a thread's default stream
// is one of each thread and device. What a stream's time is, core/timeline.h says.
#pragma once

#include <driver_types.h>

#include <cstdint>
#include <vector>

namespace headroom::virtual_gpu {

constexpr int kLowestPriority = 0, kHighestPriority = -5;

cudaError_t create_stream(cudaStream_t* out, unsigned flags, int priority);
cudaError_t make_stream(cudaStream_t* out, unsigned flags, int priority);  // for inner use: nobody is told of it
cudaError_t destroy_stream(cudaStream_t stream);
cudaError_t check_stream(cudaStream_t stream);  // success for a live stream and the three built-in ones

// cudaErrorNotReady while work is pending; an error, which also spoils the capture, for a captured stream.
cudaError_t query_stream(cudaStream_t stream);

cudaError_t stream_priority(cudaStream_t stream, int* priority);
cudaError_t stream_flags(cudaStream_t stream, unsigned* flags);
cudaError_t stream_id(cudaStream_t stream, unsigned long long* id);
cudaError_t stream_device(cudaStream_t stream, int* device);

struct LiveStream {
  int device = 0;
  cudaStream_t handle = nullptr;  // nullptr: the null stream of the device
  std::uint64_t id = 0;
  int priority = 0;
  unsigned flags = 0;
};
std::vector<LiveStream> live_streams();  // those that the program made, and the null streams in use

cudaError_t get_stream_attribute(cudaStream_t stream, int attribute, cudaStreamAttrValue* value);
cudaError_t set_stream_attribute(cudaStream_t stream, int attribute, const cudaStreamAttrValue* value);
cudaError_t copy_stream_attributes(cudaStream_t target, cudaStream_t source);

}  // namespace headroom::virtual_gpu
