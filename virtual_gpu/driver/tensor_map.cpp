// libcuda.so.1: tensor maps for the tensor memory accelerator. The 128 bytes are the device's business, so they hold
// what was asked for in a form of their own; what cuda.h says of the arguments is checked.
#include <algorithm>
#include <cstring>

#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

constexpr std::uint64_t kMostExtent = 1ull << 32, kMostStride = 1ull << 40;

int element_bytes(CUtensorMapDataType type) {
  switch (type) {
    case CU_TENSOR_MAP_DATA_TYPE_UINT8:
    case CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN8B:
    case CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN16B:
    case CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B:
      return 1;
    case CU_TENSOR_MAP_DATA_TYPE_UINT16:
    case CU_TENSOR_MAP_DATA_TYPE_FLOAT16:
    case CU_TENSOR_MAP_DATA_TYPE_BFLOAT16:
      return 2;
    case CU_TENSOR_MAP_DATA_TYPE_INT64:
    case CU_TENSOR_MAP_DATA_TYPE_UINT64:
    case CU_TENSOR_MAP_DATA_TYPE_FLOAT64:
      return 8;
    default:
      return type <= CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B ? 4 : 0;
  }
}

struct Request {
  CUtensorMapDataType type;
  cuuint32_t rank;
  void* address;
  const cuuint64_t *extents, *strides;
  const cuuint32_t* element_strides;
  CUtensorMapInterleave interleave;
};

bool valid(const Request& request) {
  const bool wide = request.interleave == CU_TENSOR_MAP_INTERLEAVE_32B;
  const cuuint32_t least_rank = request.interleave == CU_TENSOR_MAP_INTERLEAVE_NONE ? 1 : 3;
  const std::uint64_t unit = wide ? 32 : 16;
  if (element_bytes(request.type) == 0 || request.rank < least_rank || request.rank > 5) return false;
  if (request.address == nullptr || reinterpret_cast<std::uint64_t>(request.address) % unit != 0) return false;
  if (request.extents == nullptr || request.element_strides == nullptr) return false;
  for (cuuint32_t i = 0; i < request.rank; ++i) {
    if (request.extents[i] == 0 || request.extents[i] > kMostExtent) return false;
    if (request.element_strides[i] == 0 || request.element_strides[i] > 8) return false;
  }
  for (cuuint32_t i = 0; i + 1 < request.rank; ++i)
    if (request.strides == nullptr || request.strides[i] % unit != 0 || request.strides[i] >= kMostStride) return false;
  return true;
}

bool valid_box(const Request& request, const cuuint32_t* box, CUtensorMapSwizzle swizzle) {
  if (box == nullptr) return false;
  for (cuuint32_t i = 0; i < request.rank; ++i)
    if (box[i] == 0 || box[i] > 256) return false;
  if (request.interleave != CU_TENSOR_MAP_INTERLEAVE_NONE) return true;
  const std::uint64_t inner_bytes = std::uint64_t{box[0]} * element_bytes(request.type);
  if (inner_bytes % 16 != 0) return false;
  const std::uint64_t most = swizzle == CU_TENSOR_MAP_SWIZZLE_32B    ? 32
                             : swizzle == CU_TENSOR_MAP_SWIZZLE_64B  ? 64
                             : swizzle == CU_TENSOR_MAP_SWIZZLE_NONE ? kMostExtent
                                                                     : 128;
  return inner_bytes <= most;
}

struct Description {
  std::uint64_t address;
  std::uint32_t type, rank, interleave, swizzle;
  std::uint64_t extents[5], strides[4];
};
static_assert(sizeof(Description) <= sizeof(CUtensorMap));

CUresult describe(CUtensorMap* out, const Request& request, CUtensorMapSwizzle swizzle) {
  Description description{reinterpret_cast<std::uint64_t>(request.address),
                          static_cast<std::uint32_t>(request.type),
                          request.rank,
                          static_cast<std::uint32_t>(request.interleave),
                          static_cast<std::uint32_t>(swizzle),
                          {},
                          {}};
  std::copy_n(request.extents, request.rank, description.extents);
  if (request.rank > 1) std::copy_n(request.strides, request.rank - 1, description.strides);
  std::memset(static_cast<void*>(out), 0, sizeof *out);
  std::memcpy(static_cast<void*>(out), &description, sizeof description);
  return CUDA_SUCCESS;
}

bool supported() { return device()->major >= 9; }

CUresult encode_im2col(CUtensorMap* out, const Request& request, cuuint32_t channels, cuuint32_t pixels,
                       CUtensorMapSwizzle swizzle) {
  return with_driver([&] {
    if (!supported()) return CUDA_ERROR_NOT_SUPPORTED;
    const bool fits = channels > 0 && channels <= 256 && pixels > 0 && pixels <= 1024 && request.rank >= 3;
    return out != nullptr && fits && valid(request) ? describe(out, request, swizzle) : CUDA_ERROR_INVALID_VALUE;
  });
}

}  // namespace

CUresult cuTensorMapEncodeTiled(CUtensorMap* out, CUtensorMapDataType type, cuuint32_t rank, void* address,
                                const cuuint64_t* extents, const cuuint64_t* strides, const cuuint32_t* box,
                                const cuuint32_t* element_strides, CUtensorMapInterleave interleave,
                                CUtensorMapSwizzle swizzle, CUtensorMapL2promotion, CUtensorMapFloatOOBfill) {
  return with_driver([&] {
    if (!supported()) return CUDA_ERROR_NOT_SUPPORTED;
    const Request request{type, rank, address, extents, strides, element_strides, interleave};
    const bool good = out != nullptr && valid(request) && valid_box(request, box, swizzle);
    return good ? describe(out, request, swizzle) : CUDA_ERROR_INVALID_VALUE;
  });
}

CUresult cuTensorMapEncodeIm2col(CUtensorMap* out, CUtensorMapDataType type, cuuint32_t rank, void* address,
                                 const cuuint64_t* extents, const cuuint64_t* strides, const int*, const int*,
                                 cuuint32_t channels, cuuint32_t pixels, const cuuint32_t* element_strides,
                                 CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle, CUtensorMapL2promotion,
                                 CUtensorMapFloatOOBfill) {
  return encode_im2col(out, {type, rank, address, extents, strides, element_strides, interleave}, channels, pixels,
                       swizzle);
}

CUresult cuTensorMapEncodeIm2colWide(CUtensorMap* out, CUtensorMapDataType type, cuuint32_t rank, void* address,
                                     const cuuint64_t* extents, const cuuint64_t* strides, int, int,
                                     cuuint32_t channels, cuuint32_t pixels, const cuuint32_t* element_strides,
                                     CUtensorMapInterleave interleave, CUtensorMapIm2ColWideMode,
                                     CUtensorMapSwizzle swizzle, CUtensorMapL2promotion, CUtensorMapFloatOOBfill) {
  return encode_im2col(out, {type, rank, address, extents, strides, element_strides, interleave}, channels, pixels,
                       swizzle);
}

CUresult cuTensorMapReplaceAddress(CUtensorMap* map, void* address) {
  return with_driver([&] {
    const auto bits = reinterpret_cast<std::uint64_t>(address);
    if (map == nullptr || bits == 0 || bits % 16 != 0) return CUDA_ERROR_INVALID_VALUE;
    std::memcpy(static_cast<void*>(map), &bits, sizeof bits);
    return CUDA_SUCCESS;
  });
}
