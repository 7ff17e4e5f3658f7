// How conditional attention cuts a sequence: for the closed forms and the implementation alike.
#pragma once

#include <algorithm>
#include <cstdint>

namespace headroom::models {

// The light branch: each block of queries sees itself and, where there are more, the blocks on its two sides.
struct LightBlocks {
  std::int64_t size = 1, count = 1;  // the last one is padded
  std::int64_t seen = 1;             // blocks
};

// Each token sees `window` tokens on each side.
constexpr LightBlocks light_blocks(std::int64_t seq, std::int64_t window) {
  LightBlocks blocks;
  blocks.size = std::min(seq, window + 1);
  blocks.count = (seq + blocks.size - 1) / blocks.size;
  blocks.seen = blocks.count > 1 ? 3 : 1;
  return blocks;
}

// One of `share` tokens, and at least one.
constexpr std::int64_t routed_count(std::int64_t seq, std::int64_t share) {
  return std::max<std::int64_t>(1, seq / share);
}

}  // namespace headroom::models
