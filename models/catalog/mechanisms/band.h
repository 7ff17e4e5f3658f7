// How queries and their keys are cut into blocks where each query reaches only its neighbourhood. The closed forms and
// the implementations (models/attention/window.h) share this arithmetic.
#pragma once

#include <algorithm>
#include <cstdint>

namespace headroom::models {

struct Band {
  std::int64_t seq = 1;                // T
  std::int64_t block = 1;              // c: queries of a block, T where the sequence is shorter
  std::int64_t count = 1;              // C: blocks of a sequence; the last one is padded
  std::int64_t before = 0, after = 0;  // neighbouring blocks whose keys are in reach

  std::int64_t padded() const { return count * block; }               // T'
  std::int64_t keys() const { return (before + 1 + after) * block; }  // scores that each query has
};

// What is taken where no block is asked for: small beside usual windows, so that few scores are masked.
inline constexpr std::int64_t kUsualBlock = 128;

constexpr std::int64_t divided_up(std::int64_t amount, std::int64_t by) { return (amount + by - 1) / by; }

// Queries reach `left` keys back and `right` keys ahead. A block larger than the reach would only add masked scores.
constexpr Band make_band(std::int64_t seq, std::int64_t left, std::int64_t right, std::int64_t block) {
  Band band;
  band.seq = seq;
  band.block = std::min({block, left + 1, seq});
  band.count = divided_up(seq, band.block);
  band.before = std::min(divided_up(left, band.block), band.count - 1);
  band.after = std::min(divided_up(right, band.block), band.count - 1);
  return band;
}

}  // namespace headroom::models
