// Attention with a kernel of features in the softmax's place.
#include <algorithm>
#include <cmath>

#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

namespace {

constexpr std::int64_t kLongestChunk = 1 << 16, kMostFeatures = 1 << 16;

std::int64_t performer_features(const ModelConfig& config) {
  const double d = static_cast<double>(config.head_dim);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(d * std::log(d)));
}

// Chunks of C positions keep T·C scores and T/C sums of m·d numbers: least at C = sqrt(m·d).
MechanismOption chunk_option(std::int64_t (*fallback)(const ModelConfig&)) {
  return {"chunk", "positions that causal attention scores at once", 1, kLongestChunk, fallback};
}
std::int64_t head_dim(const ModelConfig& config) { return config.head_dim; }
std::int64_t twice_head_dim(const ModelConfig& config) { return 2 * config.head_dim; }

// Scores within the chunks, and the sums before each chunk but the first; one sum without a causal order.
FormulaBuilder& add_sums(FormulaBuilder& sum, const Shape& s, std::int64_t features, std::string_view symbol) {
  const std::string per_head = std::string(symbol) + "·(d + 1)";
  const std::int64_t size = checked_product({features, s.head_dim + 1});
  if (!s.causal) return sum.add(s.element_bytes, {s.batch, s.head_count, size}, "B·n·" + per_head);
  const std::int64_t chunk = s.option("chunk"), whole = s.query_len / chunk, rest = s.query_len % chunk;
  const std::int64_t scores = checked_sum({checked_product({whole, chunk, chunk}), rest * rest});
  const std::int64_t before = whole + (rest > 0 ? 1 : 0) - 1;
  sum.add(s.element_bytes, {s.batch, s.head_count, scores}, "B·n·(⌊T/C⌋·C² + (T mod C)²)");
  return sum.add(s.element_bytes, {before, s.batch, s.head_count, size}, "(⌈T/C⌉ − 1)·B·n·" + per_head);
}

FormulaBuilder& add_denominators(FormulaBuilder& sum, const Shape& s, std::int64_t count) {
  return sum.add(count * s.element_bytes, {s.batch, s.head_count, s.query_len}, "B·n·T");
}

// Queries, their features, weighted sums and heads; keys, their features, and values.
Formula linear_saved(const Shape& s) {
  FormulaBuilder sum;
  add_queries(sum, s, 4, s.head_count, "B·T·n·d");
  add_keys(sum, s, 3, s.head_count, "B·S·n·d");
  add_denominators(sum, s, 1);
  return add_sums(sum, s, s.head_dim, "d").done();
}

Formula performer_saved(const Shape& s) {
  const std::int64_t features = s.option("features");
  FormulaBuilder sum;
  add_queries(sum, s, 3, s.head_count, "B·T·n·d");
  add_keys(sum, s, 2, s.head_count, "B·S·n·d");
  sum.add(s.element_bytes, {s.batch, s.head_count, s.query_len, features}, "B·n·T·m");
  sum.add(s.element_bytes, {s.batch, s.head_count, s.key_len, features}, "B·n·S·m");
  add_denominators(sum, s, 1);
  return add_sums(sum, s, features, "m").done();
}

// Reweighted queries and keys are twice as wide; the weights are a sine and a cosine of each position; denominators are
// kept before and after their lower bound.
Formula cosformer_saved(const Shape& s) {
  FormulaBuilder sum;
  add_queries(sum, s, 4, s.head_count, "B·T·n·d");
  add_keys(sum, s, 3, s.head_count, "B·S·n·d");
  add_denominators(sum, s, 2);
  sum.add(2 * s.element_bytes, {std::max(s.query_len, s.key_len)}, "max(T, S)");
  return add_sums(sum, s, checked_product({2, s.head_dim}), "2·d").done();
}

Formula no_cache(const Shape&) { return {0, "0"}; }

Formula state(const Shape& s, std::int64_t features, std::string_view symbols) {
  return FormulaBuilder().add(s.element_bytes, {s.head_count, features, s.head_dim + 1}, symbols).done();
}
Formula linear_state(const Shape& s) { return state(s, s.head_dim, "n·d·(d + 1)"); }
// With the sums of values, and of each head the exponent that features are scaled to.
Formula performer_state(const Shape& s) {
  return FormulaBuilder()
      .add(s.element_bytes, {s.head_count, s.option("features"), s.head_dim + 1}, "n·m·(d + 1)")
      .add(s.element_bytes, {s.head_count, s.head_dim + 1}, "n·(d + 1)")
      .done();
}
Formula cosformer_state(const Shape& s) { return state(s, checked_product({2, s.head_dim}), "n·2·d·(d + 1)"); }

constexpr std::string_view kNoScores = "it sums keys and values before queries meet them, so there are no scores";

}  // namespace

void add_kernelized(std::vector<AttentionMechanism>& table) {
  table.push_back(
      {.name = "linear",
       .title = "Linear attention: elu + 1 of queries and keys in the softmax's place",
       .source = "Katharopoulos et al. 2020, arXiv 2006.16236, section 3",
       .parameter_count = mha_parameters,
       .saved_bytes = linear_saved,
       .kv_cache_bytes_per_token = no_cache,
       .state_bytes = linear_state,
       .own_mask = true,
       .uses_back_end = no_back_end,
       .options = {chunk_option(head_dim)},
       .undefined = {.rotary = "rotated features are not positive any more, and the denominator is their sum",
                     .bias = kNoScores}});
  table.push_back({.name = "performer",
                   .title = "Performer, FAVOR+: positive orthogonal random features of the softmax kernel",
                   .source = "Choromanski et al. 2020, arXiv 2009.14794, section 2",
                   .parameter_count = mha_parameters,
                   .saved_bytes = performer_saved,
                   .kv_cache_bytes_per_token = no_cache,
                   .state_bytes = performer_state,
                   .own_mask = true,
                   .uses_back_end = no_back_end,
                   .options = {{"features", "m, random features of each head", 1, kMostFeatures, performer_features},
                               chunk_option(twice_head_dim)},
                   .undefined = {.bias = kNoScores}});
  table.push_back({.name = "cosformer",
                   .title = "cosFormer: ReLU of queries and keys, reweighted by the cosine of their distance",
                   .source = "Qin et al. 2022, arXiv 2202.08791, section 3",
                   .parameter_count = mha_parameters,
                   .saved_bytes = cosformer_saved,
                   .kv_cache_bytes_per_token = no_cache,
                   .state_bytes = cosformer_state,
                   .own_mask = true,
                   .uses_back_end = no_back_end,
                   .options = {chunk_option(head_dim)},
                   .undefined = {.rotary = "it has positions of its own, the cosines", .bias = kNoScores}});
}

}  // namespace headroom::models
