// Reformer's local attention (Kitaev et al. 2020, arXiv 2001.04451), as transformers' LocalSelfAttention computes it:
// each chunk of the sequence attends to itself and to the chunk before it, the first one to the last, which a decoder's
// mask hides. Sequences of one chunk are attended to in full.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>

#include <algorithm>

#include "models/attention/attend.h"
#include "models/attention/chunks.h"
#include "models/attention/mechanisms.h"
#include "models/attention/rotary.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

class Local final : public Attention {
 public:
  Local(Builder& b, const std::string& layer)
      : heads_(b.config.head_count),
        width_(b.config.head_dim),
        chunk_(b.config.attention_options.at("chunk")),
        attend_(b),
        query_(b, layer, "query", b.config.d_model, heads_ * width_, b.config.attention_bias),
        key_(b, layer, "key", b.config.d_model, heads_ * width_, b.config.attention_bias),
        value_(b, layer, "value", b.config.d_model, heads_ * width_, b.config.attention_bias),
        output_(b, layer, "output", heads_ * width_, b.config.d_model, b.config.attention_bias) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor&, const AttentionContext& context) const override {
    const at::Tensor merged = mix(x, context);
    return output_(merged);
  }

 private:
  at::Tensor mix(const at::Tensor& x, const AttentionContext& context) const {
    const std::int64_t batch = x.size(0), seq = x.size(1), sequences = batch * heads_;
    const std::int64_t chunk = std::min(seq, chunk_), count = seq / chunk;
    const at::Tensor q = cut(turned(query_(x), context), chunk).reshape({-1, chunk, width_});
    at::Tensor k = cut(turned(key_(x), context) * attend_.scale, chunk);
    k = chain(k);
    const at::Tensor v = chain(cut(value_(x), chunk));
    at::Tensor p = chunk_scores(q, k, sequences);  // [C·B·n, c, 2c]
    k = at::Tensor();
    if (context.causal) hide(p, chunk, count);
    p = attend_.normalize(std::move(p));
    p = chunk_heads(p, v, sequences);
    return p.view({count, batch, heads_, chunk, width_}).permute({1, 0, 3, 2, 4}).reshape({batch, seq, -1});
  }

  at::Tensor turned(const at::Tensor& projected, const AttentionContext& context) const {
    if (!context.cos.defined()) return projected;
    const at::Tensor heads = projected.view({projected.size(0), projected.size(1), heads_, width_});
    return rotate(heads, context.cos.unsqueeze(1), context.sin.unsqueeze(1), context.rotary_interleaved)
        .view(projected.sizes());
  }

  // [B, T, n·d] -> [C, B, n, c, d], a view.
  at::Tensor cut(const at::Tensor& projected, std::int64_t chunk) const {
    return projected.view({projected.size(0), -1, chunk, heads_, width_}).permute({1, 0, 3, 2, 4});
  }

  // [C, B, n, c, d] -> [(C + 1)·B·n, c, d]: the last chunk, then all of them. One chunk stands alone.
  static at::Tensor chain(const at::Tensor& chunks) {
    const std::int64_t count = chunks.size(0), length = chunks.size(3), width = chunks.size(4);
    if (count == 1) return chunks.reshape({-1, length, width});
    return at::cat({chunks.narrow(0, count - 1, 1), chunks}).reshape({-1, length, width});
  }

  // Adds to scores, in place, the number that transformers puts where a decoder's query does not see. Autograd is not
  // told: the gradient is that of the scores, and of a write to a view it would make a copy.
  static void hide(const at::Tensor& scores, std::int64_t chunk, std::int64_t count) {
    const auto integers = scores.options().dtype(at::kLong).requires_grad(false);
    const at::Tensor own = at::arange(count * chunk, integers).view({count, 1, chunk, 1});
    at::Tensor seen = own.view({count, 1, 1, chunk});
    if (count > 1) seen = at::cat({at::cat({seen.narrow(0, count - 1, 1), seen.narrow(0, 0, count - 1)}), seen}, 3);
    const double hidden = scores.scalar_type() == at::kHalf ? -1e4 : -1e9;
    scores.detach().view({count, -1, chunk, seen.size(3)}).add_(own < seen, hidden);
  }

  std::int64_t heads_, width_, chunk_;
  Attend attend_;
  Linear query_, key_, value_, output_;
};

}  // namespace

std::unique_ptr<Attention> make_local(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Local>(builder, place.layer);
}

}  // namespace headroom::models
