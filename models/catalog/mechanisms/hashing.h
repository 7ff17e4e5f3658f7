// How many buckets LSH attention hashes into, and what Reformer's two attentions have in common.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "models/catalog/config.h"

namespace headroom::models {

// The bucket count as factors, each even: a hash is a digit for each. `buckets` 0: transformers' rule for a sequence of
// `seq` tokens, the largest power of two up to twice the number of its chunks, in two factors where it is large.
// `first`: the first of two factors of `buckets`; 0: it is one.
std::vector<std::int64_t> bucket_factors(std::int64_t buckets, std::int64_t seq, std::int64_t chunk,
                                         std::int64_t max_positions, std::int64_t first = 0);

// Throws bad_input where option "chunk" does not divide a longer sequence.
void require_whole_chunks(const ModelConfig& config, std::string_view mechanism, std::int64_t seq);

}  // namespace headroom::models
