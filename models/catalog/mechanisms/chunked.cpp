// Attention within chunks of tokens. C whole chunks of c tokens, and a last one of the remaining t.
#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

namespace {

Formula chunked_saved(const Shape& s) {
  const std::int64_t chunk = std::min(s.option("chunk"), s.query_len), rest = s.query_len % chunk;
  FormulaBuilder sum;
  add_queries(sum, s, 4, s.head_count, "B·T·n·d");
  sum.add(bytes_per_probability(s), {s.batch, s.head_count, s.query_len - rest, chunk}, "B·n·C·c·c");
  if (rest > 0) sum.add(bytes_per_probability(s), {s.batch, s.head_count, rest, rest}, "B·n·t·t");
  return sum.done();
}

}  // namespace

void add_chunked(std::vector<AttentionMechanism>& table) {
  table.push_back(
      {.name = "chunked",
       .title = "Attention within chunks: tokens see those of their own chunk (CANINE's first block)",
       .source = "Clark et al. 2021, arXiv 2103.06874, section 3.2",
       .parameter_count = mha_parameters,
       .saved_bytes = chunked_saved,
       .kv_cache_bytes_per_token = nullptr,
       .uses_back_end = no_back_end,
       .options = {{"chunk", "c: tokens of a chunk", 1, 1 << 24,
                    [](const ModelConfig& config) { return config.downsampling.chunk; }}},
       .undefined = {.causal = "its chunks are an encoder's, whose tokens see ahead",
                     .cross = "its chunks are those of one sequence",
                     .bias = "its scores are those of chunks, and position biases are tables of T x S",
                     .padding = "its scores are those of chunks, and a padding mask is of whole sequences"}});
}

}  // namespace headroom::models
