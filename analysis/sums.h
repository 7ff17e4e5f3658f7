// Sums of a recording's numbers. A damaged recording may name any, so they wrap around instead of overflowing.
#pragma once

#include <cstdint>

namespace headroom {

inline void add(std::int64_t& sum, std::int64_t part) {
  sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) + static_cast<std::uint64_t>(part));
}

inline std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

}  // namespace headroom
