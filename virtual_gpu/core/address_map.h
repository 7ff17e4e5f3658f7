// Where device memory lies: one range of host address space for each device, side by side, the same in every run, with
// nothing behind it (core/backing.h tells when there is). A host read of it faults, as one of a real device's memory
// does.
#pragma once

#include <cstdint>
#include <optional>

namespace headroom::virtual_gpu {

inline std::uint64_t address_of(const void* pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

struct AddressRange {
  std::uint64_t base = 0, bytes = 0;
};

// 16 TiB for up to three devices, an equal share of 48 TiB for more.
AddressRange device_range(int device);

// Lock-free; empty outside all ranges.
std::optional<int> device_of_address(std::uint64_t address);
inline std::optional<int> device_of_address(const void* pointer) { return device_of_address(address_of(pointer)); }

void reserve_address_ranges();  // once; ends the process when the host has no such addresses

}  // namespace headroom::virtual_gpu
