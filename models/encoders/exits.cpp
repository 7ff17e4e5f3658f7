// Early exits (EdgeBERT: Tambe et al. 2020, arXiv 2011.14203, section 3.1; DeeBERT: Xin et al. 2020, arXiv 2004.12993):
// after every block but the last a classifier of its own, pooler and all, looks at the first token. Blocks that share
// their parameters share their exit's, as in the authors' code. Where the sequences leave depends on their entropies,
// which are data: here it is given, as exit_layer, and the last exit's logits are the model's.
#include <ATen/TensorOperators.h>
#include <ATen/ops/tanh.h>

#include <utility>

#include "models/attention/positions.h"
#include "models/blocks.h"
#include "models/checkpoint.h"
#include "models/encoders/encoder.h"
#include "models/layers.h"
#include "models/scope.h"

namespace headroom::models {
namespace {

class Exit {
 public:
  Exit(Builder& builder, const std::string& path)
      : path_(path),
        dropout_(builder.dropout(builder.config.residual_dropout)),
        pooler_(builder, path, "pooler", builder.config.d_model, builder.config.d_model, true),
        classifier_(builder, path, "classifier", builder.config.d_model, builder.config.label_count, true) {}

  at::Tensor operator()(const at::Tensor& x) const {
    const Scope scope(path_);
    const at::Tensor pooled = at::tanh(pooler_(x.select(1, 0)));
    return classifier_(dropout(pooled, dropout_));
  }

 private:
  std::string path_;
  double dropout_;
  Linear pooler_, classifier_;
};

class ExitEncoder final : public Encoder {
 public:
  explicit ExitEncoder(Builder& builder)
      : path_(builder.layer("encoder", "model", "stack")),
        checkpoint_(builder.options.checkpoint_blocks),
        on_recompute_(builder.options.on_recompute),
        last_(builder.config.exit_layer > 0 ? builder.config.exit_layer : builder.config.encoder_layer_count),
        positions_(builder, "encoder.layer.0.attention", false) {
    const std::int64_t count = builder.config.encoder_layer_count;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto declare = [&](const std::string& role, const std::string& kind, const auto& make) {
        const std::string path = builder.layer("encoder." + role + "." + std::to_string(i), path_, kind);
        const SharedParameters shared(builder, path,
                                      builder.config.shared_layers && i > 0 ? "encoder." + role + ".0" : "");
        make(path);
      };
      declare("layer", "block", [&](const std::string& path) { blocks_.emplace_back(builder, path, i, false, false); });
      if (i + 1 < count) declare("exit", "head", [&](const std::string& path) { exits_.emplace_back(builder, path); });
    }
  }

  Encoded operator()(at::Tensor x) const override {
    const Scope scope(path_);
    Encoded result;
    AttentionContext context;
    positions_.prepare(context, x);
    for (std::int64_t i = 0; i < last_; ++i) {
      const Block& block = blocks_[static_cast<std::size_t>(i)];
      if (checkpoint_)
        x = checkpoint([&block, x, context] { return block.forward(x, {}, context); }, x.device(), on_recompute_);
      else
        x = block.forward(std::move(x), {}, context);
      if (static_cast<std::size_t>(i) < exits_.size()) result.logits.push_back(exits_[static_cast<std::size_t>(i)](x));
    }
    result.tokens = std::move(x);
    return result;
  }

 private:
  std::string path_;
  bool checkpoint_;
  RecomputeObserver on_recompute_;
  std::int64_t last_;
  AttentionPositions positions_;
  std::vector<Block> blocks_;
  std::vector<Exit> exits_;
};

}  // namespace

std::unique_ptr<Encoder> make_exit_encoder(Builder& builder) { return std::make_unique<ExitEncoder>(builder); }

}  // namespace headroom::models
