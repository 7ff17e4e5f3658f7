// Local attention of CANINE (Clark et al. 2021, arXiv 2103.06874, section 3.2), as transformers' CanineAttention
// computes it between equal chunks of queries and keys. The chunks are further sequences of one batch, so that no
// projection runs chunk by chunk; the last tokens, fewer than a chunk, are a batch of their own.
#include <ATen/ops/cat.h>

#include <algorithm>

#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

class Chunked final : public Attention {
 public:
  Chunked(Builder& b, const std::string& layer)
      : chunk_(b.config.attention_options.at("chunk")),
        heads_(b.config.head_count),
        attend_(b),
        query_(projection(b, layer, "query")),
        key_(projection(b, layer, "key")),
        value_(projection(b, layer, "value")),
        output_(b, layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {
    attend_.backend = AttentionBackend::eager;
  }

  at::Tensor forward(const at::Tensor& x, const at::Tensor&, const AttentionContext& context) const override {
    const at::Tensor merged = mix(x, context);
    return output_(merged);
  }

 private:
  static Linear projection(Builder& b, const std::string& layer, const std::string& role) {
    return {b, layer, role, b.config.d_model, b.config.head_count * b.config.head_dim, b.config.attention_bias};
  }

  at::Tensor mix(const at::Tensor& x, const AttentionContext& context) const {
    const std::int64_t seq = x.size(1), chunk = std::min(chunk_, seq), whole = seq - seq % chunk;
    const at::Tensor q = query_(x), k = key_(x), v = value_(x);
    const auto part = [&](std::int64_t first, std::int64_t length, std::int64_t of_chunk) {
      const auto heads = [&](const at::Tensor& projected) {
        return attend_.split(projected.narrow(1, first, length).reshape({-1, of_chunk, projected.size(2)}), heads_);
      };
      const AttentionContext turned = first_tokens(context, of_chunk);
      const at::Tensor out =
          attend_(Attend::rotate(heads(q), turned), Attend::rotate(heads(k), turned), heads(v), turned);
      return Attend::merge(out).view({x.size(0), length, -1});
    };
    if (whole == seq) return part(0, seq, chunk);
    return at::cat({part(0, whole, chunk), part(whole, seq - whole, seq - whole)}, 1);
  }

  // Rotations act by distance, so that each chunk may count from its own start.
  static AttentionContext first_tokens(AttentionContext context, std::int64_t count) {
    if (!context.cos.defined()) return context;
    context.cos = context.cos.narrow(0, 0, count);
    context.sin = context.sin.narrow(0, 0, count);
    return context;
  }

  std::int64_t chunk_, heads_;
  Attend attend_;
  Linear query_, key_, value_, output_;
};

}  // namespace

std::unique_ptr<Attention> make_chunked(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Chunked>(builder, place.layer);
}

}  // namespace headroom::models
