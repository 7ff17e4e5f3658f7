// Which addresses a device hands out. Pure bookkeeping; no memory is touched.
//
// Order matters, because PyTorch's caching allocator breaks ties between equal free blocks by address. A published
// snapshot of a real device shows reservations aligned to 32 MiB, descending, each next to the previous one, and 2 MiB
// segments rising inside one 32 MiB chunk. `descending` is that; `ascending` places reservations the other way. Freed
// ranges are used again: a reservation takes the first gap that fits, seen from where allocation starts. `shuffled`
// puts reservations anywhere in the lower half, by a seed; what is so large that it would break that half up (more than
// a 1024th of all) descends from the top.
//
// Invariant: live ranges never overlap, and each lies inside [base, base + size).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>

namespace headroom::virtual_gpu {

enum class AddressOrder { descending, ascending, shuffled };

constexpr std::uint64_t kGranuleBytes = 2ull << 20;  // the physical page of device memory
constexpr std::uint64_t kChunkBytes = 32ull << 20;   // alignment of reservations

class AddressSpace {
 public:
  AddressSpace(std::uint64_t base, std::uint64_t size, AddressOrder order, std::uint64_t seed = 0);

  // `bytes` is rounded up to granules. Empty when no gap is large enough.
  std::optional<std::uint64_t> take(std::uint64_t bytes);

  // The same at multiples of `alignment`, a power of two above 32 MiB, or at a wished place (a multiple of 32 MiB), if
  // it is free. Whole chunks, however few bytes: give_back() them with give_back_chunks().
  std::optional<std::uint64_t> take_aligned(std::uint64_t bytes, std::uint64_t alignment);
  std::optional<std::uint64_t> take_at(std::uint64_t address, std::uint64_t bytes);

  // `address` and `bytes` are those of one take().
  void give_back(std::uint64_t address, std::uint64_t bytes);
  void give_back_chunks(std::uint64_t address, std::uint64_t bytes);

 private:
  struct Chunk {
    std::uint32_t used_granules = 0;  // one bit each, lowest address first
  };

  using Gaps = std::map<std::uint64_t, std::uint64_t>;

  std::optional<std::uint64_t> take_granule();
  std::optional<std::uint64_t> take_reservation(std::uint64_t bytes, std::uint64_t alignment = kChunkBytes);
  std::optional<std::uint64_t> take_anywhere(std::uint64_t bytes);
  std::uint64_t carve(Gaps::iterator gap, std::uint64_t address, std::uint64_t bytes);
  void add_gap(std::uint64_t address, std::uint64_t bytes);

  std::uint64_t base_, size_;
  AddressOrder order_;
  std::mt19937_64 random_;
  Gaps gaps_;                              // address -> bytes, never adjacent
  std::map<std::uint64_t, Chunk> chunks_;  // chunks that hold single granules
};

}  // namespace headroom::virtual_gpu
