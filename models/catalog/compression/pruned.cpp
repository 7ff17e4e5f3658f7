// Weights of which the smallest are left out: a mask while trained, sparse storage once they are.
#include "models/catalog/compression/pruned.h"

#include "models/catalog/compression/methods.h"

namespace headroom::models {

std::int64_t kept_weights(const Compression& c, std::int64_t out, std::int64_t in) {
  const std::int64_t dropped = checked_product({out, in, option_of(c, "sparsity")}) / 1000;
  return out * in - dropped;
}

PruneFormat prune_format(const Compression& c) { return static_cast<PruneFormat>(option_of(c, "format")); }

namespace {

Formula stored(const Compression& c, const WeightShape& s) {
  if (s.trained)
    return FormulaBuilder().add(s.element_bytes, {s.out, s.in}, "out·in").add(1, {s.out, s.in}, "out·in").done();
  const std::int64_t kept = kept_weights(c, s.out, s.in);
  switch (prune_format(c)) {
    case PruneFormat::csr:
      return FormulaBuilder().add(4 + s.element_bytes, {kept}, "kept").add(4, {s.out + 1}, "(out + 1)").done();
    case PruneFormat::bitmap:
      return FormulaBuilder().add(s.element_bytes, {kept}, "kept").add(1, {s.out, s.in / 8}, "out·in/8").done();
    case PruneFormat::two_of_four:
      break;
  }
  return FormulaBuilder().add(s.element_bytes, {kept}, "out·in/2").add(1, {s.out, s.in / 8}, "out·in/8").done();
}

void require(const Compression& c, const WeightShape& s) {
  const PruneFormat format = prune_format(c);
  require_size(format == PruneFormat::csr || s.in % 8 == 0, c, "inputs that are a multiple of 8 in this format", s);
  require_size(s.out * s.in < (std::int64_t{1} << 31), c, "weights whose positions fit 32 bits", s);
  if (format == PruneFormat::two_of_four && option_of(c, "sparsity") != 500)
    throw bad_input("compression 'prune:format=2:4' keeps two of four: sparsity is 0.5");
}

void complete(Compression& c) {
  const auto format = c.options.find("format");
  if (format != c.options.end() && prune_format(c) == PruneFormat::two_of_four) c.options.try_emplace("sparsity", 500);
}

template <std::int64_t value>
std::int64_t always(const ModelConfig&) {
  return value;
}

}  // namespace

void add_pruned(std::vector<CompressionMethod>& rows) {
  rows.push_back({.name = "prune",
                  .title = "The smallest weights left out: a mask while trained, sparse storage after",
                  .source = "magnitude, as of Han et al. 2015, arXiv 1506.02626; 2:4 of Mishra et al. 2021, arXiv "
                            "2104.08378",
                  .options = {layers_option(),
                              {"sparsity", "share of each weight that is left out", 1, 999, always<900>, {}, 1000},
                              {"format",
                               "rows with int32 columns, a bit for each, or NVIDIA's 2:4",
                               0,
                               2,
                               always<0>,
                               {"csr", "bitmap", "2:4"}}},
                  .parameter_count = dense_parameters,
                  .stored_bytes = stored,
                  .saved_bytes = used_weight_saved,
                  .require = require,
                  .complete = complete,
                  .packs = true});
}

}  // namespace headroom::models
