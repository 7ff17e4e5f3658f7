// A band of keys around the diagonal, block by block: no tensor is T x T.
//
// Blocks of c queries see whole blocks of keys, of which those out of reach are masked. The keys of all sequences lie
// one behind the other in a chain, with blocks of zeros at its ends, so that a block's neighbourhood is a strided view
// of the chain and never a copy; what such a view holds of a neighbouring sequence is masked, too.
//
// Shapes: B batch, n heads, g key-value groups of r heads, T length, c and C the band's block and count, K its keys.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "models/catalog/mechanisms/band.h"

namespace headroom::models {

// [B, T, n·d] -> [B, n, T, d], a view.
at::Tensor heads_of(const at::Tensor& projected, std::int64_t heads);

// [B, n, T, d] -> [B, n, T', d], zeros at the end of each sequence.
at::Tensor pad_sequences(const at::Tensor& heads, const Band& band);

// [B, n, T, d] -> [B·g·C, r·c, d]: the heads of a group are folded into the query axis.
at::Tensor block_queries(const at::Tensor& heads, std::int64_t groups, const Band& band);

// [B, g, T, d] -> [(before + B·g·C + after)·c, d].
at::Tensor chain_keys(const at::Tensor& heads, const Band& band);

// What the blocks of queries see of the chain: [B·g·C, d, K], a view.
at::Tensor neighbourhoods(const at::Tensor& chain, const Band& band);

// The sequences in the chain: [B·g, T', d], a view.
at::Tensor sequences(const at::Tensor& chain, const Band& band);

// [B·g·C, r·c, d] -> [B, T', n·d].
at::Tensor merge_blocks(const at::Tensor& out, std::int64_t batch, std::int64_t groups, const Band& band);

// The first T of T' tokens, in storage of their own: [B, T', n·d] -> [B, T, n·d].
at::Tensor without_padding(const at::Tensor& tokens, const Band& band);

// What is added to scores: 0, and -inf where `hidden` (bool).
at::Tensor additive_mask(const at::Tensor& hidden, const at::TensorOptions& options);

// Whether a key is out of a query's reach of `left` keys back and `right` ahead, wherever its block stands: [c, K].
at::Tensor out_of_reach(const Band& band, std::int64_t left, std::int64_t right, at::Device device);

// Whether a key of a block's neighbourhood stands outside positions `first` to, not including, `end`: [C, 1, K].
at::Tensor out_of_range(const Band& band, std::int64_t first, std::int64_t end, at::Device device);

}  // namespace headroom::models
