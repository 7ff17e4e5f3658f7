// What a decoder keeps of the tokens before, in bytes: closed forms of the caches that models/cache/ builds.
// Torch-free.
#pragma once

#include <cstdint>

#include "models/catalog/attention.h"

namespace headroom::models {

// dynamic: one block for each stream, joined to the new rows in a new block (transformers' DynamicCache). fixed: one
// block with room for all tokens, made before the prompt (its StaticCache). paged: blocks of so many tokens, made when
// the last one is full (Kwon et al. 2023, arXiv 2309.06180, section 4).
enum class CacheLayout : std::uint8_t { dynamic, fixed, paged };
// model: the dtype in which attention uses the rows. int8: symmetric, one scale for each token and head. fp8:
// float8_e4m3fn, no scale.
enum class CacheStorage : std::uint8_t { model, int8, fp8 };

// What decides the bytes of a cache when the last token is done.
struct CacheSize {
  CacheLayout layout = CacheLayout::dynamic;
  CacheStorage storage = CacheStorage::model;
  std::int64_t page = 16;               // tokens of a page
  std::int64_t batch = 1, beams = 1;    // sequences of the prompt; what becomes of each
  std::int64_t prompt = 1, tokens = 1;  // rows after the prompt, and at the end
  std::int64_t room = 1, source = 1;    // rows of a fixed cache; tokens of the other sequence
  bool first_layer = true;              // of the stack: what all layers share is counted there
};

// Of one sequence and one attention sublayer. `shape`: of the sublayer, element_bytes those of the rows in use.
Formula cache_bytes_per_token(const ModelConfig& config, const AttentionShape& shape, const CacheSize& size);

// Of one sublayer, at the end: scales and unused rows of pages and rooms included.
Formula cache_bytes(const ModelConfig& config, const AttentionShape& shape, const CacheSize& size);

// Throws bad_input where a model does not generate: no decoder, no vocabulary, a mechanism without a cache, a sequence
// of prompt and new tokens that is too long, or a storage that the mechanism's state does not take. `prompt`: of the
// source, where there is an encoder.
void require_generation(const ModelConfig& config, const CacheSize& size, std::int64_t prompt, std::int64_t new_tokens);

}  // namespace headroom::models
