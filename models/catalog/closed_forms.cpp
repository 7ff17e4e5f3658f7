#include "models/catalog/closed_forms.h"

#include "models/catalog/checked.h"

namespace headroom::models {

FormulaBuilder& FormulaBuilder::add(std::int64_t coefficient, std::initializer_list<std::int64_t> factors,
                                    std::string_view symbols) {
  if (coefficient == 0) return *this;
  formula_.value = checked_sum({formula_.value, checked_product({coefficient, checked_product(factors)})});
  if (!formula_.text.empty()) formula_.text += " + ";
  if (coefficient != 1) formula_.text += std::to_string(coefficient) + (symbols.empty() ? "" : "·");
  formula_.text += symbols;
  return *this;
}

namespace {

using Shape = AttentionShape;

// W^O and, when asked, the biases of the projections ("features" of them in all) and of W^O.
Formula with_output(FormulaBuilder sum, const Shape& s, std::int64_t feature_count, std::string_view features) {
  sum.add(1, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  if (s.bias) sum.add(1, {feature_count}, features).add(1, {s.d_model}, "d_m");
  return sum.done();
}

// One projection's output: "count" tensors of `heads` x d features for each query or key.
FormulaBuilder& add_queries(FormulaBuilder& sum, const Shape& s, std::int64_t count, std::int64_t heads,
                            std::string_view text) {
  return sum.add(count * s.element_bytes, {s.batch, s.query_len, heads, s.head_dim}, text);
}
FormulaBuilder& add_keys(FormulaBuilder& sum, const Shape& s, std::int64_t count, std::int64_t heads,
                         std::string_view text) {
  return sum.add(count * s.element_bytes, {s.batch, s.key_len, heads, s.head_dim}, text);
}

// What lies between scores and heads: the probabilities (with their fp32 original, dropout mask and dropped copy), or
// the fused kernels' logarithm of the row sums.
FormulaBuilder& add_probabilities(FormulaBuilder& sum, const Shape& s, std::int64_t heads) {
  const bool many = heads != 1;
  if (s.fused) return sum.add(4, {s.batch, heads, s.query_len}, many ? "B·n·T" : "B·T");
  const bool cast = s.softmax_fp32 && s.element_bytes < 4;
  std::int64_t bytes = cast ? 4 + s.element_bytes : s.element_bytes;
  if (s.dropout) bytes += cast ? 1 : 1 + s.element_bytes;
  return sum.add(bytes, {s.batch, heads, s.query_len, s.key_len}, many ? "B·n·T·S" : "B·T·S");
}

}  // namespace

Formula mha_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(3, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  return with_output(sum, s, checked_product({3, s.head_count, s.head_dim}), "3·n·d");
}

Formula grouped_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(1, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m")
      .add(2, {s.kv_head_count, s.head_dim, s.d_model}, "g·d·d_m");
  return with_output(sum, s, checked_product({s.head_count + 2 * s.kv_head_count, s.head_dim}), "(n + 2·g)·d");
}

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

Formula el_slice_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(1, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  return with_output(sum, s, checked_product({s.head_count, s.head_dim}), "n·d");
}

Formula mhe_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(3, {s.head_dim, s.d_model}, "d·d_m").add(3, {s.head_count, s.head_dim}, "n·d");
  return with_output(sum, s, checked_product({3, s.head_dim}), "3·d");
}

Formula mha_saved(const Shape& s) {
  FormulaBuilder sum;
  add_queries(sum, s, 2, s.head_count, "B·T·n·d");
  add_keys(sum, s, 2, s.head_count, "B·S·n·d");
  return add_probabilities(sum, s, s.head_count).done();
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

Formula mha_cache(const Shape& s) {
  return FormulaBuilder().add(2 * s.element_bytes, {s.head_count, s.head_dim}, "n·d").done();
}
Formula grouped_cache(const Shape& s) {
  return FormulaBuilder().add(2 * s.element_bytes, {s.kv_head_count, s.head_dim}, "g·d").done();
}
Formula single_cache(const Shape& s) { return FormulaBuilder().add(2 * s.element_bytes, {s.head_dim}, "d").done(); }
Formula skv_cache(const Shape& s) {
  return FormulaBuilder().add(s.element_bytes, {s.head_count, s.head_dim}, "n·d").done();
}
Formula el_cache(const Shape& s) { return FormulaBuilder().add(s.element_bytes, {s.d_model}, "d_m").done(); }

}  // namespace headroom::models
