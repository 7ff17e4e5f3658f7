// What device memory holds. By default nothing: copies into it are checked and dropped, and reads give zeros. With
// HEADROOM_VIRTUAL_GPU_BACKED=1 it holds what the host put there, so that copies and fills come back:
//
// - bytes copied from the host lie in host pages at the device's own addresses, which cost memory only where something
//   was copied; fills are noted as such and cost none; freed and unmapped memory forgets and gives its pages back;
// - a copy on the device carries what is known and nothing else;
// - kernels write nothing. What a kernel was given the address of (all that the same copy or fill left there) is called
//   touched from then on: it still reads as what was copied, but counts as never computed, for the kernel may have
//   written it.
//
// So a read is `known` when every byte came from the host and no kernel could have changed it. A block that the caching
// allocator hands out again holds what its last user left there unless forget_contents() is told.
//
// Managed memory is the host's too and always keeps its bytes; what is read of it by a copy counts as never computed.
#pragma once

#include <cstdint>

namespace headroom::virtual_gpu {

bool backed();

// All take addresses inside the devices' ranges, checked before.
void store_bytes(std::uint64_t target, const void* source, std::uint64_t bytes);
void store_fill(std::uint64_t target, std::uint32_t pattern, std::uint64_t bytes);  // repeated, by address modulo 4
void move_bytes(std::uint64_t target, std::uint64_t source, std::uint64_t bytes);
bool load_bytes(void* target, std::uint64_t source, std::uint64_t bytes);  // zeros where nothing is; true: all known

// Into host memory: the pattern as it would lie at this address.
void write_pattern(void* target, std::uint32_t pattern, std::uint64_t bytes);

void touch_contents(std::uint64_t address);  // what one copy or fill left around it
void forget_contents(std::uint64_t address, std::uint64_t bytes);

void open_to_host(std::uint64_t address, std::uint64_t bytes);  // managed memory, whole pages
void close_to_host(std::uint64_t address, std::uint64_t bytes);

}  // namespace headroom::virtual_gpu
