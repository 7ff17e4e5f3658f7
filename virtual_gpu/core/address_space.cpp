#include "virtual_gpu/core/address_space.h"

#include <bit>
#include <iterator>

namespace headroom::virtual_gpu {
namespace {

constexpr std::uint32_t kFullChunk = (1u << (kChunkBytes / kGranuleBytes)) - 1;

std::uint64_t round_up(std::uint64_t bytes, std::uint64_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

AddressSpace::AddressSpace(std::uint64_t base, std::uint64_t size, AddressOrder order, std::uint64_t seed)
    : base_(base), size_(size), order_(order), random_(seed) {
  gaps_[base] = size;
}

std::optional<std::uint64_t> AddressSpace::take(std::uint64_t bytes) {
  return bytes <= kGranuleBytes ? take_granule() : take_reservation(round_up(bytes, kChunkBytes));
}

std::optional<std::uint64_t> AddressSpace::take_aligned(std::uint64_t bytes, std::uint64_t alignment) {
  return take_reservation(round_up(bytes, kChunkBytes), alignment);
}

std::optional<std::uint64_t> AddressSpace::take_at(std::uint64_t address, std::uint64_t bytes) {
  bytes = round_up(bytes, kChunkBytes);
  auto gap = gaps_.upper_bound(address);
  if (address % kChunkBytes != 0 || gap == gaps_.begin()) return std::nullopt;
  --gap;
  if (address + bytes > gap->first + gap->second) return std::nullopt;
  return carve(gap, address, bytes);
}

void AddressSpace::give_back_chunks(std::uint64_t address, std::uint64_t bytes) {
  add_gap(address, round_up(bytes, kChunkBytes));
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
  if (order_ != AddressOrder::descending) {
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

std::uint64_t AddressSpace::carve(Gaps::iterator gap, std::uint64_t address, std::uint64_t bytes) {
  const auto [start, length] = *gap;
  gaps_.erase(gap);
  if (address > start) gaps_[start] = address - start;
  if (address + bytes < start + length) gaps_[address + bytes] = start + length - address - bytes;
  return address;
}

std::optional<std::uint64_t> AddressSpace::take_reservation(std::uint64_t bytes, std::uint64_t alignment) {
  if (order_ == AddressOrder::shuffled && bytes <= size_ / 1024 && alignment == kChunkBytes)
    if (const auto taken = take_anywhere(bytes)) return taken;
  if (order_ == AddressOrder::ascending) {
    for (auto gap = gaps_.begin(); gap != gaps_.end(); ++gap) {
      const std::uint64_t address = round_up(gap->first, alignment);
      if (address + bytes <= gap->first + gap->second) return carve(gap, address, bytes);
    }
    return std::nullopt;
  }
  for (auto gap = gaps_.end(); gap != gaps_.begin();) {
    --gap;
    if (gap->second < bytes) continue;
    const std::uint64_t address = (gap->first + gap->second - bytes) / alignment * alignment;
    if (address >= gap->first) return carve(gap, address, bytes);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> AddressSpace::take_anywhere(std::uint64_t bytes) {
  constexpr int tries = 64;
  for (int i = 0; i < tries; ++i)
    if (const auto taken = take_at(base_ + random_() % (size_ / 2 / kChunkBytes) * kChunkBytes, bytes)) return taken;
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
