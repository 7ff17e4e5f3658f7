// Multiple-head embedding attention.
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

}  // namespace

void add_mhe(std::vector<AttentionMechanism>& table) {
  table.push_back({.name = "mhe-add",
                   .title = "Multiple-head embedding, additive",
                   .source = "Xue & Aletras 2023, arXiv 2310.07911, section 3",
                   .parameter_count = mhe_parameters,
                   .saved_bytes = mhe_add_saved,
                   .kv_cache_bytes_per_token = single_cache});
  table.push_back({.name = "mhe-mul",
                   .title = "Multiple-head embedding, multiplicative: x (1 + e)",
                   .source = "Xue & Aletras 2023, arXiv 2310.07911, section 3",
                   .parameter_count = mhe_parameters,
                   .saved_bytes = mhe_mul_saved,
                   .kv_cache_bytes_per_token = single_cache});
}

}  // namespace headroom::models
