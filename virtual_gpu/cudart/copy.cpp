// Copies and fills, each in one line of core/copies.h.
#include "virtual_gpu/core/copies.h"
#include "virtual_gpu/core/kernels.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

namespace {

// Copies read their source only; Plane holds either side.
Plane plane(const void* start, std::size_t pitch = 0, std::size_t slice = 0) {
  return {const_cast<void*>(start), pitch, slice};
}

cudaError_t copy_bytes(void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream,
                       Order order) {
  return with_context([&] { return copy(plane(target), plane(source), {bytes}, kind, stream, order); });
}

// Arrays, which are for textures, are refused where they are made.
Plane box(const cudaPitchedPtr& pointer, const cudaPos& at) {
  char* start = static_cast<char*>(pointer.ptr);
  if (start != nullptr) start += (at.z * pointer.ysize + at.y) * pointer.pitch + at.x;
  return {start, pointer.pitch, pointer.pitch * pointer.ysize};
}

Extent extent_of(const cudaExtent& extent) { return {extent.width, extent.height, extent.depth}; }

cudaError_t copy_3d(const cudaMemcpy3DParms* parameters, cudaStream_t stream, Order order) {
  return with_context([&] {
    if (parameters == nullptr || parameters->srcArray != nullptr || parameters->dstArray != nullptr)
      return cudaErrorInvalidValue;
    return copy(box(parameters->dstPtr, parameters->dstPos), box(parameters->srcPtr, parameters->srcPos),
                extent_of(parameters->extent), parameters->kind, stream, order);
  });
}

cudaError_t copy_3d_peer(const cudaMemcpy3DPeerParms* parameters, cudaStream_t stream, Order order) {
  if (parameters == nullptr) return finish(cudaErrorInvalidValue);
  const cudaMemcpy3DParms same{parameters->srcArray, parameters->srcPos, parameters->srcPtr, parameters->dstArray,
                               parameters->dstPos,   parameters->dstPtr, parameters->extent, cudaMemcpyDeviceToDevice};
  return copy_3d(&same, stream, order);
}

cudaError_t fill_box(const Plane& target, const Extent& extent, int value, cudaStream_t stream, Order order) {
  return with_context([&] { return fill(target, extent, static_cast<std::uint32_t>(value), 1, stream, order); });
}

// `body` gets the address of [offset, offset + bytes) of the symbol.
template <class Body>
cudaError_t with_symbol(const void* symbol, std::size_t bytes, std::size_t offset, Body body) {
  return with_context([&] {
    void* address = nullptr;
    std::uint64_t size = 0;
    if (!find_variable(symbol, &address, &size)) return cudaErrorInvalidSymbol;
    if (offset > size || bytes > size - offset) return cudaErrorInvalidValue;
    return body(static_cast<char*>(address) + offset);
  });
}

cudaError_t copy_to_symbol(const void* symbol, const void* source, std::size_t bytes, std::size_t offset,
                           cudaMemcpyKind kind, cudaStream_t stream, Order order) {
  return with_symbol(symbol, bytes, offset,
                     [&](char* part) { return copy(plane(part), plane(source), {bytes}, kind, stream, order); });
}

cudaError_t copy_from_symbol(void* target, const void* symbol, std::size_t bytes, std::size_t offset,
                             cudaMemcpyKind kind, cudaStream_t stream, Order order) {
  return with_symbol(symbol, bytes, offset,
                     [&](char* part) { return copy(plane(target), plane(part), {bytes}, kind, stream, order); });
}

}  // namespace

cudaError_t cudaMemcpy(void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind) {
  return copy_bytes(target, source, bytes, kind, nullptr, Order::synchronous);
}

cudaError_t cudaMemcpyAsync(void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return copy_bytes(target, source, bytes, kind, stream, Order::asynchronous);
}

cudaError_t cudaMemcpyPeer(void* target, int target_device, const void* source, int source_device, std::size_t bytes) {
  if (!valid_device(target_device) || !valid_device(source_device)) return finish(cudaErrorInvalidDevice);
  return copy_bytes(target, source, bytes, cudaMemcpyDeviceToDevice, nullptr, Order::synchronous);
}

cudaError_t cudaMemcpyPeerAsync(void* target, int target_device, const void* source, int source_device,
                                std::size_t bytes, cudaStream_t stream) {
  if (!valid_device(target_device) || !valid_device(source_device)) return finish(cudaErrorInvalidDevice);
  return copy_bytes(target, source, bytes, cudaMemcpyDeviceToDevice, stream, Order::asynchronous);
}

#if CUDART_VERSION >= 13000
cudaError_t cudaMemcpyBatchAsync(void* const* targets, const void* const* sources, const std::size_t* sizes,
                                 std::size_t count, cudaMemcpyAttributes*, std::size_t*, std::size_t,
                                 cudaStream_t stream) {
  if (targets == nullptr || sources == nullptr || sizes == nullptr || count == 0) return finish(cudaErrorInvalidValue);
  for (std::size_t i = 0; i < count; ++i)
    if (const cudaError_t error =
            copy_bytes(targets[i], sources[i], sizes[i], cudaMemcpyDefault, stream, Order::asynchronous))
      return error;
  return cudaSuccess;
}
#endif

cudaError_t cudaMemcpy2D(void* target, std::size_t target_pitch, const void* source, std::size_t source_pitch,
                         std::size_t width, std::size_t height, cudaMemcpyKind kind) {
  return with_context([&] {
    return copy(plane(target, target_pitch), plane(source, source_pitch), {width, height}, kind, nullptr,
                Order::synchronous);
  });
}

cudaError_t cudaMemcpy2DAsync(void* target, std::size_t target_pitch, const void* source, std::size_t source_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return with_context([&] {
    return copy(plane(target, target_pitch), plane(source, source_pitch), {width, height}, kind, stream,
                Order::asynchronous);
  });
}

cudaError_t cudaMemcpy3D(const cudaMemcpy3DParms* parameters) {
  return copy_3d(parameters, nullptr, Order::synchronous);
}

cudaError_t cudaMemcpy3DAsync(const cudaMemcpy3DParms* parameters, cudaStream_t stream) {
  return copy_3d(parameters, stream, Order::asynchronous);
}

cudaError_t cudaMemcpy3DPeer(const cudaMemcpy3DPeerParms* parameters) {
  return copy_3d_peer(parameters, nullptr, Order::synchronous);
}

cudaError_t cudaMemcpy3DPeerAsync(const cudaMemcpy3DPeerParms* parameters, cudaStream_t stream) {
  return copy_3d_peer(parameters, stream, Order::asynchronous);
}

cudaError_t cudaMemset(void* target, int value, std::size_t bytes) {
  return fill_box(plane(target), {bytes}, value, nullptr, Order::synchronous);
}

cudaError_t cudaMemsetAsync(void* target, int value, std::size_t bytes, cudaStream_t stream) {
  return fill_box(plane(target), {bytes}, value, stream, Order::asynchronous);
}

cudaError_t cudaMemset2D(void* target, std::size_t pitch, int value, std::size_t width, std::size_t height) {
  return fill_box(plane(target, pitch), {width, height}, value, nullptr, Order::synchronous);
}

cudaError_t cudaMemset2DAsync(void* target, std::size_t pitch, int value, std::size_t width, std::size_t height,
                              cudaStream_t stream) {
  return fill_box(plane(target, pitch), {width, height}, value, stream, Order::asynchronous);
}

cudaError_t cudaMemset3D(cudaPitchedPtr target, int value, cudaExtent extent) {
  return fill_box(box(target, {}), extent_of(extent), value, nullptr, Order::synchronous);
}

cudaError_t cudaMemset3DAsync(cudaPitchedPtr target, int value, cudaExtent extent, cudaStream_t stream) {
  return fill_box(box(target, {}), extent_of(extent), value, stream, Order::asynchronous);
}

cudaError_t cudaGetSymbolAddress(void** out, const void* symbol) {
  return with_symbol(symbol, 0, 0, [&](char* part) { return *out = part, cudaSuccess; });
}

cudaError_t cudaGetSymbolSize(std::size_t* out, const void* symbol) {
  return with_context([&] {
    void* address = nullptr;
    std::uint64_t size = 0;
    if (!find_variable(symbol, &address, &size)) return cudaErrorInvalidSymbol;
    *out = size;
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* source, std::size_t bytes, std::size_t offset,
                               cudaMemcpyKind kind) {
  return copy_to_symbol(symbol, source, bytes, offset, kind, nullptr, Order::synchronous);
}

cudaError_t cudaMemcpyToSymbolAsync(const void* symbol, const void* source, std::size_t bytes, std::size_t offset,
                                    cudaMemcpyKind kind, cudaStream_t stream) {
  return copy_to_symbol(symbol, source, bytes, offset, kind, stream, Order::asynchronous);
}

cudaError_t cudaMemcpyFromSymbol(void* target, const void* symbol, std::size_t bytes, std::size_t offset,
                                 cudaMemcpyKind kind) {
  return copy_from_symbol(target, symbol, bytes, offset, kind, nullptr, Order::synchronous);
}

cudaError_t cudaMemcpyFromSymbolAsync(void* target, const void* symbol, std::size_t bytes, std::size_t offset,
                                      cudaMemcpyKind kind, cudaStream_t stream) {
  return copy_from_symbol(target, symbol, bytes, offset, kind, stream, Order::asynchronous);
}
