// Words that are no rows of one table: CANINE's hashed characters and HashFormers' digests.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "models/builder.h"
#include "models/embeddings/token_digests.h"

namespace headroom::models {

class WordMaker {
 public:
  virtual ~WordMaker() = default;
  virtual at::Tensor operator()(const at::Tensor& tokens, const TokenDigests& digests) const = 0;  // [B, T, width]
};

// Null where words are rows of a table.
std::unique_ptr<WordMaker> make_word_maker(Builder& builder, const std::string& path);

// Each row between those of the next and of the previous token, zeros at the ends: [B, T, d] -> [B, T, 3·d]
// (Sun et al. 2020, arXiv 2004.02984, section 3.1).
at::Tensor with_neighbours(const at::Tensor& x);

// 16 primes, one for each hash function of CANINE (Clark et al. 2021, arXiv 2103.06874, appendix A).
inline constexpr std::int64_t kHashPrimes[] = {31,  43,  59,  61,  73,  97,  103, 113,
                                               137, 149, 157, 173, 181, 193, 211, 223};

}  // namespace headroom::models
