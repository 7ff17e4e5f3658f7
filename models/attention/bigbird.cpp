// BigBird's block-sparse attention (Zaheer et al. 2020, arXiv 2007.14062), internal transformer construction: the first
// and the last block of b tokens are seen by all and see all; every other block sees itself, its two neighbours and r
// blocks drawn at random for each head. Up to (5 + 2r)·b tokens attention is full, as in transformers' BigBirdModel.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/attention/window.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

// NumPy's RandomState(seed).permutation(count).
class NumpyRandom {
 public:
  explicit NumpyRandom(std::uint32_t seed) : twister_(seed) {}

  std::vector<std::int64_t> permutation(std::int64_t count) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = order.size(); i-- > 1;) std::swap(order[i], order[up_to(static_cast<std::uint32_t>(i))]);
    return order;
  }

 private:
  std::uint32_t up_to(std::uint32_t most) {
    std::uint32_t mask = most, value = 0;
    for (int shift : {1, 2, 4, 8, 16}) mask |= mask >> shift;
    while ((value = static_cast<std::uint32_t>(twister_()) & mask) > most) {
    }
    return value;
  }

  std::mt19937 twister_;
};

// The r random blocks of each row of blocks, number for number those that transformers' BigBirdBlockSparseAttention
// draws in training, its seed being the index of the block in the stack: out of the first 2r + 5 blocks, of which the
// row's own neighbourhood and both ends are left out. A row's blocks do not depend on the sequence's length. (For
// lengths of 1024, 3072 and 4096 transformers uses older rules.) [n, rows, r]; row 0 is unused.
at::Tensor random_blocks(std::int64_t heads, std::int64_t rows, std::int64_t per_row, std::int64_t seed) {
  const std::int64_t end = 2 * per_row + 5;
  std::vector<std::int64_t> table(static_cast<std::size_t>(heads * rows * per_row), 0);
  NumpyRandom random(static_cast<std::uint32_t>(seed));
  for (std::int64_t row = 1; row < rows; ++row)
    for (std::int64_t head = 0; head < heads; ++head) {
      auto slot = table.begin() + (head * rows + row) * per_row;
      std::int64_t chosen = 0;
      for (const std::int64_t block : random.permutation(end)) {
        const bool near = row - 1 <= block && block <= row + 1;
        const bool at_end = block == 0 || block == end - 1;
        const bool beside_end = (row == 1 && block == end - 2) || (row == end - 2 && block == 1);
        if (near || at_end || beside_end || chosen == per_row) continue;
        slot[chosen++] = block;
      }
    }
  return at::tensor(table, at::TensorOptions().dtype(at::kLong)).view({heads, rows, per_row});
}

class BigBird final : public Attention {
 public:
  BigBird(Builder& b, const AttentionPlace& place)
      : block_(b.config.attention_options.at("block")),
        random_(b.config.attention_options.at("random")),
        heads_(b.config.head_count),
        attend_(b),
        query_(projection(b, place.layer, "query")),
        key_(projection(b, place.layer, "key")),
        value_(projection(b, place.layer, "value")),
        output_(b, place.layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {
    if (!is_full(b.config.max_positions))
      table_ =
          b.buffer(random_blocks(heads_, b.config.max_positions / block_, random_, place.block).to(b.options.device));
  }

  at::Tensor forward(const at::Tensor& x, const at::Tensor&, const AttentionContext& context) const override {
    at::Tensor q = attend_.rotate(heads_of(query_(x), heads_), context);
    at::Tensor k = attend_.rotate(heads_of(key_(x), heads_), context);
    at::Tensor v = heads_of(value_(x), heads_);
    at::Tensor merged = is_full(x.size(1)) ? attend_(q, k, v, {}) : sparse(std::move(q), std::move(k), std::move(v));
    merged = Attend::merge(merged);
    return output_(merged);
  }

 private:
  static Linear projection(Builder& b, const std::string& layer, const std::string& role) {
    return {b, layer, role, b.config.d_model, b.config.head_count * b.config.head_dim, b.config.attention_bias};
  }

  bool is_full(std::int64_t seq) const { return seq <= (5 + 2 * random_) * block_; }

  // [B, n, T, d] each.
  at::Tensor sparse(at::Tensor q, at::Tensor k, at::Tensor v) const {
    const auto sizes = q.sizes().vec();
    const std::int64_t seq = sizes[2], sequence_count = sizes[0] * heads_;
    const Band band = make_band(seq, block_, block_, block_);
    q = block_queries(q * attend_.scale, heads_, band);  // [B·n·C, b, d]
    k = chain_keys(k, band);
    v = chain_keys(v, band);
    const at::Tensor queries = q.view({sequence_count, seq, -1}), keys = sequences(k, band),
                     values = sequences(v, band);  // [B·n, T, d]
    const at::Tensor index = random_index(band.count);
    const at::Tensor random_keys = gathered(keys, index), random_values = gathered(values, index);

    const auto first = [&](const at::Tensor& x) { return x.narrow(1, 0, block_); };
    const auto last = [&](const at::Tensor& x) { return x.narrow(1, seq - block_, block_); };
    const auto against = [&](const at::Tensor& block) {  // all queries against one block of keys
      return at::bmm(queries, block.transpose(1, 2)).view({-1, block_, block_});
    };
    at::Tensor p = windows(at::bmm(q, neighbourhoods(k, band)), band);
    p = at::cat({against(first(keys)), p, at::bmm(q, random_keys.transpose(1, 2)), against(last(keys))}, -1);
    p = attend_.normalize(std::move(p));  // [B·n·C, b, (5 + r)·b]
    const auto parts = p.split_with_sizes({block_, 3 * block_, random_ * block_, block_}, -1);
    p = at::Tensor();
    const auto weighted = [&](const at::Tensor& part, const at::Tensor& block) {
      return at::bmm(part.view({sequence_count, seq, block_}), block);
    };
    at::Tensor out = weighted(parts[0], first(values));
    out = out + at::bmm(parts[1], neighbourhoods(v, band).transpose(1, 2)).view(out.sizes());
    out = out + at::bmm(parts[2], random_values).view(out.sizes());
    out = out + weighted(parts[3], last(values));
    // The end blocks' rows of the sparse part are not those wanted: they see all.
    const auto full = [&](const at::Tensor& rows) {
      at::Tensor all = at::bmm(rows, keys.transpose(1, 2));
      all = attend_.normalize(std::move(all));
      return at::bmm(all, values);
    };
    out = at::cat({full(first(queries)), out.narrow(1, block_, seq - 2 * block_), full(last(queries))}, 1);
    return out.view(sizes);
  }

  // The window's keys that are one of the end blocks count once, as end blocks.
  at::Tensor windows(const at::Tensor& scores, const Band& band) const {
    at::Tensor mask = at::zeros({band.count, 1, 3, block_}, scores.options());
    const double hidden = -std::numeric_limits<double>::infinity();
    mask.select(0, 1).select(1, 0).fill_(hidden);
    mask.select(0, band.count - 2).select(1, 2).fill_(hidden);
    return (scores.view({-1, band.count, block_, 3 * block_}) + mask.flatten(2)).view(scores.sizes());
  }

  // Places in [n·C] of the random blocks of all heads: [n·C·r].
  at::Tensor random_index(std::int64_t count) const {
    const at::Tensor starts = at::arange(heads_, table_.options()).view({-1, 1, 1}) * count;
    return (table_.narrow(1, 0, count) + starts).view({-1});
  }

  // [B·n, T, d] -> [B·n·C, r·b, d].
  at::Tensor gathered(const at::Tensor& x, const at::Tensor& index) const {
    const std::int64_t width = x.size(2);
    return x.view({x.size(0) / heads_, -1, block_ * width}).index_select(1, index).view({-1, random_ * block_, width});
  }

  std::int64_t block_, random_, heads_;
  Attend attend_;
  Linear query_, key_, value_, output_;
  at::Tensor table_;
};

}  // namespace

std::unique_ptr<Attention> make_bigbird(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<BigBird>(builder, place);
}

}  // namespace headroom::models
