// Identical blocks folded into one: encoder.layer.0 … encoder.layer.11 become "encoder.layer.0–11", twelve layers.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "recording/recording.h"

namespace headroom {

struct FoldedLayer {
  std::string name;  // relative to the parent: "encoder", "layer.0–11", "attention"
  std::string path;  // in full: "encoder.layer.0–11.attention"
  int depth = 0;
  std::size_t parent = 0;        // index into the result; the root is its own
  std::vector<LayerId> members;  // at least one; every layer is a member of exactly one row
};

// Siblings in a row fold when their names differ only in a last number that counts up by one, and everything below them
// has the same names and kinds. Parents come before children, siblings in the recording's order.
std::vector<FoldedLayer> fold_layers(const std::vector<Layer>& layers);

}  // namespace headroom
