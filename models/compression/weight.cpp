#include "models/compression/weight.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>

#include "models/catalog/compression.h"
#include "models/compression/methods.h"

namespace headroom::models {

at::Tensor Weight::rows(const at::Tensor& ids, std::int64_t padding_id) const {
  return at::embedding(dense(), ids, padding_id);
}

at::Tensor Weight::dense_linear(const at::Tensor& x, const at::Tensor& bias) const {
  return at::linear(x, dense(), bias);
}

at::Tensor drawn(const Builder& builder, at::IntArrayRef shape, double deviation) {
  const at::NoGradGuard no_grad;
  return at::empty(shape, at::TensorOptions(builder.options.device).dtype(builder.options.dtype))
      .normal_(0.0, deviation);
}

WeightPlace place_of(const std::string& layer) {
  if (layer.ends_with("attention")) return WeightPlace::attention;
  return layer.ends_with("ffn") ? WeightPlace::ffn : WeightPlace::other;
}

namespace {

std::shared_ptr<const Weight> make_base(Builder& builder, const WeightPart& part, const Compression& c) {
  const std::string& method = c.method;
  if (method == "low-rank") return make_low_rank(builder, part, c);
  if (method == "tensor-train" || method == "kronecker") return make_tensor_train(builder, part, c);
  if (method == "gobo") return make_gobo(builder, part, c);
  if (method == "prune") return builder.trains() ? make_masked(builder, part, c) : make_pruned(builder, part, c);
  if (builder.trains()) return make_rounded(builder, part, c);
  return method == "int8" ? make_int8(builder, part, c) : make_int4(builder, part, c);
}

}  // namespace

std::shared_ptr<const Weight> make_weight(Builder& builder, WeightPlace place, const std::string& name,
                                          const WeightPart& part) {
  const WeightCompression compression = compression_of(builder.config, place, name);
  if (!compression.any()) return nullptr;
  return builder.weight(part.layer, part.role, [&]() -> std::shared_ptr<const Weight> {
    const at::NoGradGuard no_grad;
    std::shared_ptr<const Weight> base;
    if (compression.base) base = make_base(builder, part, *compression.base);
    return compression.adapter ? make_adapted(builder, part, *compression.adapter, std::move(base)) : base;
  });
}

}  // namespace headroom::models
