#include "virtual_gpu/core/address_space.h"

#include <bit>
#include <iterator>

namespace headroom::virtual_gpu {
namespace {

constexpr std::uint32_t kFullChunk = (1u << (kChunkBytes / kGranuleBytes)) - 1;

std::uint64_t round_up(std::uint64_t bytes, std::uint64_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

AddressSpace::AddressSpace(std::uint64_t base, std::uint64_t size, AddressOrder order) : order_(order) {
  gaps_[base] = size;
}

std::optional<std::uint64_t> AddressSpace::take(std::uint64_t bytes) {
  return bytes <= kGranuleBytes ? take_granule() : take_reservation(round_up(bytes, kChunkBytes));
}

void AddressSpace::give_back(std::uint64_t address, std::uint64_t bytes) {
  if (bytes > kGranuleBytes) return add_gap(address, round_up(bytes, kChunkBytes));
  const std::uint64_t base = address / kChunkBytes * kChunkBytes;
  const auto chunk = chunks_.find(base);
  chunk->second.used_granules &= ~(1u << ((address - base) / kGranuleBytes));
  if (chunk->second.used_granules != 0) return;
  chunks_.erase(chunk);
  add_gap(base, kChunkBytes);
}

std::optional<std::uint64_t> AddressSpace::take_granule() {
  const auto take_from = [](std::uint64_t base, Chunk& chunk) {
    const int granule = std::countr_one(chunk.used_granules);
    chunk.used_granules |= 1u << granule;
    return base + static_cast<std::uint64_t>(granule) * kGranuleBytes;
  };
  const auto has_room = [](const Chunk& chunk) { return chunk.used_granules != kFullChunk; };
  if (order_ == AddressOrder::ascending) {
    for (auto& [base, chunk] : chunks_)
      if (has_room(chunk)) return take_from(base, chunk);
  } else {
    for (auto it = chunks_.rbegin(); it != chunks_.rend(); ++it)
      if (has_room(it->second)) return take_from(it->first, it->second);
  }
  const auto base = take_reservation(kChunkBytes);
  if (!base) return std::nullopt;
  return take_from(*base, chunks_[*base]);
}

std::optional<std::uint64_t> AddressSpace::take_reservation(std::uint64_t bytes) {
  const auto carve = [&](std::uint64_t gap, std::uint64_t gap_bytes, std::uint64_t address) {
    gaps_.erase(gap);
    if (address > gap) gaps_[gap] = address - gap;
    if (address + bytes < gap + gap_bytes) gaps_[address + bytes] = gap + gap_bytes - address - bytes;
    return address;
  };
  if (order_ == AddressOrder::ascending) {
    for (const auto& [gap, gap_bytes] : gaps_)
      if (gap_bytes >= bytes) return carve(gap, gap_bytes, gap);
  } else {
    for (auto it = gaps_.rbegin(); it != gaps_.rend(); ++it)
      if (it->second >= bytes) return carve(it->first, it->second, it->first + it->second - bytes);
  }
  return std::nullopt;
}

void AddressSpace::add_gap(std::uint64_t address, std::uint64_t bytes) {
  auto next = gaps_.lower_bound(address);
  if (next != gaps_.end() && next->first == address + bytes) {
    bytes += next->second;
    next = gaps_.erase(next);
  }
  if (next != gaps_.begin()) {
    const auto previous = std::prev(next);
    if (previous->first + previous->second == address) {
      previous->second += bytes;
      return;
    }
  }
  gaps_[address] = bytes;
}

}  // namespace headroom::virtual_gpu
