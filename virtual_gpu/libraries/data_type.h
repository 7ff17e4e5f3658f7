// The size of an element of each cudaDataType, as NVIDIA's mathematical libraries name them.
#pragma once

#include <library_types.h>

#include <cstddef>

namespace headroom::virtual_gpu {

// 0 for a type that these libraries are not asked for here.
inline std::size_t element_bytes(cudaDataType type) {
  switch (type) {
    case CUDA_C_64F:
      return 16;
    case CUDA_R_64F:
    case CUDA_C_32F:
    case CUDA_R_64I:
      return 8;
    case CUDA_R_32F:
    case CUDA_R_32I:
    case CUDA_C_16F:
    case CUDA_C_16BF:
      return 4;
    case CUDA_R_16F:
    case CUDA_R_16BF:
      return 2;
    case CUDA_R_8I:
    case CUDA_R_8U:
    case CUDA_R_8F_E4M3:
    case CUDA_R_8F_E5M2:
      return 1;
    default:
      return 0;
  }
}

}  // namespace headroom::virtual_gpu
