// The layers of several runs as one tree, by path: what is compared layer by layer is found here.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "recording/recording.h"

namespace headroom {

struct UnitedLayer {
  Layer layer;  // its id is its index here, its parent's likewise; of several kinds the first run's
  int depth = 0;
  std::vector<std::optional<LayerId>> of_run;  // which layer it is in each run; absent: that run has none
};

// Parents come before their children, and a layer right before all that is below it. Layers of a later run stand after
// the sibling that they follow in it. The roots are one layer whatever they are called; there is always a root. A path
// that a run has twice is two layers.
std::vector<UnitedLayer> unite_layers(const std::vector<const std::vector<Layer>*>& runs);

// Just the tree, for what takes the layers of one run.
std::vector<Layer> layers_of(const std::vector<UnitedLayer>& united);

}  // namespace headroom
