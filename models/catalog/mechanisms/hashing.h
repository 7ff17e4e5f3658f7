// How many buckets LSH attention hashes into.
#pragma once

#include <cstdint>
#include <vector>

namespace headroom::models {

// The bucket count as factors, each even: a hash is a digit for each. `buckets` 0: transformers' rule for a sequence of
// `seq` tokens, the largest power of two up to twice the number of its chunks, in two factors where it is large.
std::vector<std::int64_t> bucket_factors(std::int64_t buckets, std::int64_t seq, std::int64_t chunk,
                                         std::int64_t max_positions);

}  // namespace headroom::models
