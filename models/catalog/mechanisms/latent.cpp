// Multi-head latent attention. Symbols: r_q and r_kv ranks of the latents, d_n and d_r sizes of a key without and with
// positions, d_v of a value.
#include <algorithm>

#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

namespace {

constexpr std::int64_t kLargest = 1 << 20;

struct Sizes {
  explicit Sizes(const Shape& s)
      : query_rank(s.option("q-rank")),
        rank(s.option("kv-rank")),
        nope(s.option("nope")),
        rope(s.option("rope")),
        value(s.option("value")),
        key(nope + rope),
        absorbed(s.option("absorbed") == 1) {}
  std::int64_t query_rank, rank, nope, rope, value, key;
  bool absorbed;
};

Formula parameters(const Shape& s) {
  const Sizes z(s);
  const std::int64_t n = s.head_count;
  FormulaBuilder sum;
  if (z.query_rank > 0)
    sum.add(1, {s.d_model, z.query_rank}, "d_m·r_q")
        .add(1, {z.query_rank}, "r_q")
        .add(1, {z.query_rank, n, z.key}, "r_q·n·(d_n + d_r)");
  else
    sum.add(1, {s.d_model, n, z.key}, "d_m·n·(d_n + d_r)");
  sum.add(1, {s.d_model, z.rank + z.rope}, "d_m·(r_kv + d_r)")
      .add(1, {z.rank}, "r_kv")
      .add(1, {z.rank, n, z.nope + z.value}, "r_kv·n·(d_n + d_v)")
      .add(1, {n, z.value, s.d_model}, "n·d_v·d_m");
  if (s.bias) {
    if (z.query_rank > 0) sum.add(1, {z.query_rank}, "r_q");
    sum.add(1, {z.rank + z.rope}, "(r_kv + d_r)").add(1, {s.d_model}, "d_m");
  }
  return sum.done();
}

// What the norm of a latent keeps: its input (of a narrow model in fp32), the reciprocal root and the normalised input.
void add_norm(FormulaBuilder& sum, const Shape& s, std::int64_t len, const char* tokens, std::int64_t input,
              std::int64_t rank, const std::string& input_text, const std::string& rank_text) {
  const std::int64_t wide = std::max<std::int64_t>(4, s.element_bytes);
  const bool cast = s.element_bytes < 4;
  sum.add(wide, {s.batch, len, cast ? rank : input}, tokens + (cast ? rank_text : input_text));
  sum.add(s.element_bytes, {s.batch, len, rank}, tokens + rank_text);
  sum.add(wide, {s.batch, len}, std::string(tokens).substr(0, std::string(tokens).rfind("·")));
}

Formula saved(const Shape& s) {
  const Sizes z(s);
  const std::int64_t n = s.head_count, e = s.element_bytes;
  FormulaBuilder sum;
  if (z.query_rank > 0) {
    add_norm(sum, s, s.query_len, "B·T·", z.query_rank, z.query_rank, "r_q", "r_q");
    sum.add(e, {s.batch, s.query_len, z.query_rank}, "B·T·r_q");  // the normalised latent
  }
  add_norm(sum, s, s.key_len, "B·S·", z.rank + z.rope, z.rank, "(r_kv + d_r)", "r_kv");
  if (z.absorbed) {
    sum.add(e, {s.batch, s.query_len, n, z.key}, "B·T·n·(d_n + d_r)")
        .add(e, {s.batch, s.query_len, n, z.rank + z.rope}, "B·T·n·(r_kv + d_r)")
        .add(e, {s.batch, s.key_len, z.rank + z.rope}, "B·S·(r_kv + d_r)")
        .add(e, {s.batch, s.query_len, n, z.rank}, "B·T·n·r_kv")
        .add(e, {s.batch, s.query_len, n, z.value}, "B·T·n·d_v");
    return add_probabilities(sum, s, n).done();
  }
  sum.add(e, {s.batch, s.key_len, z.rank}, "B·S·r_kv");
  const std::int64_t padded = std::max(z.key, z.value);
  if (s.fused && !s.repeats_groups && z.key != z.value) {  // flash: heads of one size
    const std::string width = z.key > z.value ? "(d_n + d_r)" : "d_v";
    sum.add(2 * e, {s.batch, s.query_len, n, padded}, "B·T·n·" + width)
        .add(2 * e, {s.batch, s.key_len, n, padded}, "B·S·n·" + width);
    if (z.key > z.value) sum.add(e, {s.batch, s.query_len, n, z.value}, "B·T·n·d_v");
  } else {
    sum.add(e, {s.batch, s.query_len, n, z.key}, "B·T·n·(d_n + d_r)")
        .add(e, {s.batch, s.key_len, n, z.key}, "B·S·n·(d_n + d_r)")
        .add(e, {s.batch, s.query_len, n, z.value}, "B·T·n·d_v")
        .add(e, {s.batch, s.key_len, n, z.value}, "B·S·n·d_v");
  }
  return add_probabilities(sum, s, n).done();
}

// The normalised latent and the turned key of the positions.
std::vector<CacheRows> cache_rows(const Shape& s) {
  const Sizes z(s);
  return {{1, 1, z.rank + z.rope, z.rope > 0 ? "(r_kv + d_r)" : "r_kv", ""}};
}

Formula cache(const Shape& s) {
  const Sizes z(s);
  return FormulaBuilder()
      .add(s.element_bytes, {z.rank}, "r_kv")
      .add(z.rope > 0 ? s.element_bytes : 0, {z.rope}, "d_r")
      .done();
}

void require_pairs(const ModelConfig& config) {
  const std::int64_t rope = config.attention_options.at("rope");
  if (is_rotary(config.positions) && (rope == 0 || rope % 2 != 0))
    throw undefined_here(config, "mla",
                         "rotary positions turn pairs of the 'rope' dimensions, so their number (" +
                             std::to_string(rope) + ") must be even and not 0");
}

}  // namespace

void add_latent(std::vector<AttentionMechanism>& table) {
  table.push_back(
      {.name = "mla",
       .title = "Multi-head latent attention: keys and values from one latent of each token",
       .source = "DeepSeek-AI 2024 (DeepSeek-V2), arXiv 2405.04434, section 2.1",
       .parameter_count = parameters,
       .saved_bytes = saved,
       .kv_cache_bytes_per_token = cache,
       // DeepSeek-V2's proportions: 12·d, 4·d, d, d/2, d.
       .options = {{"q-rank", "size of the queries' latent; 0: queries are projected at once", 0, kLargest,
                    [](const ModelConfig& c) { return c.head_count > 12 ? 12 * c.head_dim : 0; }},
                   {"kv-rank", "size of the latent of keys and values", 1, kLargest,
                    [](const ModelConfig& c) { return 4 * c.head_dim; }},
                   {"nope", "size of a key's part without positions", 1, kLargest,
                    [](const ModelConfig& c) { return c.head_dim; }},
                   {"rope", "size of a key's part with rotary positions, which all heads share", 0, kLargest,
                    [](const ModelConfig& c) {
                      return is_rotary(c.positions) ? std::max<std::int64_t>(2, c.head_dim / 4 * 2) : std::int64_t{0};
                    }},
                   {"value", "size of a value", 1, kLargest, [](const ModelConfig& c) { return c.head_dim; }},
                   {"absorbed",
                    "whether the latents themselves are keys and values (same result)",
                    0,
                    1,
                    [](const ModelConfig&) { return std::int64_t{0}; },
                    {"no", "yes"}}},
       .rotary_width = [](const ModelConfig& config) { return config.attention_options.at("rope"); },
       .head_width =
           [](const ModelConfig& config) {
             const auto& sizes = config.attention_options;
             return std::max(sizes.at("nope") + sizes.at("rope"), sizes.at("value"));
           },
       .require = require_pairs,
       .cache_rows = cache_rows});
}

}  // namespace headroom::models
