// Which addresses a device hands out. Pure bookkeeping; no memory is touched.
//
// Order matters, because PyTorch's caching allocator breaks ties between equal free blocks by address. A published
// snapshot of a real device shows reservations aligned to 32 MiB, descending, each next to the previous one, and 2 MiB
// segments rising inside one 32 MiB chunk. `descending` is that; `ascending` places reservations the other way.
// Freed ranges are used again: a reservation takes the first gap that fits, seen from where allocation starts.
//
// Invariant: live ranges never overlap, and each lies inside [base, base + size).
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace headroom::virtual_gpu {

enum class AddressOrder { descending, ascending, shuffled };

constexpr std::uint64_t kGranuleBytes = 2ull << 20;  // the physical page of device memory
constexpr std::uint64_t kChunkBytes = 32ull << 20;   // alignment of reservations

class AddressSpace {
 public:
  AddressSpace(std::uint64_t base, std::uint64_t size, AddressOrder order);

  // `bytes` is rounded up to granules. Empty when no gap is large enough.
  std::optional<std::uint64_t> take(std::uint64_t bytes);

  // `address` and `bytes` are those of one take().
  void give_back(std::uint64_t address, std::uint64_t bytes);

 private:
  struct Chunk {
    std::uint32_t used_granules = 0;  // one bit each, lowest address first
  };

  std::optional<std::uint64_t> take_granule();
  std::optional<std::uint64_t> take_reservation(std::uint64_t bytes);
  void add_gap(std::uint64_t address, std::uint64_t bytes);

  AddressOrder order_;
  std::map<std::uint64_t, std::uint64_t> gaps_;  // address -> bytes, never adjacent
  std::map<std::uint64_t, Chunk> chunks_;        // chunks that hold single granules
};

}  // namespace headroom::virtual_gpu
