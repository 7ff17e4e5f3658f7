// The two things called EL attention.
#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

namespace {

Formula el_slice_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(1, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  return with_output(sum, s, checked_product({s.head_count, s.head_dim}), "n·d");
}

// The head-split copy of X (fused kernels read X in place, as do a single head and a single key), and its rotated copy.
Formula el_slice_saved(const Shape& s) {
  const bool copied = !s.fused && s.head_count > 1 && s.key_len > 1;
  FormulaBuilder sum;
  add_queries(sum, s, 2, s.head_count, "B·T·n·d");
  add_keys(sum, s, (copied ? 1 : 0) + (s.rope ? 1 : 0), s.head_count, "B·S·n·d");
  return add_probabilities(sum, s, s.head_count).done();
}

Formula el_exact_saved(const Shape& s) {
  FormulaBuilder sum;
  sum.add(2 * s.element_bytes, {s.batch, s.head_count, s.query_len, s.d_model}, "B·n·T·d_m");
  add_queries(sum, s, 2, s.head_count, "B·T·n·d");
  return add_probabilities(sum, s, s.head_count).done();
}

// The input as values and, turned, once more as keys.
std::vector<CacheRows> el_slice_rows(const Shape& s) {
  return {{s.rope ? 2 : 1, s.head_count, s.head_dim, "d_m", "n"}};
}
Formula el_slice_cache(const Shape& s) {
  return FormulaBuilder().add((s.rope ? 2 : 1) * s.element_bytes, {s.d_model}, "d_m").done();
}

std::vector<CacheRows> el_exact_rows(const Shape& s) { return {{1, 1, s.d_model, "d_m", ""}}; }
Formula el_exact_cache(const Shape& s) { return FormulaBuilder().add(s.element_bytes, {s.d_model}, "d_m").done(); }

void require_slices(const ModelConfig& config) {
  if (config.d_model == config.head_count * config.head_dim) return;
  throw undefined_here(config, "el-slice",
                       "head i reads columns i·d to (i+1)·d of the input, so heads x head size (" +
                           std::to_string(config.head_count * config.head_dim) + ") must equal the width (" +
                           std::to_string(config.d_model) + ")");
}

}  // namespace

void add_el(std::vector<AttentionMechanism>& table) {
  table.push_back({.name = "el-slice",
                   .title = "EL attention as trained in the MHE paper: slices of the input are keys and values",
                   .source = "baseline of Xue & Aletras 2023, arXiv 2310.07911, derived from its parameter count",
                   .parameter_count = el_slice_parameters,
                   .saved_bytes = el_slice_saved,
                   .kv_cache_bytes_per_token = el_slice_cache,
                   .require = require_slices,
                   .cache_rows = el_slice_rows});
  table.push_back(
      {.name = "el-exact",
       .title = "EL attention: multi-head attention re-ordered so that hidden states are keys and values",
       .source = "Yan et al. 2021, arXiv 2105.04779, section 3",
       .parameter_count = mha_parameters,
       .saved_bytes = el_exact_saved,
       .kv_cache_bytes_per_token = el_exact_cache,
       .undefined = {.rotary = "it multiplies the query and key matrices together, and rotary positions act "
                               "between them",
                     .fused = "its keys are as wide as the model, which fused kernels do not take"},
       .cache_rows = el_exact_rows,
       .shares_memory = true});
}

}  // namespace headroom::models
