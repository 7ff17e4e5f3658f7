// Synthesizers: scores without queries and keys.
#include <algorithm>
#include <cmath>

#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

namespace {

bool is_fixed(const Shape& s) { return s.option("scores") == 1; }

// W^V, W^O and their biases, after what makes the scores; `features`: further biases.
Formula with_values(FormulaBuilder sum, const Shape& s, std::int64_t features = 0, std::string_view text = "") {
  sum.add(1, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  const std::string all = std::string(text) + (text.empty() ? "" : " + ") + "n·d";
  return with_output(sum, s, checked_sum({features, checked_product({s.head_count, s.head_dim})}), all);
}

Formula dense_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(1, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  sum.add(1, {s.head_count, s.head_dim, s.max_positions}, "n·d·T_max");
  return with_values(sum, s, checked_product({s.head_count, checked_sum({s.head_dim, s.max_positions})}),
                     "n·(d + T_max)");
}

Formula factorized_dense_parameters(const Shape& s) {
  const std::int64_t outputs = s.option("a") + s.option("b");
  FormulaBuilder sum;
  sum.add(1, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  sum.add(1, {s.head_count, s.head_dim, outputs}, "n·d·(a + b)");
  return with_values(sum, s, checked_product({s.head_count, s.head_dim + outputs}), "n·(d + a + b)");
}

Formula random_parameters(const Shape& s) {
  FormulaBuilder sum;
  if (!is_fixed(s)) sum.add(1, {s.head_count, s.max_positions, s.max_positions}, "n·T_max²");
  return with_values(sum, s);
}

Formula factorized_random_parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(2, {s.head_count, s.max_positions, s.option("rank")}, "n·T_max·r");
  return with_values(sum, s);
}

// Hidden features, values and heads; the probabilities of every sequence.
FormulaBuilder dense_sum(const Shape& s) {
  FormulaBuilder sum;
  add_queries(sum, s, 2, s.head_count, "B·T·n·d");
  add_keys(sum, s, 1, s.head_count, "B·S·n·d");
  return add_probabilities(sum, s, s.head_count);
}
Formula dense_saved(const Shape& s) { return dense_sum(s).done(); }

Formula factorized_dense_saved(const Shape& s) {
  const std::int64_t b = s.option("b"), blocks = (s.key_len + b - 1) / b;
  return dense_sum(s)
      .add(s.element_bytes, {s.batch, s.head_count, s.query_len, blocks + b}, "B·n·T·(⌈S/b⌉ + b)")
      .done();
}

// Values and heads; the probabilities once for the whole batch.
Formula shared_scores_saved(const Shape& s) {
  FormulaBuilder sum;
  add_queries(sum, s, 1, s.head_count, "B·T·n·d");
  add_keys(sum, s, 1, s.head_count, "B·S·n·d");
  return sum.add(bytes_per_probability(s), {s.head_count, s.query_len, s.key_len}, "n·T·S").done();
}

// Probabilities that nothing trains need neither the values nor what they were made from.
Formula random_saved(const Shape& s) {
  if (!is_fixed(s)) return shared_scores_saved(s);
  FormulaBuilder sum;
  add_queries(sum, s, 1, s.head_count, "B·T·n·d");
  return sum.add(s.element_bytes, {s.head_count, s.query_len, s.key_len}, "n·T·S").done();
}

Formula values_cache(const Shape& s) {
  return FormulaBuilder().add(s.element_bytes, {s.head_count, s.head_dim}, "n·d").done();
}

void require_positions(const ModelConfig& config, std::int64_t seq) {
  if (seq > config.max_positions)
    throw undefined_here(config, config.attention,
                         "it has scores for " + std::to_string(config.max_positions) +
                             " positions, and a sequence has " + std::to_string(seq));
}

std::int64_t root_of_positions(const ModelConfig& config) {
  const auto root = static_cast<std::int64_t>(std::sqrt(static_cast<double>(config.max_positions)));
  return std::max<std::int64_t>(1, root + (root * root < config.max_positions ? 1 : 0));
}

void require_factors(const ModelConfig& config) {
  const std::int64_t a = config.attention_options.at("a"), b = config.attention_options.at("b");
  if (a * b < config.max_positions)
    throw undefined_here(config, config.attention,
                         std::to_string(a) + " x " + std::to_string(b) + " scores are fewer than " +
                             std::to_string(config.max_positions) + " positions");
}

AttentionMechanism synthesizer(std::string_view name, std::string_view title) {
  AttentionMechanism row;
  row.name = name;
  row.title = title;
  row.source = "Tay et al. 2020, arXiv 2005.00743, section 3";
  row.kv_cache_bytes_per_token = values_cache;
  row.cache_rows = [](const Shape& s) { return std::vector<CacheRows>{{1, s.head_count, s.head_dim, "n·d", "n"}}; };
  row.undefined.cross =
      "its scores are of positions of the token's own sequence, and the paper leaves cross-attention "
      "as it is";
  row.undefined.rotary = "it has no queries and keys to turn";
  row.undefined.fused = "its scores are not products of queries and keys, which fused kernels take";
  row.require_seq = require_positions;
  return row;
}

}  // namespace

void add_synthesizer(std::vector<AttentionMechanism>& table) {
  AttentionMechanism row =
      synthesizer("synthesizer-dense", "Dense synthesizer: each token's own scores, W_2 ReLU(W_1 x)");
  row.parameter_count = dense_parameters;
  row.saved_bytes = dense_saved;
  table.push_back(row);

  row = synthesizer("synthesizer-factorized-dense",
                    "Factorized dense synthesizer: scores are products of a and b numbers, a·b >= T_max");
  row.parameter_count = factorized_dense_parameters;
  row.saved_bytes = factorized_dense_saved;
  row.options = {{"a", "blocks of positions", 1, 1 << 20, root_of_positions},
                 {"b", "positions of a block", 1, 1 << 20, [](const ModelConfig& config) {
                    const std::int64_t blocks = root_of_positions(config);
                    return std::max<std::int64_t>(1, (config.max_positions + blocks - 1) / blocks);
                  }}};
  row.require = require_factors;
  table.push_back(row);

  row = synthesizer("synthesizer-random", "Random synthesizer: scores are parameters, the same for every sequence");
  row.parameter_count = random_parameters;
  row.saved_bytes = random_saved;
  row.options = {{"scores",
                  "whether they are trained",
                  0,
                  1,
                  [](const ModelConfig&) { return std::int64_t{0}; },
                  {"trainable", "fixed"}}};
  row.require = [](const ModelConfig& config) {
    if (config.attention_options.at("scores") == 1 && config.positions == Positions::t5)
      throw undefined_here(config, config.attention, "trained position biases would train the fixed scores");
  };
  table.push_back(row);

  row =
      synthesizer("synthesizer-factorized-random", "Factorized random synthesizer: scores are R_1 R_2ᵀ of a low rank");
  row.parameter_count = factorized_random_parameters;
  row.saved_bytes = shared_scores_saved;
  row.options = {{"rank", "r, columns of each factor", 1, 1 << 16, [](const ModelConfig&) { return std::int64_t{8}; }}};
  table.push_back(row);
}

}  // namespace headroom::models
