// libcuda.so.1: copies and fills (core/copies.h).
#include "virtual_gpu/core/copies.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

void* pointer_to(CUdeviceptr address) { return reinterpret_cast<void*>(address); }

CUresult copy_bytes(void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind, CUstream stream,
                    Order order) {
  return with_current_context(
      [&] { return copy({target}, {const_cast<void*>(source)}, {bytes}, kind, stream, order); });
}

CUresult copy_now(CUdeviceptr target, CUdeviceptr source, std::size_t bytes, cudaMemcpyKind kind) {
  return copy_bytes(pointer_to(target), pointer_to(source), bytes, kind, nullptr, Order::synchronous);
}

// One side of a box: nullptr for an array, which none is made of.
void* side(CUmemorytype type, const void* host, CUdeviceptr device) {
  if (type == CU_MEMORYTYPE_HOST) return const_cast<void*>(host);
  return type == CU_MEMORYTYPE_ARRAY ? nullptr : pointer_to(device);
}

Plane offset(void* start, std::size_t pitch, std::size_t height, std::size_t x, std::size_t y, std::size_t z) {
  if (start == nullptr) return {};
  return {static_cast<char*>(start) + (z * height + y) * pitch + x, pitch, pitch * height};
}

cudaMemcpyKind kind_of(CUmemorytype target, CUmemorytype source) {
  if (target == CU_MEMORYTYPE_UNIFIED || source == CU_MEMORYTYPE_UNIFIED) return cudaMemcpyDefault;
  if (target == CU_MEMORYTYPE_HOST) return source == CU_MEMORYTYPE_HOST ? cudaMemcpyHostToHost : cudaMemcpyDeviceToHost;
  return source == CU_MEMORYTYPE_HOST ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToDevice;
}

CUresult copy_2d(const CUDA_MEMCPY2D* box, CUstream stream, Order order) {
  return with_current_context([&] {
    if (box == nullptr) return cudaErrorInvalidValue;
    const Plane target = offset(side(box->dstMemoryType, box->dstHost, box->dstDevice), box->dstPitch, 0,
                                box->dstXInBytes, box->dstY, 0);
    const Plane source = offset(side(box->srcMemoryType, box->srcHost, box->srcDevice), box->srcPitch, 0,
                                box->srcXInBytes, box->srcY, 0);
    return copy(target, source, {box->WidthInBytes, box->Height}, kind_of(box->dstMemoryType, box->srcMemoryType),
                stream, order);
  });
}

// CUDA_MEMCPY3D and CUDA_MEMCPY3D_PEER name the same fields.
template <class Box>
CUresult copy_3d(const Box* box, CUstream stream, Order order) {
  return with_current_context([&] {
    if (box == nullptr) return cudaErrorInvalidValue;
    const Plane target = offset(side(box->dstMemoryType, box->dstHost, box->dstDevice), box->dstPitch, box->dstHeight,
                                box->dstXInBytes, box->dstY, box->dstZ);
    const Plane source = offset(side(box->srcMemoryType, box->srcHost, box->srcDevice), box->srcPitch, box->srcHeight,
                                box->srcXInBytes, box->srcY, box->srcZ);
    return copy(target, source, {box->WidthInBytes, box->Height, box->Depth},
                kind_of(box->dstMemoryType, box->srcMemoryType), stream, order);
  });
}

CUresult fill_rows(CUdeviceptr target, std::size_t pitch, std::uint32_t value, unsigned unit, std::size_t count,
                   std::size_t height, CUstream stream, Order order) {
  return with_current_context([&] {
    return fill({pointer_to(target), pitch}, {count * unit, height}, value, unit, stream, order);
  });
}

}  // namespace

CUresult cuMemcpy(CUdeviceptr target, CUdeviceptr source, std::size_t bytes) {
  return copy_now(target, source, bytes, cudaMemcpyDefault);
}

CUresult cuMemcpyPeer(CUdeviceptr target, CUcontext, CUdeviceptr source, CUcontext, std::size_t bytes) {
  return copy_now(target, source, bytes, cudaMemcpyDeviceToDevice);
}

CUresult cuMemcpyDtoD(CUdeviceptr target, CUdeviceptr source, std::size_t bytes) {
  return copy_now(target, source, bytes, cudaMemcpyDeviceToDevice);
}

CUresult cuMemcpyHtoD(CUdeviceptr target, const void* source, std::size_t bytes) {
  return copy_bytes(pointer_to(target), source, bytes, cudaMemcpyHostToDevice, nullptr, Order::synchronous);
}

CUresult cuMemcpyDtoH(void* target, CUdeviceptr source, std::size_t bytes) {
  return copy_bytes(target, pointer_to(source), bytes, cudaMemcpyDeviceToHost, nullptr, Order::synchronous);
}

CUresult cuMemcpyAsync(CUdeviceptr target, CUdeviceptr source, std::size_t bytes, CUstream stream) {
  return copy_bytes(pointer_to(target), pointer_to(source), bytes, cudaMemcpyDefault, stream, Order::asynchronous);
}

CUresult cuMemcpyPeerAsync(CUdeviceptr target, CUcontext, CUdeviceptr source, CUcontext, std::size_t bytes,
                           CUstream stream) {
  return copy_bytes(pointer_to(target), pointer_to(source), bytes, cudaMemcpyDeviceToDevice, stream,
                    Order::asynchronous);
}

CUresult cuMemcpyDtoDAsync(CUdeviceptr target, CUdeviceptr source, std::size_t bytes, CUstream stream) {
  return copy_bytes(pointer_to(target), pointer_to(source), bytes, cudaMemcpyDeviceToDevice, stream,
                    Order::asynchronous);
}

CUresult cuMemcpyHtoDAsync(CUdeviceptr target, const void* source, std::size_t bytes, CUstream stream) {
  return copy_bytes(pointer_to(target), source, bytes, cudaMemcpyHostToDevice, stream, Order::asynchronous);
}

CUresult cuMemcpyDtoHAsync(void* target, CUdeviceptr source, std::size_t bytes, CUstream stream) {
  return copy_bytes(target, pointer_to(source), bytes, cudaMemcpyDeviceToHost, stream, Order::asynchronous);
}

#if CUDA_VERSION >= 13000
CUresult cuMemcpyBatchAsync(CUdeviceptr* targets, CUdeviceptr* sources, std::size_t* sizes, std::size_t count,
                            CUmemcpyAttributes*, std::size_t*, std::size_t, CUstream stream) {
  if (targets == nullptr || sources == nullptr || sizes == nullptr || count == 0) return CUDA_ERROR_INVALID_VALUE;
  for (std::size_t i = 0; i < count; ++i)
    if (const CUresult error = cuMemcpyAsync(targets[i], sources[i], sizes[i], stream); error != CUDA_SUCCESS)
      return error;
  return CUDA_SUCCESS;
}
#endif

CUresult cuMemcpy2D(const CUDA_MEMCPY2D* box) { return copy_2d(box, nullptr, Order::synchronous); }
CUresult cuMemcpy2DUnaligned(const CUDA_MEMCPY2D* box) { return copy_2d(box, nullptr, Order::synchronous); }
CUresult cuMemcpy2DAsync(const CUDA_MEMCPY2D* box, CUstream stream) {
  return copy_2d(box, stream, Order::asynchronous);
}
CUresult cuMemcpy3D(const CUDA_MEMCPY3D* box) { return copy_3d(box, nullptr, Order::synchronous); }
CUresult cuMemcpy3DAsync(const CUDA_MEMCPY3D* box, CUstream stream) {
  return copy_3d(box, stream, Order::asynchronous);
}
CUresult cuMemcpy3DPeer(const CUDA_MEMCPY3D_PEER* box) { return copy_3d(box, nullptr, Order::synchronous); }

CUresult cuMemcpy3DPeerAsync(const CUDA_MEMCPY3D_PEER* box, CUstream stream) {
  return copy_3d(box, stream, Order::asynchronous);
}

#define HEADROOM_FILL(bits, type)                                                                         \
  CUresult cuMemsetD##bits##_v2(CUdeviceptr target, type value, std::size_t count) {                      \
    return fill_rows(target, 0, value, bits / 8, count, 1, nullptr, Order::synchronous);                  \
  }                                                                                                       \
  CUresult cuMemsetD##bits##Async(CUdeviceptr target, type value, std::size_t count, CUstream stream) {   \
    return fill_rows(target, 0, value, bits / 8, count, 1, stream, Order::asynchronous);                  \
  }                                                                                                       \
  CUresult cuMemsetD2D##bits##_v2(CUdeviceptr target, std::size_t pitch, type value, std::size_t width,   \
                                  std::size_t height) {                                                   \
    return fill_rows(target, pitch, value, bits / 8, width, height, nullptr, Order::synchronous);         \
  }                                                                                                       \
  CUresult cuMemsetD2D##bits##Async(CUdeviceptr target, std::size_t pitch, type value, std::size_t width, \
                                    std::size_t height, CUstream stream) {                                \
    return fill_rows(target, pitch, value, bits / 8, width, height, stream, Order::asynchronous);         \
  }
extern "C" {
HEADROOM_FILL(8, unsigned char)
HEADROOM_FILL(16, unsigned short)
HEADROOM_FILL(32, unsigned int)
}
#undef HEADROOM_FILL
