// A count as a sum of terms, each a product with its text: the number and the formula that gave it cannot part ways.
// Below it, the terms that several mechanisms have in common.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "models/catalog/attention.h"
#include "models/catalog/checked.h"

namespace headroom::models {

class FormulaBuilder {
 public:
  // Adds `coefficient` x the product of `factors`, written as `symbols` ("B·T·n·d"). A coefficient of 0 adds nothing.
  FormulaBuilder& add(std::int64_t coefficient, std::initializer_list<std::int64_t> factors, std::string_view symbols);
  Formula done() const { return formula_; }

 private:
  Formula formula_;
};

// Elements: W^O of n·d x d_m and, when asked, the biases of the projections ("features" of them in all) and of W^O.
Formula with_output(FormulaBuilder sum, const AttentionShape& shape, std::int64_t feature_count,
                    std::string_view features);

// Bytes of `count` tensors of `heads` x d features for each query, or for each key. `text`: "B·T·n·d".
FormulaBuilder& add_queries(FormulaBuilder& sum, const AttentionShape& shape, std::int64_t count, std::int64_t heads,
                            std::string_view text);
FormulaBuilder& add_keys(FormulaBuilder& sum, const AttentionShape& shape, std::int64_t count, std::int64_t heads,
                         std::string_view text);

// Bytes between scores and heads: the probabilities (with their fp32 original, dropout mask and dropped copy), or the
// fused kernels' logarithm of the row sums.
FormulaBuilder& add_probabilities(FormulaBuilder& sum, const AttentionShape& shape, std::int64_t heads);

// Bytes that each probability keeps: itself, its fp32 original, its dropout mask and dropped copy.
std::int64_t bytes_per_probability(const AttentionShape& shape);

}  // namespace headroom::models
