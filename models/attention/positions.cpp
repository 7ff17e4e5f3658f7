#include "models/attention/positions.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/exp2.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/where.h>

#include <bit>
#include <cmath>
#include <limits>

#include "models/attention/relative.h"
#include "models/attention/rotary.h"
#include "models/catalog/attention.h"

namespace headroom::models {
namespace {

// j − i, of queries from `first` on.
at::Tensor relative_positions(std::int64_t seq, at::TensorOptions options, std::int64_t first = 0) {
  const at::Tensor positions = at::arange(first + seq, options);
  return positions.unsqueeze(0) - positions.slice(0, first).unsqueeze(1);
}

}  // namespace

AttentionPositions::AttentionPositions(Builder& builder, const std::string& first_layer, bool causal)
    : kind_(builder.config.positions),
      causal_(causal),
      backend_(uses_back_end(builder.config) ? builder.options.backend : AttentionBackend::eager),
      max_distance_(builder.config.position_max_distance),
      table_factor_(builder.config.rope_scaling.table_factor) {
  const ModelConfig& config = builder.config;
  const at::Device device = builder.options.device;
  if (is_rotary(kind_))
    inverse_frequencies_ = builder.buffer(scaled_frequencies(
        inverse_frequencies(rotary_width(config), config.rope_theta, device), config.rope_scaling, config.rope_theta));
  if (kind_ == Positions::alibi) slopes_ = builder.buffer(alibi_slopes(score_head_count(config), device));
  if (kind_ == Positions::t5)
    table_ = builder.parameter(first_layer, "position_bias.weight",
                               {config.position_bucket_count, score_head_count(config)}, Init::normal);
}

at::Tensor AttentionPositions::bias(const at::Tensor& x, std::int64_t first) const {
  const std::int64_t seq = x.size(1);
  if (kind_ == Positions::alibi)
    return alibi_bias(slopes_, first + seq, causal_, x.scalar_type()).slice(1, first);  // rows are alike where causal
  const at::Tensor buckets = relative_buckets(seq, causal_, table_.size(0), max_distance_, x.device(), first);
  return at::embedding(table_, buckets).permute({2, 0, 1});
}

void AttentionPositions::prepare(AttentionContext& context, const at::Tensor& x, std::int64_t first) const {
  if (is_rotary(kind_)) {
    context.rotary_interleaved = kind_ == Positions::rope_interleaved;
    const RotaryTables tables = rotary_tables(inverse_frequencies_, x.size(1), x.scalar_type(),
                                              context.rotary_interleaved, table_factor_, first);
    context.cos = tables.cos;
    context.sin = tables.sin;
  }
  if (kind_ == Positions::transformer_xl) context.distances = distance_sinusoids(x.size(1), x.size(2), x.options());
  if (!has_position_bias(kind_)) return;
  context.bias = bias(x, first);
  if (backend_ != AttentionBackend::eager)
    context.bias = score_mask(context.bias, causal_ && x.size(1) > 1, backend_ == AttentionBackend::efficient);
}

at::Tensor alibi_slopes(std::int64_t head_count, at::Device device) {
  const auto heads = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(head_count)));
  const auto options = at::TensorOptions(device).dtype(at::kFloat);
  const at::Tensor slopes = at::exp2(at::arange(1, heads + 1, options) * (-8.0 / static_cast<double>(heads)));
  if (heads == head_count) return slopes;
  const at::Tensor odd = at::arange(1, 2 * (head_count - heads), 2, options);
  return at::cat({slopes, at::exp2(odd * (-4.0 / static_cast<double>(heads)))});
}

at::Tensor alibi_bias(const at::Tensor& slopes, std::int64_t seq, bool causal, at::ScalarType dtype) {
  const at::Tensor columns = slopes.view({-1, 1, 1});
  if (causal) return (columns * at::arange(seq, slopes.options())).to(dtype).expand({-1, seq, seq});
  at::Tensor bias = at::empty({slopes.size(0), seq, seq}, slopes.options().dtype(dtype));
  return at::mul_out(bias, columns, relative_positions(seq, slopes.options()).abs_().neg_());  // no fp32 copy of it
}

at::Tensor relative_buckets(std::int64_t seq, bool causal, std::int64_t bucket_count, std::int64_t max_distance,
                            at::Device device, std::int64_t first) {
  const at::Tensor relative = relative_positions(seq, at::TensorOptions(device).dtype(at::kLong), first);
  const std::int64_t count = causal ? bucket_count : bucket_count / 2, exact = count / 2;
  const at::Tensor distance = causal ? relative.neg().clamp_min_(0) : relative.abs();
  // In fp32, and in this order, so that distances at the border of two buckets fall where T5's do.
  at::Tensor wide = (distance.clamp_min(exact).to(at::kFloat) / static_cast<double>(exact)).log_();
  wide.div_(std::log(static_cast<double>(max_distance) / static_cast<double>(exact)));
  wide.mul_(static_cast<double>(count - exact));
  at::Tensor buckets = wide.to(at::kLong).add_(exact).clamp_max_(count - 1);
  buckets = at::where(distance < exact, distance, buckets);
  return causal ? buckets : buckets.add_((relative > 0).to(at::kLong).mul_(count));
}

at::Tensor score_mask(const at::Tensor& bias, bool causal, bool aligned) {
  const std::int64_t seq = bias.size(-1), beyond = aligned ? (8 - seq % 8) % 8 : 0;
  at::Tensor mask = bias;
  if (causal) mask = mask + at::full({seq, seq}, -std::numeric_limits<double>::infinity(), bias.options()).triu_(1);
  mask = mask.contiguous();
  return beyond > 0 ? at::constant_pad_nd(mask, {0, beyond}).slice(-1, 0, seq) : mask;
}

}  // namespace headroom::models
