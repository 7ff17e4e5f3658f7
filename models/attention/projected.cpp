// The mechanisms whose heads are plain projections of the input.
#include <ATen/core/Tensor.h>

#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

class Grouped final : public Attention {
 public:
  Grouped(Builder& b, const std::string& layer)
      : heads_(b.config.head_count),
        groups_(b.config.kv_head_count),
        attend_(b),
        query_(b, layer, "query", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        key_(b, layer, "key", b.config.d_model, groups_ * b.config.head_dim, b.config.attention_bias),
        value_(b, layer, "value", b.config.d_model, groups_ * b.config.head_dim, b.config.attention_bias),
        output_(b, layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const override {
    at::Tensor q = attend_.split(query_(x), heads_);
    at::Tensor k = attend_.split(key_(memory), groups_);
    at::Tensor v = attend_.split(value_(memory), groups_);
    q = attend_.rotate(q, context);
    k = attend_.rotate(k, context);
    const at::Tensor merged = Attend::merge(attend_(q, k, v, context));
    return output_(merged);
  }

 private:
  std::int64_t heads_, groups_;
  Attend attend_;
  Linear query_, key_, value_, output_;
};

class Single final : public Attention {
 public:
  Single(Builder& b, const std::string& layer, bool tiled)
      : tiles_(tiled ? b.config.head_count : 1),
        attend_(b),
        query_(b, layer, "query", b.config.d_model, b.config.head_dim, b.config.attention_bias),
        key_(b, layer, "key", b.config.d_model, b.config.head_dim, b.config.attention_bias),
        value_(b, layer, "value", b.config.d_model, b.config.head_dim, b.config.attention_bias),
        output_(b, layer, "output", tiles_ * b.config.head_dim, b.config.d_model, b.config.attention_bias),
        tiled_(tiled) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const override {
    at::Tensor q = attend_.split(query_(x), 1);
    at::Tensor k = attend_.split(key_(memory), 1);
    const at::Tensor v = attend_.split(value_(memory), 1);
    q = attend_.rotate(q, context);
    k = attend_.rotate(k, context);
    at::Tensor head = Attend::merge(attend_(q, k, v, context));
    if (tiled_) head = head.repeat({1, 1, tiles_});
    return output_(head);
  }

 private:
  std::int64_t tiles_;
  Attend attend_;
  Linear query_, key_, value_, output_;
  bool tiled_;
};

class SharedKeyValue final : public Attention {
 public:
  SharedKeyValue(Builder& b, const std::string& layer)
      : heads_(b.config.head_count),
        attend_(b),
        query_(b, layer, "query", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        key_value_(b, layer, "key_value", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        output_(b, layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const override {
    at::Tensor q = attend_.split(query_(x), heads_);
    const at::Tensor v = attend_.split(key_value_(memory), heads_);
    q = attend_.rotate(q, context);
    const at::Tensor k = attend_.rotate(v, context);
    const at::Tensor merged = Attend::merge(attend_(q, k, v, context));
    return output_(merged);
  }

 private:
  std::int64_t heads_;
  Attend attend_;
  Linear query_, key_value_, output_;
};

}  // namespace

std::unique_ptr<Attention> make_grouped(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Grouped>(builder, place.layer);
}
std::unique_ptr<Attention> make_single(Builder& builder, const AttentionPlace& place, bool tiled) {
  return std::make_unique<Single>(builder, place.layer, tiled);
}
std::unique_ptr<Attention> make_shared_key_value(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<SharedKeyValue>(builder, place.layer);
}

}  // namespace headroom::models
