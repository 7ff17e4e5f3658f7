// The mechanisms whose heads are plain projections of the input.
#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

Formula mha_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(3, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  return with_output(sum, s, checked_product({3, s.head_count, s.head_dim}), "3·n·d");
}

Formula mha_saved(const Shape& s) {
  FormulaBuilder sum;
  add_queries(sum, s, 2, s.head_count, "B·T·n·d");
  add_keys(sum, s, 2, s.head_count, "B·S·n·d");
  return add_probabilities(sum, s, s.head_count).done();
}

std::vector<CacheRows> mha_rows(const Shape& s) { return {{2, s.head_count, s.head_dim, "n·d", "n"}}; }
std::vector<CacheRows> grouped_rows(const Shape& s) { return {{2, s.kv_head_count, s.head_dim, "g·d", "g"}}; }
std::vector<CacheRows> single_rows(const Shape& s) { return {{2, 1, s.head_dim, "d", ""}}; }

Formula mha_cache(const Shape& s) {
  return FormulaBuilder().add(2 * s.element_bytes, {s.head_count, s.head_dim}, "n·d").done();
}

Formula single_cache(const Shape& s) { return FormulaBuilder().add(2 * s.element_bytes, {s.head_dim}, "d").done(); }

Formula grouped_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(1, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m")
      .add(2, {s.kv_head_count, s.head_dim, s.d_model}, "g·d·d_m");
  return with_output(sum, s, checked_product({s.head_count + 2 * s.kv_head_count, s.head_dim}), "(n + 2·g)·d");
}

Formula grouped_cache(const Shape& s) {
  return FormulaBuilder().add(2 * s.element_bytes, {s.kv_head_count, s.head_dim}, "g·d").done();
}

void require_groups(const ModelConfig& config) {
  if (config.head_count % config.kv_head_count != 0)
    throw undefined_here(config, config.attention,
                         std::to_string(config.head_count) + " heads do not divide into " +
                             std::to_string(config.kv_head_count) + " key-value heads");
}

namespace {

Formula mqa_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(1, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m").add(2, {s.head_dim, s.d_model}, "d·d_m");
  return with_output(sum, s, checked_product({s.head_count + 2, s.head_dim}), "(n + 2)·d");
}

Formula sha_tiled_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(3, {s.head_dim, s.d_model}, "d·d_m");
  return with_output(sum, s, checked_product({3, s.head_dim}), "3·d");
}

Formula sha_compact_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(4, {s.head_dim, s.d_model}, "d·d_m");
  if (s.bias) sum.add(3, {s.head_dim}, "d").add(1, {s.d_model}, "d_m");
  return sum.done();
}

Formula skv_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(2, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  return with_output(sum, s, checked_product({2, s.head_count, s.head_dim}), "2·n·d");
}

Formula grouped_saved(const Shape& s) {
  FormulaBuilder sum;
  add_queries(sum, s, 2, s.head_count, "B·T·n·d");
  if (s.fused && s.repeats_groups)
    add_keys(sum, s, 2, s.head_count, "B·S·n·d");
  else
    add_keys(sum, s, 2, s.kv_head_count, "B·S·g·d");
  return add_probabilities(sum, s, s.head_count).done();
}

Formula mqa_saved(const Shape& s) {
  FormulaBuilder sum;
  add_queries(sum, s, 2, s.head_count, "B·T·n·d");
  add_keys(sum, s, 2, 1, "B·S·d");
  return add_probabilities(sum, s, s.head_count).done();
}

// The head's output and its n copies; eager attention does not save the original.
Formula sha_tiled_saved(const Shape& s) {
  FormulaBuilder sum;
  add_queries(sum, s, s.fused ? 2 : 1, 1, "B·T·d");
  add_queries(sum, s, 1, s.head_count, "B·T·n·d");
  add_keys(sum, s, 2, 1, "B·S·d");
  return add_probabilities(sum, s, 1).done();
}

Formula sha_compact_saved(const Shape& s) {
  FormulaBuilder sum;
  add_queries(sum, s, 2, 1, "B·T·d");
  add_keys(sum, s, 2, 1, "B·S·d");
  return add_probabilities(sum, s, 1).done();
}

// One tensor for keys and values, unless rotary positions turn the keys only.
Formula skv_saved(const Shape& s) {
  FormulaBuilder sum;
  add_queries(sum, s, 2, s.head_count, "B·T·n·d");
  add_keys(sum, s, s.rope ? 2 : 1, s.head_count, "B·S·n·d");
  return add_probabilities(sum, s, s.head_count).done();
}

std::vector<CacheRows> skv_rows(const Shape& s) { return {{s.rope ? 2 : 1, s.head_count, s.head_dim, "n·d", "n"}}; }

Formula skv_cache(const Shape& s) {
  return FormulaBuilder().add((s.rope ? 2 : 1) * s.element_bytes, {s.head_count, s.head_dim}, "n·d").done();
}

bool splits_into(const ModelConfig& config, std::int64_t heads_per_group) {
  return heads_per_group < config.head_count && config.head_count % heads_per_group == 0;
}

// The model's own groups, else the smallest groups of at least four heads (Llama 2 and 3: 4 to 8), else of three or
// two.
std::int64_t group_count(const ModelConfig& config) {
  if (config.kv_head_count > 1 && config.kv_head_count < config.head_count) return config.kv_head_count;
  for (std::int64_t heads_per_group = 4; heads_per_group < config.head_count; ++heads_per_group)
    if (splits_into(config, heads_per_group)) return config.head_count / heads_per_group;
  for (std::int64_t heads_per_group : {3, 2})
    if (splits_into(config, heads_per_group)) return config.head_count / heads_per_group;
  throw undefined_here(
      config, "gqa",
      std::to_string(config.head_count) + " heads do not split into two or more equal groups; use mqa or mha");
}

}  // namespace

void add_projected(std::vector<AttentionMechanism>& table) {
  table.push_back({.name = "mha",
                   .title = "Multi-head attention",
                   .source = "Vaswani et al. 2017, arXiv 1706.03762, section 3.2.2",
                   .parameter_count = mha_parameters,
                   .saved_bytes = mha_saved,
                   .kv_cache_bytes_per_token = mha_cache,
                   .cache_rows = mha_rows});
  table.push_back(
      {.name = "sha",
       .title = "Single-head attention, the head tiled n times before an n·d x d_m output matrix",
       .source = "baseline of Xue & Aletras 2023, arXiv 2310.07911, counted as its parameter column implies",
       .parameter_count = sha_tiled_parameters,
       .saved_bytes = sha_tiled_saved,
       .kv_cache_bytes_per_token = single_cache,
       .single_head = true,
       .cache_rows = single_rows});
  table.push_back({.name = "sha-compact",
                   .title = "Single-head attention with a d x d_m output matrix",
                   .source = "Vaswani et al. 2017, arXiv 1706.03762, section 3.2.1, with projections",
                   .parameter_count = sha_compact_parameters,
                   .saved_bytes = sha_compact_saved,
                   .kv_cache_bytes_per_token = single_cache,
                   .single_head = true,
                   .cache_rows = single_rows});
  table.push_back({.name = "mqa",
                   .title = "Multi-query attention: one key and value head",
                   .source = "Shazeer 2019, arXiv 1911.02150, section 3",
                   .parameter_count = mqa_parameters,
                   .saved_bytes = mqa_saved,
                   .kv_cache_bytes_per_token = single_cache,
                   .apply = [](ModelConfig& config) { config.kv_head_count = 1; },
                   .cache_rows = single_rows});
  table.push_back({.name = "gqa",
                   .title = "Grouped-query attention: g key and value heads",
                   .source = "Ainslie et al. 2023, arXiv 2305.13245, section 2.2",
                   .parameter_count = grouped_parameters,
                   .saved_bytes = grouped_saved,
                   .kv_cache_bytes_per_token = grouped_cache,
                   .options = {{"groups", "key and value heads", 1, 1 << 16, group_count}},
                   .apply = [](ModelConfig& config) { config.kv_head_count = config.attention_options.at("groups"); },
                   .require = require_groups,
                   .cache_rows = grouped_rows});
  table.push_back({.name = "skv",
                   .title = "Shared key and value projection",
                   .source = "baseline of Xue & Aletras 2023, arXiv 2310.07911",
                   .parameter_count = skv_parameters,
                   .saved_bytes = skv_saved,
                   .kv_cache_bytes_per_token = skv_cache,
                   .cache_rows = skv_rows});
}

}  // namespace headroom::models
