// Attention whose heads fade with distance.
#include "models/catalog/mechanisms/formula.h"
#include "models/catalog/mechanisms/mechanisms.h"

namespace headroom::models {

using Shape = AttentionShape;

namespace {

Formula span_parameters(const Shape& s) {
  Formula formula = mha_parameters(s);
  formula.value = checked_sum({formula.value, s.head_count});
  formula.text += " + n";
  return formula;
}

// Softmax, its product with the mask and the normalised product; dropout keeps its mask and its own product instead of
// the last one. The mask itself, and what it was cut from (at least fp32), are common to the sequences.
Formula span_saved(const Shape& s) {
  FormulaBuilder sum;
  add_queries(sum, s, 4, s.head_count, "B·T·n·d");
  sum.add(3 * s.element_bytes + (s.dropout ? 1 : 0), {s.batch, s.head_count, s.query_len, s.query_len}, "B·n·T·T");
  sum.add(s.element_bytes, {s.batch, s.head_count, s.query_len}, "B·n·T");
  const std::int64_t wide = std::max<std::int64_t>(s.element_bytes, 4);
  return sum.add(s.element_bytes + wide, {s.head_count, s.query_len, s.query_len}, "n·T·T").done();
}

void require_narrow_softmax(const ModelConfig& config) {
  if (config.softmax_fp32)
    throw undefined_here(config, "adaptive-span", "a softmax in fp32 between narrower spans is not built");
}

}  // namespace

void add_adaptive_span(std::vector<AttentionMechanism>& table) {
  table.push_back({.name = "adaptive-span",
                   .title = "Adaptive spans: each head fades with distance, at a span it learns (EdgeBERT)",
                   .source = "Sukhbaatar et al. 2019, arXiv 1905.07799, section 3; Tambe et al. 2020, arXiv 2011.14203",
                   .parameter_count = span_parameters,
                   .saved_bytes = span_saved,
                   .kv_cache_bytes_per_token = nullptr,
                   .options = {{"ramp", "R: tokens over which a head fades out", 1, 1 << 24,
                                [](const ModelConfig&) { return std::int64_t{256}; }}},
                   .undefined = {.causal = "what a decoder's cache may drop depends on learned spans",
                                 .cross = "a span is a distance within one sequence",
                                 .bias = "spans and position biases both weigh distances, and no paper has the two",
                                 .fused = "spans weigh the probabilities, which fused kernels never write",
                                 .padding = "its spans are those of whole sequences"},
                   .require = require_narrow_softmax});
}

}  // namespace headroom::models
