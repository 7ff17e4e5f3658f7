// A run's layers in few groups, each a branch of the tree or some neighbours in it, so that each can have a colour.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/breakdown.h"

namespace headroom {

inline constexpr std::size_t kMostLayerGroups = 15;

struct LayerGroups {
  std::vector<std::string> names;  // "encoder.layer.0", "encoder.layer.0–1"; the last is of all layers in none of them
  std::vector<std::uint8_t> of_layer;  // index into names, for every layer of the run
};

// Branches are opened while they hold much of the run's peak and there is room; neighbours share a group where there
// are too many of them.
LayerGroups group_layers(const Breakdown& run);

}  // namespace headroom
