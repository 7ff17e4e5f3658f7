// What pruning keeps, for the closed forms and for those who build it.
#pragma once

#include <cstdint>

#include "models/catalog/config.h"

namespace headroom::models {

enum class PruneFormat : std::uint8_t { csr, bitmap, two_of_four };

PruneFormat prune_format(const Compression& compression);

// How many of out·in weights stay.
std::int64_t kept_weights(const Compression& compression, std::int64_t out, std::int64_t in);

}  // namespace headroom::models
