#include "virtual_gpu/core/work.h"

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/streams.h"

namespace headroom::virtual_gpu {

cudaError_t submit(cudaStream_t stream, Work work) {
  if (const cudaError_t error = check_stream(stream)) return error;
  if (work.kind == WorkKind::kernel) count_launch();
  if (work.effect) work.effect();
  return cudaSuccess;
}

cudaError_t submit_kernel(cudaStream_t stream, const char*, std::uint64_t) {
  if (const cudaError_t error = check_stream(stream)) return error;
  count_launch();
  return cudaSuccess;
}

bool capturing(cudaStream_t) { return false; }
cudaError_t forbid_in_capture() { return cudaSuccess; }

Moment moment_of(cudaStream_t stream) { return {reinterpret_cast<std::uintptr_t>(stream), 0}; }
bool due(const Moment&) { return true; }

cudaError_t synchronize_stream(cudaStream_t stream) { return check_stream(stream); }
cudaError_t synchronize_device(int) { return cudaSuccess; }

}  // namespace headroom::virtual_gpu
