// What Linformer's projections of the sequence are shared by, as its option counts them.
#pragma once

#include <cstdint>

namespace headroom::models {

// none: one E and one F per head; headwise: per layer; key_value: E = F, per layer; layerwise: one for all layers.
enum class LinformerSharing : std::int64_t { none, headwise, key_value, layerwise };

}  // namespace headroom::models
