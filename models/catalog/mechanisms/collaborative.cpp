// Collaborative attention. D: dimensions of the shared queries and keys.
#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

namespace {

// Biases of the values and of W^O only: those of queries and keys are the content bias.
Formula parameters(const Shape& s) {
  const std::int64_t shared = s.option("shared");
  FormulaBuilder sum;
  sum.add(2, {s.d_model, shared}, "d_m·D")
      .add(1, {s.head_count, shared}, "n·D")
      .add(1, {s.head_count, s.d_model}, "n·d_m")
      .add(1, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  return with_output(sum, s, checked_product({s.head_count, s.head_dim}), "n·d");
}

// The shared queries are kept beside those that each head has weighed.
Formula saved(const Shape& s) {
  const std::int64_t shared = s.option("shared"), e = s.element_bytes;
  FormulaBuilder sum;
  sum.add(e, {s.batch, s.query_len, shared}, "B·T·D")
      .add(e, {s.batch, s.head_count, s.query_len, shared}, "B·n·T·D")
      .add(e, {s.batch, s.key_len, shared}, "B·S·D");
  add_queries(sum, s, 1, s.head_count, "B·T·n·d");
  add_keys(sum, s, 1, s.head_count, "B·S·n·d");
  return add_probabilities(sum, s, s.head_count).done();
}

// Shared key, content bias of each head, values.
std::vector<CacheRows> cache_rows(const Shape& s) {
  return {
      {1, 1, s.option("shared"), "D", ""}, {1, 1, s.head_count, "n", ""}, {1, s.head_count, s.head_dim, "n·d", "n"}};
}

Formula cache(const Shape& s) {
  return FormulaBuilder()
      .add(s.element_bytes, {s.option("shared")}, "D")
      .add(s.element_bytes, {s.head_count}, "n")
      .add(s.element_bytes, {s.head_count, s.head_dim}, "n·d")
      .done();
}

}  // namespace

void add_collaborative(std::vector<AttentionMechanism>& table) {
  table.push_back(
      {.name = "collaborative",
       .title = "Collaborative attention: heads weigh the dimensions of shared queries and keys",
       .source = "Cordonnier et al. 2020, arXiv 2006.16362, section 3",
       .parameter_count = parameters,
       .saved_bytes = saved,
       .kv_cache_bytes_per_token = cache,
       .options = {{"shared", "dimensions of the shared queries and keys", 1, 1 << 20,
                    [](const ModelConfig& c) {
                      return checked_product({c.head_count, c.head_dim});
                    }}},
       .undefined = {.rotary = "heads weigh the two dimensions of a pair differently, so that scores of turned pairs "
                               "would not depend on distances",
                     .fused = "its scores have a bias of the keys' content, and keys wider than fused kernels take"},
       .cache_rows = cache_rows});
}

}  // namespace headroom::models
