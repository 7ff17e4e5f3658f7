// Linformer (Wang et al. 2020, arXiv 2006.04768): keys and values of S positions are projected to k rows, E K and F V,
// and attended to as usual.
//
// A projection that all heads share is applied to the input, before W^K and W^V, as fairseq does: k rows of d_m are
// kept where S rows of keys and of values would be. With one projection per head it is applied to the head's keys and
// values: n·k rows of d_m would be more. Biases are added after the projection in both.
#include "models/catalog/mechanisms/low_rank.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/linear.h>

#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

class Linformer final : public Attention {
 public:
  Linformer(Builder& b, const AttentionPlace& place)
      : heads_(b.config.head_count),
        sharing_(LinformerSharing{b.config.attention_options.at("sharing")}),
        attend_(b),
        query_(b, place.layer, "query", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        key_(b, place.layer, "key", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        value_(b, place.layer, "value", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        output_(b, place.layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {
    const std::int64_t rows = b.config.attention_options.at("k"), positions = b.config.max_positions;
    const std::vector<std::int64_t> shape = sharing_ == LinformerSharing::none
                                                ? std::vector<std::int64_t>{heads_, rows, positions}
                                                : std::vector<std::int64_t>{rows, positions};
    if (sharing_ == LinformerSharing::layerwise) {
      key_rows_ = value_rows_ = one_per_stack(b, place, shape);
      return;
    }
    key_rows_ = b.parameter(place.layer, "key_projection", shape, Init::normal);
    value_rows_ = sharing_ == LinformerSharing::key_value
                      ? key_rows_
                      : b.parameter(place.layer, "value_projection", shape, Init::normal);
  }

  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const AttentionContext&) const override {
    const at::Tensor q = attend_.split(query_(x), heads_);
    at::Tensor k, v;
    if (sharing_ == LinformerSharing::none) {
      k = projected_heads(memory, key_, key_rows_);
      v = projected_heads(memory, value_, value_rows_);
    } else {
      const at::Tensor for_keys = projected(memory, key_rows_);
      const at::Tensor for_values = sharing_ == LinformerSharing::headwise ? projected(memory, value_rows_) : for_keys;
      k = attend_.split(key_(for_keys), heads_);
      v = attend_.split(value_(for_values), heads_);
    }
    const at::Tensor merged = Attend::merge(attend_(q, k, v, {}));
    return output_(merged);
  }

 private:
  // Declared where the layers of the stack have their parent, so that no single sublayer owns it.
  static at::Tensor one_per_stack(Builder& b, const AttentionPlace& place, at::IntArrayRef shape) {
    const std::string owner = place.layer.substr(0, place.layer.find(".layer."));
    if (place.block == 0) return b.parameter(owner, "sequence_projection", shape, Init::normal);
    return b.share(place.layer, "sequence_projection", owner + ".sequence_projection");
  }

  // [B, S, d_m] -> [B, k, d_m].
  static at::Tensor projected(const at::Tensor& memory, const at::Tensor& rows) {
    const std::int64_t batch = memory.size(0), seq = memory.size(1);
    return at::bmm(rows.slice(1, 0, seq).expand({batch, rows.size(0), seq}), memory);
  }

  // [B, S, d_m] -> [B, n, k, d].
  at::Tensor projected_heads(const at::Tensor& memory, const Linear& linear, const at::Tensor& rows) const {
    const std::int64_t batch = memory.size(0), seq = memory.size(1);
    at::Tensor heads = at::linear(memory, linear.weight());
    heads = heads.view({batch, seq, heads_, -1}).permute({2, 1, 0, 3}).reshape({heads_, seq, -1});  // [n, S, B·d]
    heads = at::bmm(rows.slice(2, 0, seq), heads).view({heads_, rows.size(1), batch, -1});          // [n, k, B, d]
    if (linear.bias().defined()) heads = heads + linear.bias().view({heads_, 1, 1, -1});
    return heads.permute({2, 0, 1, 3}).contiguous();
  }

  std::int64_t heads_;
  LinformerSharing sharing_;
  Attend attend_;
  Linear query_, key_, value_, output_;
  at::Tensor key_rows_, value_rows_;  // E and F: [k, T_max], or [n, k, T_max]
};

}  // namespace

std::unique_ptr<Attention> make_linformer(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Linformer>(builder, place);
}

}  // namespace headroom::models
