// What the CPU's allocator still holds after one attention sublayer's forward, its output set aside, equals the closed
// form.
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/catalog/attention.h"
#include "tests/models/saved.h"

namespace headroom::models {
namespace {

struct Case {
  std::int64_t batch = 2, query_len = 5, key_len = 5, heads = 4, head_dim = 6, d_model = 24, groups = 2;
  bool bias = false, causal = false, dropout = false, softmax_fp32 = false, rope = false;
  AttentionBackend backend = AttentionBackend::eager;
  at::ScalarType dtype = at::kFloat;
};

std::string text_of(const Case& c, std::string_view mechanism) {
  return mechanism == "gqa" ? "gqa:groups=" + std::to_string(c.groups) : std::string(mechanism);
}

SavedCase saved_case(const Case& c) {
  return {c.batch,  c.query_len, c.key_len,      c.heads, c.head_dim, c.d_model, c.bias,
          c.causal, c.dropout,   c.softmax_fp32, c.rope,  c.backend,  c.dtype};
}

void expect_closed_form(const Case& c, std::string_view mechanism) {
  expect_saved(text_of(c, mechanism), saved_case(c));
}

bool is_defined(const Case& c, std::string_view text) {
  const AttentionMechanism& mechanism = attention_mechanism(mechanism_name(text));
  const Undefined& undefined = mechanism.undefined;
  if (c.causal && !undefined.causal.empty()) return false;
  if (c.key_len != c.query_len && !undefined.cross.empty()) return false;
  if (c.backend != AttentionBackend::eager && !undefined.fused.empty()) return false;
  try {
    const ModelConfig config = saved_config(text_of(c, text), saved_case(c));
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
