// Weights as small integers. Trained, the weight stays as it is and a rounded copy is used in its place.
#include "models/catalog/compression/methods.h"

namespace headroom::models {
namespace {

bool per_row(const Compression& c) { return option_of(c, "scale") == 1; }

Formula trained_weight(const WeightShape& s) {
  return FormulaBuilder().add(s.element_bytes, {s.out, s.in}, "out·in").done();
}

Formula int8_stored(const Compression& c, const WeightShape& s) {
  if (s.trained) return trained_weight(s);
  FormulaBuilder sum;
  sum.add(1, {s.out, s.in}, "out·in");
  return per_row(c) ? sum.add(s.element_bytes, {s.out}, "out").done() : sum.add(s.element_bytes, {}, "").done();
}

Formula int4_stored(const Compression& c, const WeightShape& s) {
  if (s.trained) return trained_weight(s);
  return FormulaBuilder()
      .add(1, {s.out, s.in / 2}, "out·in/2")
      .add(2 * s.element_bytes, {s.out, s.in / option_of(c, "group")}, "out·in/group")
      .done();
}

void require_int4(const Compression& c, const WeightShape& s) {
  require_size(s.in % option_of(c, "group") == 0, c, "groups that divide a weight's inputs", s);
  require_size(option_of(c, "group") % 2 == 0, c, "groups of an even size, two numbers in a byte", s);
}

// Of outlying weights: their share, at least one.
std::int64_t outliers(const Compression& c, const WeightShape& s) {
  return std::max<std::int64_t>(1, checked_product({s.out, s.in, option_of(c, "outliers")}) / 10000);
}

Formula gobo_stored(const Compression& c, const WeightShape& s) {
  return FormulaBuilder()
      .add(3, {s.out, s.in / 8}, "out·in/8")
      .add(s.element_bytes, {8}, "8")
      .add(8, {outliers(c, s)}, "outliers")
      .done();
}

void require_gobo(const Compression& c, const WeightShape& s) {
  require_size(s.in % 8 == 0, c, "inputs that are a multiple of 8, eight numbers in three bytes", s);
  require_size(s.out * s.in < (std::int64_t{1} << 31), c, "weights whose positions fit 32 bits", s);
}

void gobo_infers(const Compression&, bool training) {
  if (training)
    throw bad_input(
        "compression 'gobo' quantizes a model that is trained already: use --mode forward, or gobo+lora to "
        "train adapters beside it");
}

template <std::int64_t value>
std::int64_t always(const ModelConfig&) {
  return value;
}

}  // namespace

void add_quantized(std::vector<CompressionMethod>& rows) {
  rows.push_back(
      {.name = "int8",
       .title = "8-bit integers, symmetric; trained through rounded copies",
       .source = "Zafrir et al. 2019 (Q8BERT), arXiv 1910.06188, section 3",
       .options = {layers_option(),
                   {"scale", "one for a weight, or one for each of its rows", 0, 1, always<0>, {"tensor", "row"}}},
       .parameter_count = dense_parameters,
       .stored_bytes = int8_stored,
       .saved_bytes = used_weight_saved,
       .holds_words = true,
       .packs = true});
  rows.push_back({.name = "int4",
                  .title = "4-bit integers, two in a byte, scale and zero of each group",
                  .source = "groups as of Shen et al. 2019 (Q-BERT), arXiv 1909.05840, section 3",
                  .options = {layers_option(), {"group", "weights of a row with one scale", 2, 1 << 20, always<128>}},
                  .parameter_count = dense_parameters,
                  .stored_bytes = int4_stored,
                  .saved_bytes = used_weight_saved,
                  .require = require_int4,
                  .holds_words = true,
                  .packs = true});
  rows.push_back(
      {.name = "gobo",
       .title = "3-bit indices of a weight's 8 centroids; outliers in fp32, with positions",
       .source = "Zadeh et al. 2020, arXiv 2005.03842, section IV",
       .options = {layers_option(),
                   {"outliers", "share of the weights, farthest from the mean", 1, 5000, always<10>, {}, 10000}},
       .parameter_count = dense_parameters,
       .stored_bytes = gobo_stored,
       .saved_bytes = nothing_saved,
       .require = require_gobo,
       .require_mode = gobo_infers,
       .packs = true});
}

}  // namespace headroom::models
