// Conditional attention. n_l and n_h: heads of the light and the heavy branch, w: reach of the light one to each side,
// c: its blocks, in sight K keys; q and v: routed queries and keys, I: iterations of the router.
#include "models/catalog/mechanisms/conditional.h"

#include <algorithm>

#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

namespace {

constexpr std::int64_t kHeads = 1 << 16, kLargest = 1 << 20;

Formula parameters(const Shape& s) {
  const std::int64_t light = s.option("light-heads"), heavy = s.option("heavy-heads");
  FormulaBuilder sum;
  sum.add(4, {light, s.head_dim, s.d_model}, "n_l·d·d_m")
      .add(4, {heavy, s.head_dim, s.d_model}, "n_h·d·d_m")
      .add(2, {s.d_model}, "d_m");
  if (s.bias) sum.add(3, {light, s.head_dim}, "n_l·d").add(3, {heavy, s.head_dim}, "n_h·d").add(2, {s.d_model}, "d_m");
  return sum.done();
}

// Each iteration keeps its scores, their log-sum and the excess over 1; the last one the weights too.
void add_router(FormulaBuilder& sum, const Shape& s) {
  const std::int64_t wide = std::max<std::int64_t>(4, s.element_bytes), iterations = s.option("iterations");
  sum.add(2 * wide * (2 * iterations + 1), {s.batch, s.query_len}, "B·T").add(2 * wide * iterations, {s.batch}, "B");
}

Formula saved(const Shape& s) {
  const std::int64_t light = s.option("light-heads"), heavy = s.option("heavy-heads"), d = s.head_dim,
                     e = s.element_bytes;
  const LightBlocks blocks = light_blocks(s.query_len, s.option("window"));
  const std::int64_t queries = routed_count(s.query_len, s.option("query-share")),
                     keys = routed_count(s.query_len, s.option("key-share"));
  FormulaBuilder sum;
  sum.add(e, {s.batch, light, blocks.count * blocks.size, d}, "B·n_l·T'·d")
      .add(2 * e, {s.batch, light, (blocks.count + blocks.seen - 1) * blocks.size, d}, "B·n_l·(T' + K - c)·d")
      .add(bytes_per_probability(s), {s.batch, light, blocks.count * blocks.size, blocks.seen * blocks.size},
           "B·n_l·T'·K")
      .add(e, {s.batch, s.query_len, light, d}, "B·T·n_l·d");
  add_router(sum, s);
  sum.add(8, {s.batch, queries}, "B·q")
      .add(e, {s.batch, queries}, "B·q")
      .add(2 * e, {s.batch, queries, s.d_model}, "B·q·d_m")  // routed queries, and their results before the weights
      .add(8, {s.batch, keys}, "B·v")
      .add(e, {s.batch, keys}, "B·v")
      .add(2 * e, {s.batch, keys, s.d_model}, "B·v·d_m")  // routed keys, with and without their weights
      .add(2 * e, {s.batch, queries, heavy, d}, "B·q·n_h·d")
      .add(2 * e, {s.batch, keys, heavy, d}, "B·v·n_h·d")
      .add(bytes_per_probability(s), {s.batch, heavy, queries, keys}, "B·n_h·q·v");
  return sum.done();
}

}  // namespace

void add_conditional(std::vector<AttentionMechanism>& table) {
  table.push_back(
      {.name = "colt5",
       .title = "Conditional attention: a light branch in a window for all tokens, a heavy one between routed tokens",
       .source = "Ainslie et al. 2023 (CoLT5), arXiv 2303.09752, section 3",
       .parameter_count = parameters,
       .saved_bytes = saved,
       .kv_cache_bytes_per_token = nullptr,
       .options = {{"light-heads", "heads of the light branch", 1, kHeads,
                    [](const ModelConfig& c) { return std::max<std::int64_t>(1, c.head_count / 4); }},
                   {"heavy-heads", "heads of the heavy branch", 1, kHeads,
                    [](const ModelConfig& c) {
                      return std::max<std::int64_t>(1, c.head_count - std::max<std::int64_t>(1, c.head_count / 4));
                    }},
                   {"window", "keys that the light branch sees on each side of a token", 0, kLargest,
                    [](const ModelConfig&) { return std::int64_t{127}; }},
                   {"query-share", "one of so many tokens is a query of the heavy branch", 1, kLargest,
                    [](const ModelConfig&) { return std::int64_t{16}; }},
                   {"key-share", "one of so many tokens is a key of the heavy branch", 1, kLargest,
                    [](const ModelConfig&) { return std::int64_t{8}; }},
                   {"iterations", "steps of coordinate descent in the router", 1, 1000,
                    [](const ModelConfig&) { return std::int64_t{50}; }}},
       .undefined = {.causal = "its router compares all tokens of a sequence",
                     .cross = "it routes the tokens of one sequence",
                     .rotary = "its routed tokens are attended to without their positions",
                     .bias = "its routed tokens are attended to without their positions",
                     .fused = "its light branch is masked to a window",
                     .padding = "its router would choose padding"}});
}

}  // namespace headroom::models
