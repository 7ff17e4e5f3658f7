// Linformer: keys and values projected along the sequence.
#include "models/catalog/mechanisms/low_rank.h"

#include <algorithm>

#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

namespace {

LinformerSharing sharing(const Shape& s) { return LinformerSharing{s.option("sharing")}; }

Formula linformer_parameters(const Shape& s) {
  const std::int64_t rows = s.option("k");
  FormulaBuilder sum;
  sum.add(3, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  if (sharing(s) == LinformerSharing::none) sum.add(2, {s.head_count, rows, s.max_positions}, "n·k·T_max");
  if (sharing(s) == LinformerSharing::headwise) sum.add(2, {rows, s.max_positions}, "k·T_max");
  if (sharing(s) == LinformerSharing::key_value) sum.add(1, {rows, s.max_positions}, "k·T_max");
  return with_output(sum, s, checked_product({3, s.head_count, s.head_dim}), "3·n·d");
}

Formula linformer_once(const Shape& s) {
  if (sharing(s) != LinformerSharing::layerwise) return {0, "0"};
  return FormulaBuilder().add(1, {s.option("k"), s.max_positions}, "k·T_max").done();
}

// Queries and heads; the projected input (one per head: keys and values of every position); projected keys and values;
// the probabilities of k keys.
Formula linformer_saved(const Shape& s) {
  const std::int64_t rows = s.option("k");
  FormulaBuilder sum;
  add_queries(sum, s, 2, s.head_count, "B·T·n·d");
  if (sharing(s) == LinformerSharing::none)
    add_keys(sum, s, 2, s.head_count, "B·S·n·d");
  else
    sum.add((sharing(s) == LinformerSharing::headwise ? 2 : 1) * s.element_bytes, {s.batch, rows, s.d_model},
            "B·k·d_m");
  sum.add(2 * s.element_bytes, {s.batch, rows, s.head_count, s.head_dim}, "B·k·n·d");
  if (s.fused) return sum.add(4, {s.batch, s.head_count, s.query_len}, "B·n·T").done();
  return sum.add(bytes_per_probability(s), {s.batch, s.head_count, s.query_len, rows}, "B·n·T·k").done();
}

// 256 of 512 positions, as in the paper.
std::int64_t half_the_positions(const ModelConfig& config) {
  return std::clamp<std::int64_t>(config.max_positions / 2, 1, 256);
}

void require_positions(const ModelConfig& config, std::int64_t seq) {
  if (seq > config.max_positions)
    throw undefined_here(config, "linformer",
                         "its projections have a column for each of " + std::to_string(config.max_positions) +
                             " positions, and a sequence has " + std::to_string(seq));
}

}  // namespace

void add_low_rank(std::vector<AttentionMechanism>& table) {
  constexpr std::string_view kMixed = "a projected key is a mixture of all positions and has none of its own";
  table.push_back(
      {.name = "linformer",
       .title = "Linformer: keys and values projected from T_max positions to k",
       .source = "Wang et al. 2020, arXiv 2006.04768, section 4",
       .parameter_count = linformer_parameters,
       .saved_bytes = linformer_saved,
       .kv_cache_bytes_per_token = nullptr,
       .once_per_model_count = linformer_once,
       .options = {{"k", "keys and values that are left", 1, 1 << 20, half_the_positions},
                   {"sharing",
                    "what one projection serves",
                    0,
                    3,
                    [](const ModelConfig&) { return static_cast<std::int64_t>(LinformerSharing::headwise); },
                    {"none", "headwise", "key-value", "layerwise"}}},
       .undefined = {.causal = "a projected key is a mixture of all positions, later ones included",
                     .rotary = kMixed,
                     .bias = kMixed,
                     .padding = "a projected key is a mixture of all positions, padding included"},
       .require_seq = require_positions});
}

}  // namespace headroom::models
