// What the CPU's allocator still holds after one attention sublayer's forward, its output set aside, equals the closed
// form.
#include <ATen/ops/cos.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/catalog/attention.h"
#include "tests/models/sublayer.h"

namespace headroom::models {
namespace {

struct Case {
  std::int64_t batch = 2, query_len = 5, key_len = 5, heads = 4, head_dim = 6, d_model = 24, groups = 2;
  bool bias = false, causal = false, dropout = false, softmax_fp32 = false, rope = false;
  AttentionBackend backend = AttentionBackend::eager;
  at::ScalarType dtype = at::kFloat;
};

ModelConfig config_of(const Case& c, std::string_view mechanism) {
  ModelConfig config;
  config.name = "case";
  config.d_model = c.d_model;
  config.head_count = c.heads;
  config.head_dim = c.head_dim;
  config.attention_bias = c.bias;
  config.attention_dropout = c.dropout ? 0.1 : 0.0;
  config.softmax_fp32 = c.softmax_fp32;
  config.positions = c.rope ? Positions::rope : Positions::learned;
  config.max_positions = 64;
  return with_attention(config, mechanism == "gqa" ? "gqa:groups=" + std::to_string(c.groups) : std::string(mechanism));
}

AttentionShape shape_of(const Case& c, const ModelConfig& config) {
  AttentionShape shape = attention_shape(config);
  shape.batch = c.batch;
  shape.query_len = c.query_len;
  shape.key_len = c.key_len;
  shape.element_bytes = static_cast<std::int64_t>(c10::elementSize(c.dtype));
  shape.causal = c.causal;
  shape.cross = c.key_len != c.query_len;
  shape.fused = c.backend == AttentionBackend::flash || c.backend == AttentionBackend::efficient;
  return shape;
}

std::int64_t measured(const Case& c, const ModelConfig& config) {
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
  return alive - static_cast<std::int64_t>(output.nbytes());
}

void expect_closed_form(const Case& c, std::string_view mechanism) {
  const ModelConfig config = config_of(c, mechanism);
  const Formula formula = attention_mechanism(mechanism_name(mechanism)).saved_bytes(shape_of(c, config));
  EXPECT_EQ(measured(c, config), formula.value)
      << mechanism << ": " << formula.text << "; B=" << c.batch << " T=" << c.query_len << " S=" << c.key_len
      << " n=" << c.heads << " d=" << c.head_dim << " d_m=" << c.d_model << " bias " << c.bias << " causal " << c.causal
      << " dropout " << c.dropout << " fp32 softmax " << c.softmax_fp32 << " rope " << c.rope << " backend "
      << int(c.backend) << " " << c.dtype;
}

bool is_defined(const Case& c, std::string_view text) {
  const AttentionMechanism& mechanism = attention_mechanism(mechanism_name(text));
  const Undefined& undefined = mechanism.undefined;
  if (c.causal && !undefined.causal.empty()) return false;
  if (c.key_len != c.query_len && !undefined.cross.empty()) return false;
  if (c.backend != AttentionBackend::eager && !undefined.fused.empty()) return false;
  try {
    const ModelConfig config = config_of(c, text);
    if (mechanism.require_seq) mechanism.require_seq(config, c.query_len);
    return true;
  } catch (const Error&) {
    return false;
  }
}

void expect_closed_form_for_all(const Case& c) {
  for (const AttentionMechanism& mechanism : attention_mechanisms()) {
    if (is_defined(c, mechanism.name)) expect_closed_form(c, mechanism.name);
  }
}

TEST(SavedBytes, EagerEqualsItsClosedForm) {
  for (bool bias : {false, true})
    for (bool causal : {false, true})
      for (bool dropout : {false, true})
        expect_closed_form_for_all({.bias = bias, .causal = causal, .dropout = dropout});
}

TEST(SavedBytes, EagerEqualsItsClosedFormInOtherShapes) {
  expect_closed_form_for_all(
      {.batch = 1, .query_len = 33, .key_len = 33, .heads = 2, .head_dim = 8, .d_model = 16, .groups = 1});
  expect_closed_form_for_all(
      {.batch = 3, .query_len = 7, .key_len = 7, .heads = 8, .head_dim = 2, .d_model = 16, .groups = 4});
  expect_closed_form_for_all({.batch = 3, .query_len = 1, .key_len = 1});
  expect_closed_form_for_all({.heads = 4, .head_dim = 6, .d_model = 20, .bias = true});
  expect_closed_form_for_all({.dtype = at::kDouble});
}

TEST(SavedBytes, CrossAttentionEqualsItsClosedForm) {
  for (bool dropout : {false, true})
    expect_closed_form_for_all({.query_len = 5, .key_len = 9, .bias = true, .dropout = dropout});
}

TEST(SavedBytes, Fp32SoftmaxOfHalfPrecisionKeepsBothCopies) {
  for (at::ScalarType dtype : {at::kBFloat16, at::kHalf})
    for (bool dropout : {false, true}) {
      expect_closed_form_for_all({.dropout = dropout, .softmax_fp32 = true, .dtype = dtype});
      expect_closed_form_for_all({.dropout = dropout, .softmax_fp32 = false, .dtype = dtype});
    }
  expect_closed_form_for_all({.softmax_fp32 = true, .dtype = at::kFloat});
}

TEST(SavedBytes, RotaryPositionsKeepACopyOnlyWhereKeysAndValuesAreOneTensor) {
  expect_closed_form_for_all({.causal = true, .rope = true});
  expect_closed_form_for_all({.causal = true, .rope = true, .backend = AttentionBackend::flash});
}

TEST(SavedBytes, FlashEqualsItsClosedForm) {
  for (bool bias : {false, true})
    for (bool causal : {false, true})
      expect_closed_form_for_all({.bias = bias, .causal = causal, .backend = AttentionBackend::flash});
  expect_closed_form_for_all({.query_len = 5, .key_len = 9, .backend = AttentionBackend::flash});
}

TEST(SavedBytes, EqualTheirClosedFormsWithEveryOption) {
  for (const char* mechanism :
       {"linear:chunk=1", "linear:chunk=4", "linear:chunk=5", "linear:chunk=100", "performer:features=7:chunk=2",
        "performer:features=1:chunk=5", "cosformer:chunk=3", "cosformer:chunk=33", "linformer:sharing=none",
        "linformer:sharing=headwise:k=3", "linformer:sharing=key-value", "linformer:sharing=layerwise:k=64",
        "synthesizer-random:scores=fixed", "synthesizer-factorized-random:rank=1",
        "synthesizer-factorized-dense:a=1:b=64", "synthesizer-factorized-dense:a=64:b=1"})
    for (const Case& c : {Case{}, Case{.bias = true, .dropout = true}, Case{.causal = true},
                          Case{.bias = true, .causal = true, .dropout = true}, Case{.query_len = 5, .key_len = 9},
                          Case{.batch = 1, .query_len = 1, .key_len = 1, .heads = 1, .head_dim = 1, .groups = 1},
                          Case{.batch = 1, .query_len = 33, .key_len = 33, .causal = true, .dtype = at::kDouble},
                          Case{.query_len = 33, .key_len = 33, .heads = 1, .causal = true, .dropout = true},
                          Case{.dropout = true, .softmax_fp32 = true, .dtype = at::kBFloat16},
                          Case{.causal = true, .dtype = at::kBFloat16}, Case{.backend = AttentionBackend::flash}})
      if (is_defined(c, mechanism)) expect_closed_form(c, mechanism);
}

}  // namespace
}  // namespace headroom::models
