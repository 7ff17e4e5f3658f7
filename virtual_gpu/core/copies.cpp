#include "virtual_gpu/core/copies.h"

#include <cstring>

#include "virtual_gpu/core/address_map.h"
#include "virtual_gpu/core/backing.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/host_memory.h"
#include "virtual_gpu/core/host_reads.h"
#include "virtual_gpu/core/kernels.h"
#include "virtual_gpu/core/region.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu {
namespace {

enum class Side { host, device, managed, variable };  // variable: of a module; keeps no bytes

// One end of a copy. `region`: what a device's pointer belongs to, if anything.
struct End {
  Side side = Side::host;
  std::optional<Region> region;
};

End end_of(const void* pointer) {
  if (!device_of_address(pointer)) return {variable_address(pointer) ? Side::variable : Side::host, {}};
  const auto region = find_region(pointer);
  return {region && region->kind == MemoryKind::managed ? Side::managed : Side::device, region};
}

bool kind_fits(cudaMemcpyKind kind, Side target, Side source) {
  const auto on_device = [](Side side, bool told) { return side == Side::managed || (side != Side::host) == told; };
  switch (kind) {
    case cudaMemcpyHostToHost:
      return on_device(target, false) && on_device(source, false);
    case cudaMemcpyHostToDevice:
      return on_device(target, true) && on_device(source, false);
    case cudaMemcpyDeviceToHost:
      return on_device(target, false) && on_device(source, true);
    case cudaMemcpyDeviceToDevice:
      return on_device(target, true) && on_device(source, true);
    case cudaMemcpyDefault:
      return true;
  }
  return false;
}

// From the first byte to the last; all that a size can say when there are more.
std::size_t span(const Plane& plane, const Extent& extent) {
  std::size_t planes = 0, rows = 0, bytes = 0;
  const bool overflows = __builtin_mul_overflow(extent.depth - 1, plane.slice, &planes) ||
                         __builtin_mul_overflow(extent.height - 1, plane.pitch, &rows) ||
                         __builtin_add_overflow(planes, rows, &bytes) ||
                         __builtin_add_overflow(bytes, extent.width, &bytes);
  return overflows ? SIZE_MAX : bytes;
}

std::uint64_t bytes_of(const Extent& extent) { return std::uint64_t{extent.width} * extent.height * extent.depth; }

// Managed memory counts as the device's where nothing says otherwise.
cudaMemcpyKind resolved(cudaMemcpyKind kind, Side target, Side source) {
  if (kind != cudaMemcpyDefault) return kind;
  if (source == Side::host) return target == Side::host ? cudaMemcpyHostToHost : cudaMemcpyHostToDevice;
  return target == Side::host ? cudaMemcpyDeviceToHost : cudaMemcpyDeviceToDevice;
}

int device_of(const End& end) { return end.region ? end.region->device : current_device(); }

bool empty(const Extent& extent) { return extent.width == 0 || extent.height == 0 || extent.depth == 0; }

bool pitch_fits(const Plane& plane, const Extent& extent) {
  return (extent.height == 1 || plane.pitch >= extent.width) &&
         (extent.depth == 1 || plane.slice >= span(plane, {extent.width, extent.height, 1}));
}

cudaError_t check_end(const End& end, const Plane& plane, const Extent& extent) {
  if (end.side == Side::host || end.side == Side::variable) return cudaSuccess;
  const std::size_t bytes = span(plane, extent);
  if (end.region && bytes <= end.region->end() - address_of(plane.start)) return cudaSuccess;
  return check_range(plane.start, bytes);  // blocks mapped next to each other
}

bool host_can_use(Side side) { return side == Side::host || side == Side::managed; }

void read_row(char* target, const char* source, Side source_side, std::size_t bytes) {
  if (source_side == Side::device && backed()) {
    if (load_bytes(target, address_of(source), bytes)) return;
  } else if (source_side == Side::managed) {
    std::memmove(target, source, bytes);
  } else {
    std::memset(target, 0, bytes);
  }
  if (!device_of_address(target))
    host_read(target, source, bytes, device_of_address(source).value_or(current_device()));
}

void copy_row(char* target, Side target_side, const char* source, Side source_side, std::size_t bytes) {
  if (source_side == Side::host && host_can_use(target_side))
    std::memmove(target, source, bytes);
  else if (host_can_use(target_side))
    read_row(target, source, source_side, bytes);
  else if (target_side == Side::variable || !backed())
    return;
  else if (host_can_use(source_side))
    store_bytes(address_of(target), source, bytes);
  else if (source_side == Side::device)
    move_bytes(address_of(target), address_of(source), bytes);
  else
    forget_contents(address_of(target), bytes);
}

void fill_row(char* target, Side side, std::uint32_t pattern, std::size_t bytes) {
  if (host_can_use(side))
    write_pattern(target, pattern, bytes);
  else if (side == Side::device && backed())
    store_fill(address_of(target), pattern, bytes);
}

template <class Row>
void each_row(const Extent& extent, Row row) {
  for (std::size_t z = 0; z < extent.depth; ++z)
    for (std::size_t y = 0; y < extent.height; ++y) row(y, z);
}

char* row_start(const Plane& plane, std::size_t y, std::size_t z) {
  return static_cast<char*>(plane.start) + z * plane.slice + y * plane.pitch;
}

// Rows without gaps on either side are one row.
void flatten(Plane* target, Plane* source, Extent* extent) {
  const auto both = [&](auto fits) { return fits(*target) && fits(*source); };
  if (extent->height > 1 && both([&](const Plane& plane) { return plane.pitch == extent->width; }) &&
      (extent->depth == 1 || both([&](const Plane& plane) { return plane.slice == plane.pitch * extent->height; })))
    *extent = {extent->width * extent->height * extent->depth, 1, 1};
}

std::uint32_t repeated(std::uint32_t value, unsigned unit) {
  if (unit == 1) return (value & 0xff) * 0x01010101u;
  if (unit == 2) return (value & 0xffff) * 0x00010001u;
  return value;
}

}  // namespace

cudaError_t copy(Plane target, Plane source, Extent extent, cudaMemcpyKind kind, cudaStream_t stream, Order order) {
  const bool synchronous = order == Order::synchronous;
  if (synchronous)
    if (const cudaError_t error = forbid_in_capture()) return error;
  if (empty(extent)) return cudaSuccess;
  if (target.start == nullptr || source.start == nullptr) return cudaErrorInvalidValue;
  if (!pitch_fits(target, extent) || !pitch_fits(source, extent)) return cudaErrorInvalidPitchValue;
  const End target_end = end_of(target.start), source_end = end_of(source.start);
  const Side to = target_end.side, from = source_end.side;
  if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return cudaErrorInvalidMemcpyDirection;
  if (!kind_fits(kind, to, from)) return cudaErrorInvalidValue;
  if (const cudaError_t error = check_end(target_end, target, extent)) return error;
  if (const cudaError_t error = check_end(source_end, source, extent)) return error;
  flatten(&target, &source, &extent);
  const auto effect = [=] {
    each_row(extent, [&](std::size_t y, std::size_t z) {
      copy_row(row_start(target, y, z), to, row_start(source, y, z), from, extent.width);
    });
  };
  const CopyWork facts{resolved(kind, to, from),
                       !synchronous,
                       device_of(source_end),
                       device_of(target_end),
                       to == Side::host     ? target.start
                       : from == Side::host ? source.start
                                            : nullptr,
                       bytes_of(extent)};
  if (const cudaError_t error =
          submit(stream, {.kind = WorkKind::copy, .effect = effect, .facts = facts_for(stream, facts)}))
    return error;
  const bool pageable_target = to == Side::host && from != Side::host && !host_pinned(target.start);
  const bool waits = synchronous ? to == Side::host || from == Side::host : pageable_target && !capturing(stream);
  return waits ? synchronize_stream(stream) : cudaSuccess;
}

cudaError_t fill(Plane target, Extent extent, std::uint32_t value, unsigned unit, cudaStream_t stream, Order order) {
  if (empty(extent)) return cudaSuccess;
  if (target.start == nullptr || address_of(target.start) % unit != 0) return cudaErrorInvalidValue;
  if (!pitch_fits(target, extent)) return cudaErrorInvalidPitchValue;
  const End end = end_of(target.start);
  const Side side = end.side;
  if (side == Side::host && !host_pinned(target.start)) return cudaErrorInvalidValue;
  if (const cudaError_t error = check_end(end, target, extent)) return error;
  Plane same = target;
  flatten(&target, &same, &extent);
  const std::uint32_t pattern = repeated(value, unit);
  const auto effect = [=] {
    each_row(extent,
             [&](std::size_t y, std::size_t z) { fill_row(row_start(target, y, z), side, pattern, extent.width); });
  };
  const SetWork facts{unit == 4 ? value : value & ((1u << 8 * unit) - 1), order == Order::asynchronous,
                      bytes_of(extent)};
  return submit(stream, {.kind = WorkKind::set, .effect = effect, .facts = facts_for(stream, facts)});
}

void move_memory(void* target, const void* source, std::size_t bytes) {
  copy_row(static_cast<char*>(target), end_of(target).side, static_cast<const char*>(source), end_of(source).side,
           bytes);
}

}  // namespace headroom::virtual_gpu
