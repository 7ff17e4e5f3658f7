// BigBird's blocks: both ends, neighbours, random ones.
#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

namespace {

constexpr std::int64_t longest_full(std::int64_t block, std::int64_t random) { return (5 + 2 * random) * block; }

// Attention is full up to (5 + 2r)·b tokens. Beyond, the random blocks' keys and values are copies, and their places
// are int64; the queries of both ends have scores for all tokens besides those of the sparse part.
Formula bigbird_saved(const Shape& s) {
  const std::int64_t block = s.option("block"), random = s.option("random"), seq = s.query_len;
  if (seq <= longest_full(block, random)) return mha_saved(s);
  FormulaBuilder sum;
  add_queries(sum, s, 4, s.head_count, "B·T·n·d");
  sum.add(2 * random * s.element_bytes, {s.batch, seq, s.head_count, s.head_dim}, "B·T·n·d");
  sum.add(4 * s.element_bytes, {block, s.head_dim}, "b·d");
  sum.add(8, {s.head_count, seq / block, random}, "n·(T/b)·r");
  sum.add(bytes_per_probability(s), {s.batch, s.head_count, seq, 5 + random, block}, "B·n·T·(5 + r)·b");
  return sum.add(2 * bytes_per_probability(s), {s.batch, s.head_count, block, seq}, "B·n·b·T").done();
}

constexpr std::int64_t kUsualRandom = 3;

// 64 as published, halved until the model's longest sequence is sparse.
std::int64_t usual_size(const ModelConfig& config) {
  std::int64_t block = 64;
  while (block > 1 && longest_full(block, kUsualRandom) >= config.max_positions) block /= 2;
  return block;
}

void require_whole_blocks(const ModelConfig& config, std::int64_t seq) {
  const std::int64_t block = config.attention_options.at("block"),
                     full = longest_full(block, config.attention_options.at("random"));
  if (seq <= full) return;
  if (seq % block != 0)
    throw undefined_here(config, "bigbird",
                         "beyond " + std::to_string(full) + " tokens the length must be a multiple of the block of " +
                             std::to_string(block) + ", and is " + std::to_string(seq));
  if (seq > config.max_positions)
    throw undefined_here(config, "bigbird",
                         "its random blocks are drawn for the model's " + std::to_string(config.max_positions) +
                             " positions, and the sequence has " + std::to_string(seq));
}

}  // namespace

void add_bigbird(std::vector<AttentionMechanism>& table) {
  table.push_back({.name = "bigbird",
                   .title = "BigBird (ITC): blocks at both ends, neighbouring blocks and random ones",
                   .source = "Zaheer et al. 2020, arXiv 2007.14062, section 2 and appendix D",
                   .parameter_count = mha_parameters,
                   .saved_bytes = bigbird_saved,
                   .kv_cache_bytes_per_token = nullptr,
                   .options = {{"block", "b: tokens of a block", 1, 1 << 20, usual_size},
                               {"random", "r: random blocks that each block sees", 1, 1 << 10,
                                [](const ModelConfig&) { return kUsualRandom; }}},
                   .undefined = {.causal = "its neighbouring, random and last blocks look ahead",
                                 .cross = "its blocks are those of one sequence",
                                 .bias = "its scores are gathered blocks, and position biases are tables of T x S",
                                 .fused = "scaled_dot_product_attention takes its blocks only as a mask of T x T",
                                 .padding = kOnePattern},
                   .require_seq = require_whole_blocks});
}

}  // namespace headroom::models
