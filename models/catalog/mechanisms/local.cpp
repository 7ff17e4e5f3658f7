// Reformer's local attention. c: tokens of a chunk; N = T + c.
#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/hashing.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

namespace {

constexpr std::int64_t kLargest = 1 << 20;

Formula saved(const Shape& s) {
  if (s.query_len <= s.option("chunk")) return mha_saved(s);
  const std::int64_t chunk = s.option("chunk"), e = s.element_bytes;
  FormulaBuilder sum;
  sum.add(e, {s.batch, s.head_count, s.query_len, s.head_dim}, "B·n·T·d")
      .add(2 * e, {s.batch, s.head_count, s.query_len + chunk, s.head_dim}, "B·n·N·d")  // the last chunk twice
      .add(bytes_per_probability(s), {s.batch, s.head_count, s.query_len, 2 * chunk}, "B·n·T·2c");
  return add_queries(sum, s, 1, s.head_count, "B·T·n·d").done();
}

// As transformers caches it: the input.
Formula cache(const Shape& s) { return FormulaBuilder().add(s.element_bytes, {s.d_model}, "d_m").done(); }

void require_chunks(const ModelConfig& config, std::int64_t seq) {
  require_whole_chunks(config, "reformer-local", seq);
}

}  // namespace

void add_local(std::vector<AttentionMechanism>& table) {
  table.push_back({.name = "reformer-local",
                   .title = "Reformer's local attention: each chunk attends to itself and to the one before it",
                   .source = "Kitaev et al. 2020, arXiv 2001.04451; transformers' LocalSelfAttention",
                   .parameter_count = mha_parameters,
                   .saved_bytes = saved,
                   .kv_cache_bytes_per_token = cache,
                   .own_mask = true,
                   .options = {{"chunk",
                                "tokens of a chunk, which attends to itself and the one before it (the first to the "
                                "last); as many tokens or fewer are attended to in full",
                                1, kLargest, [](const ModelConfig&) { return std::int64_t{64}; }}},
                   .undefined = {.cross = "its chunks are those of one sequence",
                                 .bias = "its chunks see each other, where biases are not cut",
                                 .fused = "it masks chunks by itself",
                                 .padding = "it masks chunks by itself",
                                 .cached = "a step of its chunks is not built"},
                   .require_seq = require_chunks});
}

}  // namespace headroom::models
