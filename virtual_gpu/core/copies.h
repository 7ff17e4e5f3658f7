// Copies and fills, of boxes in one, two or three dimensions, through streams (core/work.h). A device pointer must lie
// in live memory all the way, or the answer is cudaErrorInvalidValue. What the bytes are, core/backing.h says.
#pragma once

#include <driver_types.h>

#include <cstddef>
#include <cstdint>

namespace headroom::virtual_gpu {

// Rows lie `pitch` bytes apart, planes `slice` bytes. One dimension needs neither.
struct Plane {
  void* start = nullptr;
  std::size_t pitch = 0, slice = 0;
};

struct Extent {
  std::size_t width = 0, height = 1, depth = 1;  // width in bytes
};

enum class Order { synchronous, asynchronous };

// Asynchronous copies into pageable memory return when they are done, as CUDA's do; synchronous ones wait unless both
// sides are on devices.
cudaError_t copy(Plane target, Plane source, Extent extent, cudaMemcpyKind kind, cudaStream_t stream, Order order);

// Repeats the `unit` lowest bytes (1, 2 or 4) of `value`.
cudaError_t fill(Plane target, Extent extent, std::uint32_t value, unsigned unit, cudaStream_t stream,
                 Order order = Order::asynchronous);

// The bytes alone, now, for libraries that stand for several ranks or move data themselves. Unchecked. Reads of what
// nobody computed are host reads.
void move_memory(void* target, const void* source, std::size_t bytes);

}  // namespace headroom::virtual_gpu
