// Adapters of low rank beside frozen weights: W x + alpha/rank · B A x.
#include "models/catalog/compression/methods.h"

namespace headroom::models {
namespace {

bool merged(const Compression& c) { return option_of(c, "merged") == 1; }

Formula factors(const Compression& c, const WeightShape& s, std::int64_t coefficient) {
  if (merged(c)) return {};
  return FormulaBuilder()
      .add(coefficient, {option_of(c, "rank"), checked_sum({s.in, s.out})}, "rank·(in + out)")
      .done();
}

Formula lora_parameters(const Compression& c, const WeightShape& s) { return factors(c, s, 1); }
Formula lora_stored(const Compression& c, const WeightShape& s) { return factors(c, s, s.element_bytes); }
Formula lora_saved(const Compression& c, const WeightShape& s) {
  return FormulaBuilder().add(s.element_bytes, {s.inputs, option_of(c, "rank")}, "N·rank").done();
}

void require_mode(const Compression& c, bool training) {
  if (training && merged(c))
    throw bad_input(
        "compression 'lora:merged=yes' is for inference: merged adapters cannot be trained; use --mode "
        "forward, or merged=no");
}

}  // namespace

void add_lora(std::vector<CompressionMethod>& rows) {
  rows.push_back({.name = "lora",
                  .title = "Trained adapters of low rank beside frozen weights",
                  .source = "Hu et al. 2021, arXiv 2106.09685, section 4",
                  .options = {layers_option(true),
                              {"rank", "inner width of the adapters", 1, 1 << 16,
                               [](const ModelConfig&) { return std::int64_t{8}; }},
                              {"alpha", "they are scaled by alpha/rank", 1, 1 << 20,
                               [](const ModelConfig&) { return std::int64_t{16}; }},
                              {"merged",
                               "for inference: added to the weights once",
                               0,
                               1,
                               [](const ModelConfig&) { return std::int64_t{0}; },
                               {"no", "yes"}}},
                  .parameter_count = lora_parameters,
                  .stored_bytes = lora_stored,
                  .saved_bytes = lora_saved,
                  .require_mode = require_mode,
                  .adapter = true});
}

}  // namespace headroom::models
