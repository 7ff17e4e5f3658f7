// Attention to a window of neighbours. T' is T in whole blocks, K the scores that each query has.
#include "models/catalog/mechanisms/band.h"
#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

void require_decoder(const ModelConfig& config) {
  if (config.architecture == Architecture::decoder_only) return;
  throw undefined_here(config, config.attention, "it looks back only, and an encoder's tokens see both sides");
}

Formula window_saved(const Shape& s, std::int64_t window, std::int64_t block) {
  const Band band = make_band(s.query_len, window - 1, 0, block);
  FormulaBuilder sum;
  sum.add(s.element_bytes, {s.batch, band.padded(), s.head_count, s.head_dim}, "B·T'·n·d");
  sum.add(2 * s.element_bytes, {s.batch, band.padded(), s.kv_head_count, s.head_dim}, "B·T'·g·d");
  sum.add(2 * s.element_bytes * band.before, {band.block, s.head_dim}, "c·d");
  sum.add(bytes_per_probability(s), {s.batch, s.head_count, band.padded(), band.keys()}, "B·n·T'·K");
  return add_queries(sum, s, 1, s.head_count, "B·T·n·d").done();
}

namespace {

Formula sliding_saved(const Shape& s) { return window_saved(s, s.option("window"), s.option("block")); }

Formula window_cache(const Shape& s) {
  Formula formula = grouped_cache(s);
  formula.text += ", up to w tokens";
  return formula;
}

Formula window_state(const Shape& s) {
  return FormulaBuilder().add(2 * s.element_bytes, {s.option("window"), s.kv_head_count, s.head_dim}, "w·g·d").done();
}

Formula longformer_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(6, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  return with_output(sum, s, checked_product({6, s.head_count, s.head_dim}), "6·n·d");
}

// Global tokens' own rows: G queries, T keys and values. Several tokens of several sequences are copied to be their
// input.
Formula longformer_saved(const Shape& s) {
  const std::int64_t reach = s.option("window") / 2, global = std::min(s.option("global"), s.query_len);
  const Band band = make_band(s.query_len, reach, reach, s.option("block"));
  FormulaBuilder sum;
  sum.add(3 * s.element_bytes, {s.batch, band.padded(), s.head_count, s.head_dim}, "B·T'·n·d");
  sum.add(2 * s.element_bytes * (band.before + band.after), {band.block, s.head_dim}, "c·d");
  sum.add(bytes_per_probability(s), {s.batch, s.head_count, band.padded(), band.keys() + global}, "B·n·T'·(K + G)");
  sum.add(bytes_per_probability(s), {s.batch, s.head_count, global, s.query_len}, "B·n·G·T");
  sum.add(s.element_bytes, {s.batch, global, s.head_count, s.head_dim}, "B·G·n·d");
  if (s.batch > 1 && global > 1 && global < s.query_len)
    sum.add(s.element_bytes, {s.batch, global, s.d_model}, "B·G·d_m");
  return add_queries(sum, s, 3, s.head_count, "B·T·n·d").done();
}

// An eighth of the longest sequence, as Mistral 7B and longformer-base-4096 have it, up to `most`.
std::int64_t eighth(const ModelConfig& config, std::int64_t most) {
  return std::clamp<std::int64_t>(config.max_positions / 8, 2, most) / 2 * 2;
}

std::int64_t usual_sliding_window(const ModelConfig& config) { return eighth(config, 4096); }
std::int64_t usual_two_sided_window(const ModelConfig& config) { return eighth(config, 512); }

void require_even_window(const ModelConfig& config) {
  if (const std::int64_t window = config.attention_options.at("window"); window % 2 != 0)
    throw undefined_here(config, config.attention,
                         "half of the window lies on each side, so it must be even and is " + std::to_string(window));
}

}  // namespace

void add_window(std::vector<AttentionMechanism>& table) {
  table.push_back(
      {.name = "sliding-window",
       .title = "Sliding-window attention: each token sees the w tokens up to itself, in g key-value groups",
       .source = "Jiang et al. 2023 (Mistral 7B), arXiv 2310.06825, section 2; Beltagy et al. 2020, arXiv 2004.05150",
       .parameter_count = grouped_parameters,
       .saved_bytes = sliding_saved,
       .kv_cache_bytes_per_token = window_cache,
       .state_bytes = window_state,
       .own_mask = true,
       .options = {{"window", "w: tokens that each token sees, itself included", 1, 1 << 24, usual_sliding_window},
                   {"block", "c: queries that share their keys; each keeps up to w + 2c scores", 1, 1 << 24,
                    [](const ModelConfig&) { return kUsualBlock; }},
                   {"groups", "g: key and value heads", 1, 1 << 16,
                    [](const ModelConfig& config) { return config.kv_head_count; }}},
       .undefined = {.cross = "its window moves along one sequence",
                     .bias = "its scores are blocks of the window, and position biases are tables of T x S",
                     .fused = "scaled_dot_product_attention takes a window only as a mask of T x T"},
       .apply = [](ModelConfig& config) { config.kv_head_count = config.attention_options.at("groups"); },
       .require =
           [](const ModelConfig& config) {
             require_decoder(config);
             require_groups(config);
           },
       .cache_rows = grouped_rows,
       .cache_window = [](const Shape& s) { return s.option("window"); }});
  table.push_back(
      {.name = "longformer",
       .title = "Longformer: a window to both sides, and global tokens with projections of their own",
       .source = "Beltagy et al. 2020, arXiv 2004.05150, sections 3.1 and 3.2",
       .parameter_count = longformer_parameters,
       .saved_bytes = longformer_saved,
       .kv_cache_bytes_per_token = nullptr,
       .options = {{"window", "w: w/2 tokens on each side, as attention_window", 2, 1 << 24, usual_two_sided_window},
                   {"block", "c: queries that share their keys; each keeps up to w + 3c scores", 1, 1 << 24,
                    [](const ModelConfig&) { return kUsualBlock; }},
                   {"global", "G: leading tokens that see all and are seen by all", 1, 1 << 16,
                    [](const ModelConfig&) { return std::int64_t{1}; }}},
       .undefined = {.causal = "its windows and global tokens look ahead",
                     .cross = "its window moves along one sequence",
                     .bias = "its scores are blocks of the window, and position biases are tables of T x S",
                     .fused = "scaled_dot_product_attention takes a window only as a mask of T x T"},
       .require = require_even_window});
}

}  // namespace headroom::models
