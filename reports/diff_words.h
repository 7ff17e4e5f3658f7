// What a Diff says, in a sentence.
#pragma once

#include <string>

#include "analysis/diff.h"

namespace headroom {

std::string signed_bytes(std::int64_t bytes);  // "+1.20 GiB", "−512 B", "0"
std::string signed_percent(
    const Change& change);  // "+12.0 %"; empty where there was nothing before, or nothing changed

// Where most of a change is: one category of a layer, equal layers taken together.
struct Contributor {
  std::string layers;  // "encoder.layer.0–11.attention"
  Category category{};
  std::int64_t delta = 0;  // 0: nothing changed in the direction of the peak
};
Contributor largest_contributor(const Diff& diff);

// "The peak grew by 1.20 GiB (+12.0 %), from 10.0 GiB to 11.2 GiB; most by activations of encoder.layer.0–11.attention
// (+1.10 GiB)."
std::string summary_of(const Diff& diff);

}  // namespace headroom
