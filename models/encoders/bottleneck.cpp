// MobileBERT's blocks (Sun et al. 2020, arXiv 2004.02984, section 3.1), in the order of transformers' MobileBertLayer:
// the input is projected into the bottleneck's width, for the residual and again for queries and keys; attention and
// the feed-forward networks work in that width; the last projection leads back, and the input is added.
#include <ATen/TensorOperators.h>

#include <utility>

#include "models/attention/attend.h"
#include "models/attention/positions.h"
#include "models/checkpoint.h"
#include "models/encoders/encoder.h"
#include "models/layers.h"
#include "models/scope.h"

namespace headroom::models {
namespace {

// A layer of its own: a projection and its norm, which may add a residual first.
class Projection {
 public:
  Projection(Builder& builder, const std::string& path, const std::string& parent, const std::string& kind,
             std::int64_t in, std::int64_t out, double dropout_rate)
      : path_(builder.layer(path, parent, kind)),
        dense_(builder, path, "dense", in, out, true),
        norm_(builder, builder.layer(path + "_norm", parent, "norm"), out),
        dropout_(dropout_rate) {}

  at::Tensor operator()(const at::Tensor& x, const at::Tensor& residual = {}) const {
    at::Tensor y = dense(x);
    const Scope scope(norm_.path());
    y = dropout(y, dropout_);
    return norm_(residual.defined() ? y + residual : y);
  }

 private:
  at::Tensor dense(const at::Tensor& x) const {
    const Scope scope(path_);
    return dense_(x);
  }

  std::string path_;
  Linear dense_;
  Norm norm_;
  double dropout_;
};

class BottleneckAttention {
 public:
  BottleneckAttention(Builder& builder, const std::string& path, const std::string& parent)
      : path_(builder.layer(path, parent, "attention")),
        heads_(builder.config.head_count),
        attend_(builder),
        query_(projection(builder, "query", builder.config.bottleneck.width)),
        key_(projection(builder, "key", builder.config.bottleneck.width)),
        value_(projection(
            builder, "value",
            builder.config.bottleneck.values_from_input ? builder.config.d_model : builder.config.bottleneck.width)),
        output_(builder, path, "output", heads_ * builder.config.head_dim, builder.config.bottleneck.width,
                builder.config.attention_bias),
        norm_(builder, builder.layer(path + "_norm", parent, "norm"), builder.config.bottleneck.width) {}

  // Queries and keys of `x`, values of `values`, each [B, T, width of its own].
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& values, const at::Tensor& residual,
                        const AttentionContext& context) const {
    const at::Tensor y = attended(x, values, context);
    const Scope scope(norm_.path());
    return norm_(y + residual);
  }

 private:
  Linear projection(Builder& builder, const std::string& role, std::int64_t in) const {
    return {builder, path_, role, in, heads_ * builder.config.head_dim, builder.config.attention_bias};
  }

  at::Tensor attended(const at::Tensor& x, const at::Tensor& values, const AttentionContext& context) const {
    const Scope scope(path_);
    at::Tensor q = attend_.split(query_(x), heads_);
    at::Tensor k = attend_.split(key_(x), heads_);
    const at::Tensor v = attend_.split(value_(values), heads_);
    q = Attend::rotate(q, context);
    k = Attend::rotate(k, context);
    const at::Tensor merged = Attend::merge(attend_(q, k, v, context));
    return output_(merged);
  }

  std::string path_;
  std::int64_t heads_;
  Attend attend_;
  Linear query_, key_, value_, output_;
  Norm norm_;
};

class InnerFeedForward {
 public:
  InnerFeedForward(Builder& builder, const std::string& path, const std::string& parent)
      : path_(builder.layer(path, parent, "ffn")),
        activation_(builder.config.activation),
        up_(builder, path, "up", builder.config.bottleneck.width, builder.config.d_ff, true),
        down_(builder, path, "down", builder.config.d_ff, builder.config.bottleneck.width, true),
        norm_(builder, builder.layer(path + "_norm", parent, "norm"), builder.config.bottleneck.width) {}

  at::Tensor operator()(const at::Tensor& x) const {
    const at::Tensor y = fed(x);
    const Scope scope(norm_.path());
    return norm_(y + x);
  }

 private:
  at::Tensor fed(const at::Tensor& x) const {
    const Scope scope(path_);
    at::Tensor hidden = up_(x);
    hidden = activate(hidden, activation_);
    return down_(hidden);
  }

  std::string path_;
  Activation activation_;
  Linear up_, down_;
  Norm norm_;
};

class BottleneckBlock {
 public:
  BottleneckBlock(Builder& builder, const std::string& path)
      : path_(path),
        input_(builder, path + ".input", path, "ffn", builder.config.d_model, builder.config.bottleneck.width, 0) {
    const ModelConfig& config = builder.config;
    if (config.bottleneck.values_from_input)
      shared_.emplace_back(builder, path + ".key_query", path, "ffn", config.d_model, config.bottleneck.width, 0);
    attention_ = std::make_unique<BottleneckAttention>(builder, path + ".attention", path);
    for (std::int64_t i = 0; i < config.bottleneck.ffn_count; ++i)
      ffn_.emplace_back(builder, path + ".ffn." + std::to_string(i), path);
    output_ = std::make_unique<Projection>(builder, path + ".output", path, "ffn", config.bottleneck.width,
                                           config.d_model, builder.dropout(config.residual_dropout));
  }

  at::Tensor operator()(const at::Tensor& x, const AttentionContext& context) const {
    const Scope scope(path_);
    at::Tensor y = mixed(x, context);
    for (const InnerFeedForward& ffn : ffn_) y = ffn(y);
    return (*output_)(y, x);
  }

 private:
  at::Tensor mixed(const at::Tensor& x, const AttentionContext& context) const {
    const at::Tensor inside = input_(x);
    if (shared_.empty()) return (*attention_)(inside, inside, inside, context);
    return (*attention_)(shared_[0](x), x, inside, context);
  }

  std::string path_;
  Projection input_;
  std::vector<Projection> shared_;  // of queries and keys
  std::unique_ptr<BottleneckAttention> attention_;
  std::vector<InnerFeedForward> ffn_;
  std::unique_ptr<Projection> output_;
};

class BottleneckEncoder final : public Encoder {
 public:
  explicit BottleneckEncoder(Builder& builder)
      : path_(builder.layer("encoder", "model", "stack")),
        checkpoint_(builder.options.checkpoint_blocks),
        on_recompute_(builder.options.on_recompute),
        positions_(builder, "encoder.layer.0.attention", false) {
    for (std::int64_t i = 0; i < builder.config.encoder_layer_count; ++i)
      blocks_.emplace_back(builder, builder.layer("encoder.layer." + std::to_string(i), path_, "block"));
  }

  Encoded operator()(at::Tensor x) const override {
    const Scope scope(path_);
    AttentionContext context;
    positions_.prepare(context, x);
    for (const BottleneckBlock& block : blocks_) {
      if (checkpoint_)
        x = checkpoint([&block, x, context] { return block(x, context); }, x.device(), on_recompute_);
      else
        x = block(x, context);
    }
    return {std::move(x), {}, {}};
  }

 private:
  std::string path_;
  bool checkpoint_;
  RecomputeObserver on_recompute_;
  AttentionPositions positions_;
  std::vector<BottleneckBlock> blocks_;
};

}  // namespace

std::unique_ptr<Encoder> make_bottleneck_encoder(Builder& builder) {
  return std::make_unique<BottleneckEncoder>(builder);
}

}  // namespace headroom::models
