// The closed forms of models/catalog, evaluated for one run: what should have been recorded.
#pragma once

#include <vector>

#include "models/catalog/cache.h"
#include "models/catalog/config.h"
#include "recording/recording.h"

namespace headroom::profiler {

// What of the cache a generation decides.
models::CacheSize cache_size(const RunSpec& spec, const models::ModelConfig& config);

// Of one sequence, in all decoder layers; in generation as its cache stores rows.
std::int64_t kv_cache_bytes_per_token(const RunSpec& spec, const models::ModelConfig& config);

// Parameter bytes of the model and of each attention layer; bytes kept for backward by each attention layer, in
// training and where the mechanism's form holds: eager and flash attention without autocast, efficient attention
// besides for sequences of whole 32-query tiles and as many key heads as query heads; for models with a decoder,
// KV-cache bytes per token; in generation those of each attention sublayer of the decoder, and what its cache holds at
// the end.
std::vector<ClosedForm> closed_forms(const RunSpec& spec, const models::ModelConfig& config,
                                     const std::vector<Layer>& layers);

}  // namespace headroom::profiler
