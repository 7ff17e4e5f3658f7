// The Sparse Transformer's patterns. T' is T in whole blocks of l, C their number, K the scores that each query has.
#include "models/catalog/mechanisms/band.h"
#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

namespace {

Formula local_saved(const Shape& s) { return window_saved(s, s.option("stride"), kUsualBlock); }

Band blocks_of(const Shape& s) { return make_band(s.query_len, s.option("stride") - 1, 0, s.option("stride")); }

// Two blocks of scores for the tokens up to itself, one score for each earlier row of the query's column.
Formula strided_saved(const Shape& s) {
  const Band band = blocks_of(s);
  FormulaBuilder sum;
  sum.add(3 * s.element_bytes, {s.batch, band.padded(), s.head_count, s.head_dim}, "B·T'·n·d");
  sum.add(2 * s.element_bytes * band.before, {s.batch, band.block, s.head_count, s.head_dim}, "B·l·n·d");
  sum.add(bytes_per_probability(s), {s.batch, s.head_count, band.padded(), band.keys() + band.count - 1},
          "B·n·T'·(K + C - 1)");
  return add_queries(sum, s, 1, s.head_count, "B·T·n·d").done();
}

// The last c keys and values of each block are copied together, unless they are one strided matrix already.
Formula fixed_saved(const Shape& s) {
  const Band band = blocks_of(s);
  const std::int64_t expressivity = s.option("expressivity"), summaries = (band.count - 1) * expressivity;
  const bool copied = band.count > 2 && expressivity > 1 && expressivity < band.block;
  FormulaBuilder sum;
  sum.add(3 * s.element_bytes, {s.batch, band.padded(), s.head_count, s.head_dim}, "B·T'·n·d");
  if (copied) sum.add(2 * s.element_bytes, {s.batch, summaries, s.head_count, s.head_dim}, "B·(C - 1)·c·n·d");
  sum.add(bytes_per_probability(s), {s.batch, s.head_count, band.padded(), band.block + summaries},
          "B·n·T'·(l + (C - 1)·c)");
  return add_queries(sum, s, 1, s.head_count, "B·T·n·d").done();
}

Formula local_cache(const Shape& s) {
  Formula formula = mha_cache(s);
  formula.text += ", up to l tokens";
  return formula;
}

Formula local_state(const Shape& s) {
  return FormulaBuilder().add(2 * s.element_bytes, {s.option("stride"), s.head_count, s.head_dim}, "l·n·d").done();
}

// The power of two that is closest above the root of the longest sequence: section 4.2 asks for a stride close to it.
std::int64_t usual_stride(const ModelConfig& config) {
  std::int64_t stride = 2;
  while (stride * stride < config.max_positions) stride *= 2;
  return stride;
}

// Section 4.2: 8, 16 or 32 of 128 or 256.
std::int64_t usual_expressivity(const ModelConfig& config) {
  return std::max<std::int64_t>(1, usual_stride(config) / 8);
}

void require_expressivity(const ModelConfig& config) {
  require_decoder(config);
  const std::int64_t stride = config.attention_options.at("stride"),
                     expressivity = config.attention_options.at("expressivity");
  if (expressivity > stride)
    throw undefined_here(config, config.attention,
                         "the expressivity (" + std::to_string(expressivity) + ") is a part of the stride (" +
                             std::to_string(stride) + ")");
}

MechanismOption stride_option() {
  return {"stride", "l: tokens of a block, near the root of the sequence's length", 2, 1 << 20, usual_stride};
}

Undefined undefined() {
  return {.cross = "its pattern is one of positions in one sequence",
          .bias = "its scores are blocks of the pattern, and position biases are tables of T x S",
          .fused = "scaled_dot_product_attention takes its pattern only as a mask of T x T"};
}

}  // namespace

void add_sparse_transformer(std::vector<AttentionMechanism>& table) {
  table.push_back({.name = "sparse-local",
                   .title = "Sparse Transformer, local: each token sees the l tokens up to itself",
                   .source = "Child et al. 2019, arXiv 1904.10509, section 4.3, first head of the strided pattern",
                   .parameter_count = mha_parameters,
                   .saved_bytes = local_saved,
                   .kv_cache_bytes_per_token = local_cache,
                   .state_bytes = local_state,
                   .own_mask = true,
                   .options = {stride_option()},
                   .undefined = undefined(),
                   .require = require_decoder,
                   .cache_rows = mha_rows,
                   .cache_window = [](const Shape& s) { return s.option("stride"); }});
  table.push_back({.name = "sparse-strided",
                   .title = "Sparse Transformer, strided: the l tokens up to itself and every l-th before",
                   .source = "Child et al. 2019, arXiv 1904.10509, section 4.3, both heads merged",
                   .parameter_count = mha_parameters,
                   .saved_bytes = strided_saved,
                   .kv_cache_bytes_per_token = mha_cache,
                   .own_mask = true,
                   .options = {stride_option()},
                   .undefined = undefined(),
                   .require = require_decoder,
                   .cache_rows = mha_rows});
  table.push_back(
      {.name = "sparse-fixed",
       .title = "Sparse Transformer, fixed: the token's own block of l and the last c of each before",
       .source = "Child et al. 2019, arXiv 1904.10509, section 4.3, both heads merged",
       .parameter_count = mha_parameters,
       .saved_bytes = fixed_saved,
       .kv_cache_bytes_per_token = mha_cache,
       .own_mask = true,
       .options = {stride_option(),
                   {"expressivity", "c: tokens of a block that later blocks see", 1, 1 << 20, usual_expressivity}},
       .undefined = undefined(),
       .require = require_expressivity,
       .cache_rows = mha_rows});
}

}  // namespace headroom::models
