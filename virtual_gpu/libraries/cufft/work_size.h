// cuFFT's work area. Its documentation (cufftEstimate) says between one and eight complex arrays of the transform's
// size; the least is taken for lengths whose prime factors are at most 127, which its fast algorithm handles, and for
// others the padded arrays of Bluestein's algorithm. An assumption, since the library tells its own only on a real
// device.
#pragma once

#include <cstddef>
#include <vector>

namespace headroom::virtual_gpu::cufft {

struct Transform {
  std::vector<long long> lengths;  // of one signal, slowest first
  long long batch = 1;
  bool complex_to_complex = true;  // else one side has n / 2 + 1 of the last dimension
  std::size_t complex_bytes = 8;
};

long long transform_length(long long length);  // as the algorithm works on it
std::size_t work_bytes(const Transform& transform);

}  // namespace headroom::virtual_gpu::cufft
