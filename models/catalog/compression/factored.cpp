// Weights that are products of smaller ones: W = U V, a tensor train, a Kronecker product.
#include "models/catalog/compression/factored.h"

#include <algorithm>

#include "models/catalog/compression/methods.h"

namespace headroom::models {
namespace {

std::int64_t product(const std::vector<std::int64_t>& factors, std::size_t from, std::size_t to) {
  std::int64_t result = 1;
  for (std::size_t i = from; i < to; ++i) result = checked_product({result, factors[i]});
  return result;
}

std::int64_t largest_prime_factor(std::int64_t n) {
  std::int64_t largest = 1;
  for (std::int64_t p = 2; p * p <= n; ++p)
    for (; n % p == 0; n /= p) largest = p;
  return std::max(largest, n);
}

}  // namespace

std::vector<std::int64_t> balanced_factors(std::int64_t n, std::int64_t count) {
  std::vector<std::int64_t> factors(static_cast<std::size_t>(count), 1);
  while (n > 1) {
    const std::int64_t prime = largest_prime_factor(n);
    *std::min_element(factors.begin(), factors.end()) *= prime;
    n /= prime;
  }
  std::sort(factors.begin(), factors.end());
  return factors;
}

TensorTrain tensor_train_of(const Compression& c, std::int64_t out, std::int64_t in) {
  TensorTrain train;
  if (c.method == "kronecker") {
    const std::int64_t rows = option_of(c, "rows"), columns = option_of(c, "columns");
    return {{rows, out / rows}, {columns, in / columns}, {1, 1, 1}};
  }
  train.out = balanced_factors(out, option_of(c, "factors"));
  train.in = balanced_factors(in, option_of(c, "factors"));
  const std::size_t count = train.out.size();
  train.rank.assign(count + 1, 1);
  for (std::size_t k = 1; k < count; ++k) {
    const std::int64_t left = checked_product({product(train.out, 0, k), product(train.in, 0, k)});
    const std::int64_t right = checked_product({product(train.out, k, count), product(train.in, k, count)});
    train.rank[k] = std::min({option_of(c, "rank"), left, right});
  }
  return train;
}

namespace {

std::int64_t core_elements(const TensorTrain& t) {
  std::int64_t sum = 0;
  for (std::size_t k = 0; k < t.out.size(); ++k)
    sum = checked_sum({sum, checked_product({t.rank[k], t.out[k], t.in[k], t.rank[k + 1]})});
  return sum;
}

// Of one input: what each contraction but the first leaves for the next.
std::int64_t between_cores(const TensorTrain& t) {
  std::int64_t sum = 0;
  const std::size_t count = t.out.size();
  for (std::size_t k = 1; k < count; ++k)
    sum = checked_sum({sum, checked_product({product(t.in, 0, k), t.rank[k], product(t.out, k, count)})});
  return sum;
}

Formula train_parameters(const Compression& c, const WeightShape& s) {
  return FormulaBuilder().add(1, {core_elements(tensor_train_of(c, s.out, s.in))}, "Σ r·m·n·r'").done();
}
Formula train_stored(const Compression& c, const WeightShape& s) {
  return FormulaBuilder().add(s.element_bytes, {core_elements(tensor_train_of(c, s.out, s.in))}, "Σ r·m·n·r'").done();
}
Formula train_saved(const Compression& c, const WeightShape& s) {
  return FormulaBuilder()
      .add(s.element_bytes, {s.inputs, between_cores(tensor_train_of(c, s.out, s.in))}, "N·Σ (n·…·r·m·…)")
      .done();
}

void require_kronecker(const Compression& c, const WeightShape& s) {
  require_size(s.out % option_of(c, "rows") == 0 && s.in % option_of(c, "columns") == 0, c,
               "rows that divide a weight's outputs and columns that divide its inputs", s);
}

Formula low_rank_parameters(const Compression& c, const WeightShape& s) {
  return FormulaBuilder().add(1, {option_of(c, "rank"), checked_sum({s.in, s.out})}, "rank·(in + out)").done();
}
Formula low_rank_stored(const Compression& c, const WeightShape& s) {
  return FormulaBuilder()
      .add(s.element_bytes, {option_of(c, "rank"), checked_sum({s.in, s.out})}, "rank·(in + out)")
      .done();
}
Formula low_rank_saved(const Compression& c, const WeightShape& s) {
  return FormulaBuilder().add(s.element_bytes, {s.inputs, option_of(c, "rank")}, "N·rank").done();
}
void require_low_rank(const Compression& c, const WeightShape& s) {
  require_size(option_of(c, "rank") <= std::min(s.out, s.in), c, "a rank that is no more than a weight's smaller side",
               s);
}

template <std::int64_t value>
std::int64_t always(const ModelConfig&) {
  return value;
}

}  // namespace

void add_factored(std::vector<CompressionMethod>& rows) {
  rows.push_back({.name = "low-rank",
                  .title = "Two thin factors in the place of a weight, W = U V",
                  .source = "Noach & Goldberg 2020, Compressing Pre-trained Language Models by Matrix Decomposition",
                  .options = {layers_option(), {"rank", "inner width", 1, 1 << 20, always<64>}},
                  .parameter_count = low_rank_parameters,
                  .stored_bytes = low_rank_stored,
                  .saved_bytes = low_rank_saved,
                  .require = require_low_rank});
  rows.push_back(
      {.name = "tensor-train",
       .title = "A chain of small cores in the place of a weight",
       .source = "Oseledets 2011; Novikov et al. 2015, arXiv 1509.06569",
       .options = {layers_option(),
                   {"rank", "between neighbouring cores, or less where less is exact", 1, 1 << 16, always<16>},
                   {"factors", "cores; both sides of a weight are split so", 2, 8, always<3>}},
       .parameter_count = train_parameters,
       .stored_bytes = train_stored,
       .saved_bytes = train_saved});
  rows.push_back({.name = "kronecker",
                  .title = "A Kronecker product in the place of a weight, W = A ⊗ B, never written out",
                  .source = "Tahaei et al. 2021, arXiv 2109.06243, section 3",
                  .options = {layers_option(),
                              {"rows", "of A; they divide a weight's outputs", 1, 1 << 20, always<2>},
                              {"columns", "of A; they divide a weight's inputs", 1, 1 << 20, always<2>}},
                  .parameter_count = train_parameters,
                  .stored_bytes = train_stored,
                  .saved_bytes = train_saved,
                  .require = require_kronecker});
}

}  // namespace headroom::models
