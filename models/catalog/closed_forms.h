// A count as a sum of terms, each a product with its text: the number and the formula that gave it cannot part ways.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "models/catalog/attention.h"

namespace headroom::models {

class FormulaBuilder {
 public:
  // Adds `coefficient` x the product of `factors`, written as `symbols` ("B·T·n·d"). A coefficient of 0 adds nothing.
  FormulaBuilder& add(std::int64_t coefficient, std::initializer_list<std::int64_t> factors, std::string_view symbols);
  Formula done() const { return formula_; }

 private:
  Formula formula_;
};

// Parameters of one sublayer: weights, head embeddings, W^O, biases (attention.md names the terms; sources at the
// registry).
Formula mha_parameters(const AttentionShape& shape);
Formula grouped_parameters(const AttentionShape& shape);
Formula mqa_parameters(const AttentionShape& shape);
Formula sha_tiled_parameters(const AttentionShape& shape);
Formula sha_compact_parameters(const AttentionShape& shape);
Formula skv_parameters(const AttentionShape& shape);
Formula el_slice_parameters(const AttentionShape& shape);
Formula mhe_parameters(const AttentionShape& shape);

// Bytes autograd keeps for backward: distinct storages, without parameters, the input X, the encoder's output (for
// cross-attention) and the tables of rotary positions, which the whole stack shares.
Formula mha_saved(const AttentionShape& shape);
Formula grouped_saved(const AttentionShape& shape);
Formula mqa_saved(const AttentionShape& shape);
Formula sha_tiled_saved(const AttentionShape& shape);
Formula sha_compact_saved(const AttentionShape& shape);
Formula skv_saved(const AttentionShape& shape);
Formula el_slice_saved(const AttentionShape& shape);
Formula el_exact_saved(const AttentionShape& shape);
Formula mhe_add_saved(const AttentionShape& shape);
Formula mhe_mul_saved(const AttentionShape& shape);

// Bytes a decoder caches per token, one layer.
Formula mha_cache(const AttentionShape& shape);
Formula grouped_cache(const AttentionShape& shape);
Formula single_cache(const AttentionShape& shape);  // sha, mqa, and mhe with its shared seeds
Formula skv_cache(const AttentionShape& shape);
Formula el_cache(const AttentionShape& shape);

}  // namespace headroom::models
