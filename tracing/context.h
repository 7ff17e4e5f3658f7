// Where a program is, in the 64 bits that CUPTI carries from a thread to what its calls cause.
#pragma once

#include <cstdint>

#include "recording/identifiers.h"

namespace headroom::tracing {

// Layers below 2^24, steps below 2^32. Never 0, which means nothing.
struct Context {
  LayerId layer{};
  Phase phase{};
  std::int32_t step = 0;

  bool operator==(const Context&) const = default;
};

constexpr std::uint64_t pack(const Context& context) {
  return std::uint64_t{1} << 63 | static_cast<std::uint64_t>(context.phase) << 56 |
         (static_cast<std::uint64_t>(context.layer) & 0xFFFFFF) << 32 | static_cast<std::uint32_t>(context.step);
}

constexpr Context unpack(std::uint64_t packed) {
  return {static_cast<LayerId>(packed >> 32 & 0xFFFFFF), static_cast<Phase>(packed >> 56 & 0x7F),
          static_cast<std::int32_t>(packed & 0xFFFFFFFF)};
}

}  // namespace headroom::tracing
