// Multiple-head embedding attention.
#include <algorithm>

#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

namespace {

Formula mhe_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(3, {s.head_dim, s.d_model}, "d·d_m").add(3, {s.head_count, s.head_dim}, "n·d");
  return with_output(sum, s, checked_product({3, s.head_dim}), "3·d");
}

// Queries, keys and values of every head are materialised: the published form saves no activations.
Formula mhe_add_saved(const Shape& s) { return mha_saved(s); }

// Each product also keeps its seed and its factor 1 + e.
Formula mhe_mul_saved(const Shape& s) {
  FormulaBuilder sum;
  add_queries(sum, s, 2, s.head_count, "B·T·n·d");
  add_keys(sum, s, 2, s.head_count, "B·S·n·d");
  add_queries(sum, s, 1, 1, "B·T·d");
  add_keys(sum, s, 2, 1, "B·S·d");
  sum.add(3 * s.element_bytes, {s.head_count, s.head_dim}, "n·d");
  return add_probabilities(sum, s, s.head_count).done();
}

MheKeep keep_of(const Shape& s) {
  return s.options.contains("keep") ? static_cast<MheKeep>(s.option("keep")) : MheKeep::core;
}

// Sums of rows are at least fp32.
std::int64_t sum_bytes(const Shape& s) { return std::max<std::int64_t>(s.element_bytes, 4); }

FormulaBuilder& add_optimal_tensors(FormulaBuilder& sum, const Shape& s, std::int64_t wide_count) {
  add_queries(sum, s, wide_count, s.head_count, "B·T·n·d");
  add_queries(sum, s, 1, 1, "B·T·d");
  return add_keys(sum, s, 2, 1, "B·S·d");
}

// The random number that dropout's masks are made from.
FormulaBuilder& add_seed(FormulaBuilder& sum, const Shape& s) { return sum.add(s.dropout ? 8 : 0, {1}, ""); }

Formula mhe_add_optimal_saved(const Shape& s) {
  FormulaBuilder sum;
  const MheKeep keep = keep_of(s);
  if (keep == MheKeep::layer) return add_seed(sum, s).done();
  add_optimal_tensors(sum, s, 1).add(sum_bytes(s), {s.batch, s.head_count, s.query_len}, "B·n·T");
  if (keep == MheKeep::core) sum.add(sum_bytes(s), {s.batch, s.query_len}, "B·T");
  return add_seed(sum, s).done();
}

Formula mhe_mul_optimal_saved(const Shape& s) {
  FormulaBuilder sum;
  const MheKeep keep = keep_of(s);
  if (keep == MheKeep::layer) return add_seed(sum, s).done();
  if (keep == MheKeep::sdpa) {
    add_optimal_tensors(sum, s, 2).add(s.element_bytes, {s.head_count, s.head_dim}, "n·d");
    return add_probabilities(sum, s, s.head_count).done();
  }
  add_optimal_tensors(sum, s, 1).add(sum_bytes(s), {s.batch, s.head_count, s.query_len}, "B·n·T");
  return add_seed(sum, s).done();
}

std::int64_t keep_core(const ModelConfig&) { return static_cast<std::int64_t>(MheKeep::core); }

constexpr std::string_view kNoScoreBias = "the heads' scores are never all there to be biased";

}  // namespace

void add_mhe(std::vector<AttentionMechanism>& table) {
  table.push_back({.name = "mhe-add",
                   .title = "Multiple-head embedding, additive",
                   .source = "Xue & Aletras 2023, arXiv 2310.07911, section 3",
                   .parameter_count = mhe_parameters,
                   .saved_bytes = mhe_add_saved,
                   .kv_cache_bytes_per_token = mha_cache,
                   .cache_rows = mha_rows});
  table.push_back({.name = "mhe-mul",
                   .title = "Multiple-head embedding, multiplicative: x (1 + e)",
                   .source = "Xue & Aletras 2023, arXiv 2310.07911, section 3",
                   .parameter_count = mhe_parameters,
                   .saved_bytes = mhe_mul_saved,
                   .kv_cache_bytes_per_token = mha_cache,
                   .cache_rows = mha_rows});
  table.push_back(
      {.name = "mhe-add-optimal",
       .title = "mhe-add with one query, key and value of all heads and shared exponentials",
       .source = "Xue & Aletras 2023, arXiv 2310.07911, section 3, re-ordered (docs/attention.md)",
       .parameter_count = mhe_parameters,
       .saved_bytes = mhe_add_optimal_saved,
       .kv_cache_bytes_per_token = single_cache,
       .own_mask = true,
       .uses_back_end = no_back_end,
       .options = {{"keep",
                    "for backward: core (queries, keys, values, heads, sums), safe (the same, an exponential for each "
                    "head), layer (the input only)",
                    0,
                    2,
                    keep_core,
                    {"core", "layer", "safe"}}},
       .undefined = {.bias = kNoScoreBias},
       .cache_rows = single_rows});
  table.push_back(
      {.name = "mhe-mul-optimal",
       .title = "mhe-mul as multi-query attention with widened queries",
       .source = "Xue & Aletras 2023, arXiv 2310.07911, section 3, re-ordered (docs/attention.md)",
       .parameter_count = mhe_parameters,
       .saved_bytes = mhe_mul_optimal_saved,
       .kv_cache_bytes_per_token = single_cache,
       .own_mask = true,
       .uses_back_end =
           [](const ModelConfig& config) {
             return config.attention_options.at("keep") == static_cast<std::int64_t>(MheKeep::sdpa);
           },
       .options =
           {{"keep",
             "for backward: core (queries, keys, values, heads, sums), layer (the input only), sdpa (through the "
             "fused kernels)",
             0,
             2,
             keep_core,
             {"core", "layer", "sdpa"}}},
       .undefined = {.bias = kNoScoreBias},
       .cache_rows = single_rows});
}

}  // namespace headroom::models
