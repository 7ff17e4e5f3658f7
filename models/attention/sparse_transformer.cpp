// The Sparse Transformer's patterns (Child et al. 2019, arXiv 1904.10509, section 4.3), each as one head over the union
// of its parts: one softmax over all keys in reach.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/full.h>

#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/attention/window.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

// Projections and masks; a pattern arranges the keys. l is the stride, shorter sequences are one block of their length.
class SparseTransformer : public Attention {
 public:
  SparseTransformer(Builder& b, const std::string& layer)
      : stride_(b.config.attention_options.at("stride")),
        heads_(b.config.head_count),
        width_(b.config.head_dim),
        attend_(b),
        query_(b, layer, "query", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        key_(b, layer, "key", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        value_(b, layer, "value", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        output_(b, layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor&, const AttentionContext& context) const override {
    const Band band = make_band(x.size(1), stride_ - 1, 0, stride_);
    at::Tensor q = attend_.rotate(heads_of(query_(x), heads_), context) * attend_.scale;
    q = arrange(q, band);
    at::Tensor k = attend_.rotate(heads_of(key_(x), heads_), context);
    k = arrange_keys(k, band);
    const at::Tensor v = arrange_keys(heads_of(value_(x), heads_), band);
    at::Tensor merged = mix(q, k, v, x.size(0), band);
    merged = without_padding(merged, band);
    return output_(merged);
  }

  // All tokens: later ones see some of every block.
  CacheShape cache_shape() const override { return {{{heads_, width_}, {heads_, width_}}}; }

  at::Tensor decode(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                    const AttentionContext& context) const override {
    const at::Tensor merged = decoded(x, memory, cache, context);
    return output_(merged);
  }

 protected:
  // Which of the keys 0 … position the token there does not see: [position + 1].
  virtual at::Tensor hidden(const at::Tensor& keys, std::int64_t position) const = 0;

  // [B, n, T, d] -> blocks of l.
  virtual at::Tensor arrange(const at::Tensor& heads, const Band& band) const = 0;
  virtual at::Tensor arrange_keys(const at::Tensor& heads, const Band& band) const { return arrange(heads, band); }
  // -> [B, T', n·d].
  virtual at::Tensor mix(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, std::int64_t batch,
                         const Band& band) const = 0;

  // Row a of blocks sees what row a' holds where a' < a: [C, (C - 1)·repeats].
  static at::Tensor not_before(const Band& band, std::int64_t repeats, at::Device device) {
    const at::Tensor rows = at::arange(band.count, at::TensorOptions(device).dtype(at::kLong));
    return rows.narrow(0, 0, band.count - 1).repeat_interleave(repeats) >= rows.unsqueeze(1);
  }

  std::int64_t stride_, heads_, width_;
  Attend attend_;
  Linear query_, key_, value_, output_;

 private:
  at::Tensor decoded(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                     const AttentionContext& context) const {
    at::Tensor q = attend_.rotate(heads_of(query_(x), heads_), context) * attend_.scale;
    const auto rows = cache.append(
        {attend_.rotate(attend_.split(key_(memory), heads_), context), attend_.split(value_(memory), heads_)});
    if (x.size(1) > 1) {
      const Band band = make_band(x.size(1), stride_ - 1, 0, stride_);
      q = arrange(q, band);
      const at::Tensor k = arrange_keys(rows[0].part(0), band), v = arrange_keys(rows[1].part(0), band);
      return without_padding(mix(q, k, v, x.size(0), band), band);
    }
    at::Tensor p = scores_of(q.contiguous(), rows[0]);  // [B, n, 1, S]
    const at::Tensor keys = at::arange(p.size(3), at::TensorOptions(p.device()).dtype(at::kLong));
    p = attend_.normalize(p.add_(additive_mask(hidden(keys, p.size(3) - 1), p.options())));
    return Attend::merge(sums_of(p, rows[1]));
  }
};

// Token i is column i mod l of row i div l. It sees the l tokens up to itself (of its own row and the row before), and
// of its column all rows before its own. In the order [C, B·n, l, d] both rows and columns are strided batches of
// matrices, so nothing is copied for the second part.
class Strided final : public SparseTransformer {
 public:
  using SparseTransformer::SparseTransformer;

 private:
  at::Tensor hidden(const at::Tensor& keys, std::int64_t position) const override {
    const at::Tensor distance = position - keys;
    return (distance >= stride_).logical_and_(distance.remainder(stride_) != 0);
  }

  at::Tensor arrange(const at::Tensor& heads, const Band& band) const override {
    const std::int64_t width = heads.size(3);
    return pad_sequences(heads, band)
        .view({heads.size(0), heads_, band.count, band.block, width})
        .permute({2, 0, 1, 3, 4})
        .reshape({band.count, -1, band.block, width})
        .contiguous();
  }

  // A row of zeros comes before the first one: [before + C, B·n, l, d].
  at::Tensor arrange_keys(const at::Tensor& heads, const Band& band) const override {
    const at::Tensor rows = arrange(heads, band);
    return band.before == 0 ? rows : at::constant_pad_nd(rows, {0, 0, 0, 0, 0, 0, band.before, 0});
  }

  at::Tensor mix(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, std::int64_t batch,
                 const Band& band) const override {
    const std::int64_t rows = band.count, width = q.size(3), columns = batch * heads_ * band.block;
    const auto blocks = [&](const at::Tensor& x, std::int64_t from) {  // [C·B·n, l, d]
      return x.narrow(0, from, rows).view({-1, band.block, width});
    };
    const auto by_column = [&](const at::Tensor& x, std::int64_t from, std::int64_t count) {  // [B·n·l, count, d]
      return x.narrow(0, from, count).view({count, columns, width}).transpose(0, 1);
    };
    std::vector<at::Tensor> scores;  // [C, B·n·l, ·]
    for (std::int64_t from = 0; from <= band.before; ++from)
      scores.push_back(at::bmm(blocks(q, 0), blocks(k, from).transpose(1, 2)).view({rows, columns, band.block}));
    if (rows > 1)
      scores.push_back(
          at::bmm(by_column(q, 0, rows), by_column(k, band.before, rows - 1).transpose(1, 2)).transpose(0, 1));
    at::Tensor p = at::cat(scores, -1);
    scores.clear();
    p = masked(p, band);
    p = attend_.normalize(std::move(p));
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(band.before + 1), band.block);
    if (rows > 1) sizes.push_back(rows - 1);
    const auto parts = p.split_with_sizes(sizes, -1);
    p = at::Tensor();
    at::Tensor out;
    for (std::int64_t from = 0; from <= band.before; ++from) {
      const at::Tensor part = parts[static_cast<std::size_t>(from)].view({-1, band.block, band.block});
      const at::Tensor heads = at::bmm(part, blocks(v, from)).view({rows, columns, width});
      out = out.defined() ? out + heads : heads;
    }
    if (rows > 1)
      out = out + at::bmm(parts.back().transpose(0, 1), by_column(v, band.before, rows - 1)).transpose(0, 1);
    return out.view({rows, batch, heads_, band.block, width})
        .permute({1, 0, 3, 2, 4})  // [B, C, l, n, d]
        .reshape({batch, band.padded(), -1});
  }

  at::Tensor masked(const at::Tensor& scores, const Band& band) const {
    const at::Device device = scores.device();
    at::Tensor reach = out_of_reach(band, stride_ - 1, 0, device);               // [l, keys]
    at::Tensor range = out_of_range(band, 0, band.padded(), device).squeeze(1);  // [C, keys]
    if (band.count > 1) {
      reach = at::constant_pad_nd(reach, {0, band.count - 1});
      range = at::cat({range, not_before(band, 1, device)}, 1);
    }
    const std::int64_t keys = scores.size(2);
    at::Tensor split = scores.view({band.count, -1, band.block, keys}) + additive_mask(reach, scores.options());
    split.add_(additive_mask(range, scores.options()).view({-1, 1, 1, keys}));
    return split.view(scores.sizes());
  }
};

// Token i sees the tokens of its own block of l up to itself, and the last c of each block before.
class Fixed final : public SparseTransformer {
 public:
  Fixed(Builder& b, const std::string& layer)
      : SparseTransformer(b, layer), expressivity_(b.config.attention_options.at("expressivity")) {}

 private:
  at::Tensor hidden(const at::Tensor& keys, std::int64_t position) const override {
    return (keys < position / stride_ * stride_).logical_and_(keys.remainder(stride_) < stride_ - expressivity_);
  }

  // [B·n·C, l, d].
  at::Tensor arrange(const at::Tensor& heads, const Band& band) const override {
    return block_queries(heads, heads_, band);
  }

  at::Tensor mix(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, std::int64_t batch,
                 const Band& band) const override {
    const std::int64_t width = q.size(2), sequence_count = batch * heads_;
    const std::int64_t summaries = (band.count - 1) * expressivity_;
    const auto summary = [&](const at::Tensor& x) {  // [B·n, (C - 1)·c, d]
      return x.view({sequence_count, band.count, band.block, width})
          .narrow(1, 0, band.count - 1)
          .narrow(2, band.block - expressivity_, expressivity_)
          .reshape({sequence_count, summaries, width});
    };
    at::Tensor p = at::bmm(q, k.transpose(1, 2));
    if (band.count > 1) {
      const at::Tensor before = at::bmm(q.view({sequence_count, band.padded(), width}), summary(k).transpose(1, 2));
      p = at::cat({p, before.view({-1, band.block, summaries})}, -1);
    }
    p = masked(p, band);
    p = attend_.normalize(std::move(p));
    at::Tensor out;
    if (band.count > 1) {
      const auto parts = p.split_with_sizes({band.block, summaries}, -1);
      out = at::bmm(parts[0], v);
      const at::Tensor weights = parts[1].view({sequence_count, band.padded(), summaries});
      out = out + at::bmm(weights, summary(v)).view(out.sizes());
    } else {
      out = at::bmm(p, v);
    }
    return merge_blocks(out, batch, heads_, band);
  }

  at::Tensor masked(const at::Tensor& scores, const Band& band) const {
    const auto device = at::TensorOptions(scores.device());
    const std::int64_t keys = scores.size(2);
    const at::Tensor later = at::full({band.block, band.block}, true, device.dtype(at::kBool)).triu_(1);
    at::Tensor split = scores.view({-1, band.count, band.block, keys}) +
                       additive_mask(at::constant_pad_nd(later, {0, keys - band.block}), scores.options());
    if (band.count > 1) {
      const at::Tensor rows = at::constant_pad_nd(not_before(band, expressivity_, scores.device()), {band.block, 0});
      split.add_(additive_mask(rows, scores.options()).unsqueeze(1));
    }
    return split.view(scores.sizes());
  }

  std::int64_t expressivity_;
};

}  // namespace

std::unique_ptr<Attention> make_sparse_local(Builder& builder, const AttentionPlace& place) {
  const std::int64_t stride = builder.config.attention_options.at("stride");
  return make_window(builder, place, stride, kUsualBlock);
}
std::unique_ptr<Attention> make_sparse_strided(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Strided>(builder, place.layer);
}
std::unique_ptr<Attention> make_sparse_fixed(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Fixed>(builder, place.layer);
}

}  // namespace headroom::models
