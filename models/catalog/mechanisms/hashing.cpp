// LSH attention. c: tokens of a chunk, h: rounds of hashing; N = h·T + c.
#include "models/catalog/mechanisms/hashing.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

std::vector<std::int64_t> bucket_factors(std::int64_t buckets, std::int64_t seq, std::int64_t chunk,
                                         std::int64_t max_positions, std::int64_t first) {
  if (buckets > 0 && first > 0) return {first, buckets / first};
  if (buckets > 0) return {buckets};
  const auto power = std::bit_width(static_cast<std::uint64_t>(2 * (seq / chunk))) - 1;
  const auto root = static_cast<std::int64_t>(std::sqrt(static_cast<double>(max_positions / chunk)));
  const std::int64_t count = std::int64_t{1} << power;
  if (count <= 2 * std::max(root, chunk)) return {count};
  return {std::int64_t{1} << (power / 2), std::int64_t{1} << (power - power / 2)};
}

namespace {

constexpr std::int64_t kLargest = 1 << 20;

Formula parameters(const Shape& s) {
  FormulaBuilder sum;
  sum.add(2, {s.head_count, s.head_dim, s.d_model}, "n·d·d_m");
  return with_output(sum, s, checked_product({2, s.head_count, s.head_dim}), "2·n·d");
}

// One chunk: full attention. The keys' reciprocal lengths are kept beside queries and keys.
void add_full(FormulaBuilder& sum, const Shape& s) {
  add_queries(sum, s, 4, s.head_count, "B·T·n·d");
  sum.add(s.element_bytes, {s.batch, s.head_count, s.query_len}, "B·n·T");
  add_probabilities(sum, s, s.head_count);
}

void add_chunked(FormulaBuilder& sum, const Shape& s) {
  const std::int64_t chunk = s.option("chunk"), rounds = s.option("hashes"), e = s.element_bytes;
  const std::int64_t sequences = s.batch * s.head_count, sorted = rounds * s.query_len, chain = sorted + chunk;
  const bool cast = s.softmax_fp32 && e < 4;
  sum.add(3 * e, {sequences, chain, s.head_dim}, "B·n·N·d")  // queries, keys, values, with the last chunk twice
      .add(e, {sequences, chain}, "B·n·N")
      .add(8, {sequences, chain}, "B·n·N")     // where they come from
      .add(8, {sequences, sorted}, "B·n·h·T")  // where the results go
      .add(bytes_per_probability(s), {sequences, sorted, 2 * chunk}, "B·n·h·T·2c");
  if (rounds > 1) {
    const std::int64_t sums = cast ? 4 : e;
    sum.add(16 + sums, {sequences, sorted}, "B·n·h·T")                // the largest scores and probabilities
        .add(cast ? sums + e : sums, {sequences, sorted}, "B·n·h·T")  // the rounds' weights
        .add(e, {sequences, sorted, s.head_dim}, "B·n·h·T·d");
  }
  add_queries(sum, s, 1, s.head_count, "B·T·n·d");
}

Formula saved(const Shape& s) {
  FormulaBuilder sum;
  if (s.query_len <= s.option("chunk"))
    add_full(sum, s);
  else
    add_chunked(sum, s);
  return sum.done();
}

// As transformers caches it: the input, from which queries and values of the chunks in reach are computed again, and
// the bucket of each head and round.
Formula cache(const Shape& s) {
  return FormulaBuilder()
      .add(s.element_bytes, {s.d_model}, "d_m")
      .add(8, {s.head_count, s.option("hashes")}, "n·h")
      .done();
}

void require_even(const ModelConfig& config) {
  const std::int64_t buckets = config.attention_options.at("buckets"), first = config.attention_options.at("factor");
  if (buckets % 2 != 0)
    throw undefined_here(config, "reformer", "a hash is a direction or its opposite, so the buckets must be even");
  if (first > 0 && (first % 2 != 0 || buckets == 0 || buckets % (2 * first) != 0))
    throw undefined_here(config, "reformer",
                         "the buckets (" + std::to_string(buckets) + ") are not a product of two even factors, " +
                             std::to_string(first) + " and another");
}

void require_chunks(const ModelConfig& config, std::int64_t seq) { require_whole_chunks(config, "reformer", seq); }

}  // namespace

void require_whole_chunks(const ModelConfig& config, std::string_view mechanism, std::int64_t seq) {
  const std::int64_t chunk = config.attention_options.at("chunk");
  if (seq > chunk && seq % chunk != 0)
    throw undefined_here(
        config, mechanism,
        "a sequence of " + std::to_string(seq) + " tokens is not cut into chunks of " + std::to_string(chunk));
}

void add_hashing(std::vector<AttentionMechanism>& table) {
  table.push_back(
      {.name = "reformer",
       .title = "LSH attention: queries are keys, sorted by their hash and attended to chunk by chunk",
       .source = "Kitaev et al. 2020, arXiv 2001.04451, section 2; transformers' LSHSelfAttention",
       .parameter_count = parameters,
       .saved_bytes = saved,
       .kv_cache_bytes_per_token = cache,
       .own_mask = true,
       .options = {{"chunk",
                    "tokens of a chunk, which attends to itself and the one before it; as many tokens or "
                    "fewer are attended to in full",
                    1, kLargest, [](const ModelConfig&) { return std::int64_t{64}; }},
                   {"hashes", "rounds of hashing", 1, 64, [](const ModelConfig&) { return std::int64_t{1}; }},
                   {"buckets", "buckets of a round, even; 0: the power of two up to twice the number of chunks", 0,
                    kLargest, [](const ModelConfig&) { return std::int64_t{0}; }},
                   {"factor", "buckets are that many times their number's rest, a digit each; 0: one digit", 0,
                    kLargest, [](const ModelConfig&) { return std::int64_t{0}; }},
                   {"seed", "of the rotations, the same in all layers and passes; -1: drawn anew each time", -1,
                    std::numeric_limits<std::int64_t>::max(), [](const ModelConfig&) { return std::int64_t{-1}; }}},
       .undefined = {.cross = "its queries are its keys",
                     .bias = "tokens are attended to in the order of their hashes, where distances are not at hand",
                     .fused = "it masks and sums up chunks of sorted tokens",
                     .padding = "its buckets would sort padding among the tokens",
                     .cached =
                         "which tokens share a new token's bucket is known to the device alone, and the shapes of a "
                         "step would depend on it"},
       .require = require_even,
       .require_seq = require_chunks});
}

}  // namespace headroom::models
