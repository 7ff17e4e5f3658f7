#include "virtual_gpu/libraries/cufft/work_size.h"

#include <bit>

namespace headroom::virtual_gpu::cufft {

long long transform_length(long long length) {
  constexpr long long kLargestPrime = 127;
  long long rest = length;
  for (long long prime = 2; prime <= kLargestPrime; ++prime)
    while (rest % prime == 0) rest /= prime;
  if (rest == 1) return length;
  return static_cast<long long>(std::bit_ceil(static_cast<unsigned long long>(2 * length - 1)));
}

std::size_t work_bytes(const Transform& transform) {
  long long elements = transform.batch;
  for (std::size_t i = 0; i < transform.lengths.size(); ++i) {
    const long long length = transform.lengths[i];
    const bool halved = !transform.complex_to_complex && i + 1 == transform.lengths.size();
    elements *= transform_length(length) == length && halved ? length / 2 + 1 : transform_length(length);
  }
  return static_cast<std::size_t>(elements) * transform.complex_bytes;
}

}  // namespace headroom::virtual_gpu::cufft
