// The names by which rows of a recording speak of each other, and of when they happened.
#pragma once

#include <array>
#include <cstdint>

#include "base/names.h"

namespace headroom {

// recompute: inside backward, a forward that checkpointing computes again.
enum class Phase : std::uint8_t { build, forward, backward, optimizer, prefill, decode, recompute };
enum class LayerId : std::uint32_t { root = 0 };
enum class StringId : std::uint32_t { none = 0 };  // index into Recording::strings; strings[0] is ""

inline constexpr std::array kPhaseNames{
    Named<Phase>{Phase::build, "build"},         Named<Phase>{Phase::forward, "forward"},
    Named<Phase>{Phase::backward, "backward"},   Named<Phase>{Phase::optimizer, "optimizer"},
    Named<Phase>{Phase::prefill, "prefill"},     Named<Phase>{Phase::decode, "decode"},
    Named<Phase>{Phase::recompute, "recompute"}};

}  // namespace headroom
