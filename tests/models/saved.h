// One attention sublayer's forward, measured: what the CPU's allocator still holds afterwards, the output set aside, is
// the registry's closed form to the byte.
#pragma once

#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <string>

#include "models/catalog/attention.h"
#include "tests/models/sublayer.h"

namespace headroom::models {

struct SavedCase {
  std::int64_t batch = 2, query_len = 6, key_len = 6, heads = 4, head_dim = 6, d_model = 20;
  bool bias = false, causal = false, dropout = false, softmax_fp32 = false, rope = false;
  AttentionBackend backend = AttentionBackend::eager;
  at::ScalarType dtype = at::kFloat;
};

// `attention`: "NAME:option=value". Throws bad_input where it is undefined.
inline ModelConfig saved_config(const std::string& attention, const SavedCase& c) {
  ModelConfig config;
  config.name = "case";
  config.d_model = c.d_model;
  config.head_count = config.kv_head_count = c.heads;
  config.head_dim = c.head_dim;
  config.max_positions = 64;
  config.attention_bias = c.bias;
  config.attention_dropout = c.dropout ? 0.1 : 0.0;
  config.softmax_fp32 = c.softmax_fp32;
  config.positions = c.rope ? Positions::rope : Positions::learned;
  return with_attention(config, attention);
}

inline void expect_saved(const std::string& attention, const SavedCase& c) {
  const ModelConfig config = saved_config(attention, c);
  const Sublayer sublayer(config, {at::kCPU, c.dtype, c.backend, true});
  const auto options = at::TensorOptions().dtype(c.dtype);
  const at::Tensor x = at::randn({c.batch, c.query_len, c.d_model}, options).requires_grad_();
  const at::Tensor memory =
      c.key_len == c.query_len ? x : at::randn({c.batch, c.key_len, c.d_model}, options).requires_grad_();
  AttentionContext context;
  if (c.causal) context = causal_context(c.query_len, options);
  if (c.backend != AttentionBackend::eager) context.mask = at::Tensor();
  if (c.rope) context.cos = context.sin = at::randn({c.query_len, rotary_width(config)}, options);
  at::Tensor output;
  const std::int64_t alive = bytes_left_allocated([&] { return output = sublayer(x, memory, context); });

  AttentionShape shape = attention_shape(config);
  shape.batch = c.batch;
  shape.query_len = c.query_len;
  shape.key_len = c.key_len;
  shape.element_bytes = static_cast<std::int64_t>(c10::elementSize(c.dtype));
  shape.causal = c.causal;
  shape.cross = c.key_len != c.query_len;
  shape.fused = c.backend == AttentionBackend::flash || c.backend == AttentionBackend::efficient;
  const Formula formula = attention_mechanism(config.attention).saved_bytes(shape);
  EXPECT_EQ(alive - static_cast<std::int64_t>(output.nbytes()), formula.value)
      << attention << ": " << formula.text << "; B=" << c.batch << " T=" << c.query_len << " S=" << c.key_len
      << " n=" << c.heads << " d=" << c.head_dim << " d_m=" << c.d_model << " bias " << c.bias << " causal " << c.causal
      << " dropout " << c.dropout << " fp32 softmax " << c.softmax_fp32 << " rope " << c.rope << " backend "
      << int(c.backend) << " " << c.dtype;
}

}  // namespace headroom::models
