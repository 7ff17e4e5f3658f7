// Windows, BigBird and the Sparse Transformer's patterns: outputs and all gradients against dense attention under a
// mask written from their definitions, in fp64; bytes kept for backward against the closed forms; refusals.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/softmax.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "base/error.h"
#include "models/attention/rotary.h"
#include "models/catalog/attention.h"
#include "models/model.h"
#include "tests/models/small_models.h"
#include "tests/models/sublayer.h"

namespace headroom::models {
namespace {

constexpr std::int64_t kHeads = 4, kWidth = 24, kHeadDim = 6;

bool is_encoders(std::string_view mechanism) {
  return !attention_mechanism(mechanism_name(mechanism)).undefined.causal.empty();
}

ModelConfig config_for(std::string_view mechanism, bool bias = true) {
  ModelConfig config;
  config.name = "sparse";
  config.d_model = kWidth;
  config.head_count = config.kv_head_count = kHeads;
  config.head_dim = kHeadDim;
  config.max_positions = 512;
  config.attention_bias = bias;
  config.architecture = is_encoders(mechanism) ? Architecture::encoder_only : Architecture::decoder_only;
  return with_attention(config, mechanism);
}

Sublayer random_sublayer(std::string_view mechanism) {
  Sublayer sublayer(config_for(mechanism), {at::kCPU, at::kDouble, AttentionBackend::eager, true});
  at::NoGradGuard no_grad;
  for (const ModelParameter& p : sublayer.parameters) p.tensor.copy_(at::randn(p.tensor.sizes(), at::kDouble) * 0.5);
  return sublayer;
}

AttentionContext turned(std::int64_t seq) {
  AttentionContext context;
  const RotaryTables tables = rotary_tables(inverse_frequencies(kHeadDim, 100.0, at::kCPU), seq, at::kDouble);
  context.cos = tables.cos;
  context.sin = tables.sin;
  return context;
}

// Whether query i of a head sees key j.
using Visible = std::function<bool(std::int64_t head, std::int64_t i, std::int64_t j)>;

at::Tensor hidden_keys(std::int64_t seq, const Visible& visible) {
  const at::Tensor hidden = at::empty({kHeads, seq, seq}, at::kBool);
  bool* value = hidden.data_ptr<bool>();
  for (std::int64_t head = 0; head < kHeads; ++head)
    for (std::int64_t i = 0; i < seq; ++i)
      for (std::int64_t j = 0; j < seq; ++j) *value++ = !visible(head, i, j);
  return hidden;
}

// Dense attention on `sublayer`'s parameters, the roles of queries, keys and values starting with `prefix`.
at::Tensor dense_heads(const Sublayer& sublayer, const at::Tensor& x, const Visible& visible,
                       const AttentionContext& context, const std::string& prefix = "") {
  const auto heads = [&](const std::string& role, bool turn) {
    const std::string name = prefix + role;
    at::Tensor y = at::linear(x, sublayer.parameter(name + ".weight"), sublayer.parameter(name + ".bias"));
    y = y.view({x.size(0), x.size(1), -1, kHeadDim}).transpose(1, 2);
    if (turn && context.cos.defined()) y = rotate(y, context.cos, context.sin);
    return y.repeat_interleave(kHeads / y.size(1), 1);
  };
  const at::Tensor q = heads("query", true), k = heads("key", true), v = heads("value", false);
  const at::Tensor scores = (at::matmul(q, k.transpose(2, 3)) / std::sqrt(double(kHeadDim)))
                                .masked_fill(hidden_keys(x.size(1), visible), -std::numeric_limits<double>::infinity());
  return at::matmul(at::softmax(scores, -1), v).transpose(1, 2).flatten(2);  // [B, T, n·d]
}

at::Tensor dense_output(const Sublayer& sublayer, const at::Tensor& heads) {
  return at::linear(heads, sublayer.parameter("output.weight"), sublayer.parameter("output.bias"));
}

double largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

// Output and gradients of the input and of every parameter.
std::vector<at::Tensor> all_of(const Sublayer& sublayer, const at::Tensor& x, const at::Tensor& weights,
                               const at::Tensor& y) {
  std::vector<at::Tensor> result{y.detach()};
  (y * weights).sum().backward();
  const auto take = [&](at::Tensor leaf) {
    result.push_back(leaf.grad().defined() ? leaf.grad() : at::Tensor());
    leaf.mutable_grad() = at::Tensor();
  };
  take(x);
  for (const ModelParameter& p : sublayer.parameters) take(p.tensor);
  return result;
}

void expect_same(const Sublayer& sublayer, std::int64_t seq, const std::string& what,
                 const std::function<at::Tensor(const at::Tensor&, const AttentionContext&)>& expected) {
  const at::Tensor x = at::randn({2, seq, kWidth}, at::kDouble).requires_grad_(), weights = at::randn_like(x);
  for (const AttentionContext& context : {AttentionContext{}, turned(seq)}) {
    const auto actual = all_of(sublayer, x, weights, sublayer(x, x, context));
    const auto dense = all_of(sublayer, x, weights, expected(x, context));
    for (std::size_t i = 0; i < dense.size(); ++i) {
      ASSERT_TRUE(actual[i].defined() && dense[i].defined()) << what << " T=" << seq << " tensor " << i;
      EXPECT_LT(largest(actual[i] - dense[i]), 1e-11 * std::max(1.0, largest(dense[i])))
          << what << " T=" << seq << " tensor " << i << " rotary " << context.cos.defined();
    }
  }
}

void expect_dense(const std::string& mechanism, std::int64_t seq, const Visible& visible) {
  const Sublayer sublayer = random_sublayer(mechanism);
  expect_same(sublayer, seq, mechanism, [&](const at::Tensor& x, const AttentionContext& context) {
    return dense_output(sublayer, dense_heads(sublayer, x, visible, context));
  });
}

std::string text(std::int64_t value) { return std::to_string(value); }

TEST(SparseAttention, SlidingWindowIsDenseAttentionUnderABand) {
  struct Case {
    std::int64_t seq, window, block, groups;
  };
  for (const Case& c : {Case{12, 4, 4, 4}, Case{13, 4, 4, 2}, Case{11, 5, 2, 1}, Case{9, 1, 4, 2}, Case{7, 20, 128, 2},
                        Case{7, 20, 3, 4}, Case{1, 4, 4, 2}, Case{300, 200, 128, 2}}) {
    const Visible visible = [&](std::int64_t, std::int64_t i, std::int64_t j) {
      return 0 <= i - j && i - j < c.window;
    };
    expect_dense("sliding-window:window=" + text(c.window) + ":block=" + text(c.block) + ":groups=" + text(c.groups),
                 c.seq, visible);
  }
}

TEST(SparseAttention, AWindowOverAllTokensIsCausalMultiHeadAttention) {
  const Sublayer window = random_sublayer("sliding-window:window=64"), mha = random_sublayer("mha");
  {
    at::NoGradGuard no_grad;
    for (const ModelParameter& p : window.parameters) mha.parameter(p.name.substr(10)).copy_(p.tensor);
  }
  const at::Tensor x = at::randn({2, 17, kWidth}, at::kDouble);
  EXPECT_LT(largest(window(x, x, {}) - mha(x, x, causal_context(17, x.options()))), 1e-12);
}

TEST(SparseAttention, LongformerIsDenseAttentionUnderABandWithGlobalRowsOfTheirOwn) {
  struct Case {
    std::int64_t seq, window, block, global;
  };
  for (const Case& c : {Case{16, 4, 2, 1}, Case{13, 4, 2, 3}, Case{15, 6, 2, 1}, Case{11, 6, 128, 2}, Case{3, 8, 4, 2},
                        Case{9, 2, 1, 9}, Case{5, 2, 1, 30}, Case{1, 2, 1, 1}}) {
    const Sublayer sublayer = random_sublayer("longformer:window=" + text(c.window) + ":block=" + text(c.block) +
                                              ":global=" + text(c.global));
    const std::int64_t global = std::min(c.global, c.seq);
    const Visible band = [&](std::int64_t, std::int64_t i, std::int64_t j) {
      return std::abs(i - j) <= c.window / 2 || j < global;
    };
    const Visible all = [](std::int64_t, std::int64_t, std::int64_t) { return true; };
    expect_same(sublayer, c.seq, "longformer", [&](const at::Tensor& x, const AttentionContext& context) {
      const at::Tensor rows = dense_heads(sublayer, x, all, context, "global_").slice(1, 0, global);
      const at::Tensor others = dense_heads(sublayer, x, band, context).slice(1, global);
      return dense_output(sublayer, at::cat({rows, others}, 1));
    });
  }
}

TEST(SparseAttention, BigBirdIsDenseAttentionUnderItsBlocks) {
  struct Case {
    std::int64_t seq, block, random;
  };
  for (const Case& c : {Case{16, 2, 1}, Case{40, 2, 3}, Case{40, 4, 2}, Case{8, 1, 1}}) {
    const std::string mechanism = "bigbird:block=" + text(c.block) + ":random=" + text(c.random);
    const Sublayer sublayer = random_sublayer(mechanism);
    const at::Tensor table = sublayer.buffers.at(0);  // [n, rows, r]
    const std::int64_t last = c.seq / c.block - 1;
    const Visible visible = [&](std::int64_t head, std::int64_t i, std::int64_t j) {
      const std::int64_t row = i / c.block, key = j / c.block;
      if (row == 0 || row == last || key == 0 || key == last || std::abs(row - key) <= 1) return true;
      for (std::int64_t r = 0; r < c.random; ++r)
        if (table[head][row][r].item<std::int64_t>() == key) return true;
      return false;
    };
    expect_dense(mechanism, c.seq, visible);
    std::set<std::int64_t> distinct;
    for (std::int64_t row = 1; row < last; ++row)
      for (std::int64_t r = 0; r < c.random; ++r) {
        const std::int64_t key = table[1][row][r].item<std::int64_t>();
        EXPECT_TRUE(key > 0 && key < last && std::abs(key - row) > 1) << mechanism << " row " << row;
        distinct.insert(row * 1000 + key);
      }
    EXPECT_EQ(distinct.size(), static_cast<std::size_t>((last - 1) * c.random)) << mechanism;
  }
}

TEST(SparseAttention, BigBirdOfShortSequencesIsFull) {
  const Visible all = [](std::int64_t, std::int64_t, std::int64_t) { return true; };
  for (std::int64_t seq : {1, 13, 14}) expect_dense("bigbird:block=2:random=1", seq, all);
}

TEST(SparseAttention, SparseTransformerIsDenseAttentionUnderItsPatterns) {
  for (std::int64_t seq : {1, 4, 5, 11, 16})
    for (std::int64_t stride : {2, 5}) {
      const Visible local = [&](std::int64_t, std::int64_t i, std::int64_t j) { return 0 <= i - j && i - j < stride; };
      const Visible strided = [&](std::int64_t h, std::int64_t i, std::int64_t j) {
        return local(h, i, j) || (j <= i && (i - j) % stride == 0);
      };
      expect_dense("sparse-local:stride=" + text(stride), seq, local);
      expect_dense("sparse-strided:stride=" + text(stride), seq, strided);
      for (std::int64_t expressivity : {std::int64_t{1}, std::int64_t{2}, stride}) {
        const Visible fixed = [&](std::int64_t, std::int64_t i, std::int64_t j) {
          return j <= i && (i / stride == j / stride || j % stride >= stride - expressivity);
        };
        expect_dense("sparse-fixed:stride=" + text(stride) + ":expressivity=" + text(expressivity), seq, fixed);
      }
    }
}

struct Kept {
  std::int64_t batch = 2, seq = 5;
  bool bias = true, dropout = false, softmax_fp32 = false, rope = false;
  at::ScalarType dtype = at::kFloat;
};

void expect_closed_form(const std::string& mechanism, const Kept& c) {
  ModelConfig config = config_for(mechanism, c.bias);
  config.attention_dropout = c.dropout ? 0.1 : 0.0;
  config.softmax_fp32 = c.softmax_fp32;
  const Sublayer sublayer(config, {at::kCPU, c.dtype, AttentionBackend::eager, true});
  const at::Tensor x = at::randn({c.batch, c.seq, kWidth}, c.dtype).requires_grad_();
  AttentionContext context;
  if (c.rope) context.cos = context.sin = at::randn({c.seq, kHeadDim}, c.dtype);
  at::Tensor y;
  const std::int64_t alive = bytes_left_allocated([&] { return y = sublayer(x, x, context); });
  AttentionShape shape = attention_shape(config);
  shape.batch = c.batch;
  shape.query_len = shape.key_len = c.seq;
  shape.element_bytes = static_cast<std::int64_t>(c10::elementSize(c.dtype));
  shape.rope = c.rope;
  const Formula formula = attention_mechanism(config.attention).saved_bytes(shape);
  EXPECT_EQ(alive - static_cast<std::int64_t>(y.nbytes()), formula.value)
      << mechanism << ": " << formula.text << "; B=" << c.batch << " T=" << c.seq << " bias " << c.bias << " dropout "
      << c.dropout << " fp32 softmax " << c.softmax_fp32 << " rope " << c.rope << " " << c.dtype;
}

TEST(SparseAttention, KeepsForBackwardWhatItsClosedFormSays) {
  const std::vector<std::string> mechanisms{"sliding-window",
                                            "sliding-window:window=1:groups=1",
                                            "sliding-window:window=4:groups=2",
                                            "sliding-window:window=9:block=2:groups=4",
                                            "longformer:window=4",
                                            "longformer:window=6:block=2:global=3",
                                            "bigbird:block=2:random=1",
                                            "bigbird:block=1:random=2",
                                            "sparse-local:stride=4",
                                            "sparse-strided:stride=2",
                                            "sparse-strided:stride=5",
                                            "sparse-fixed:stride=4:expressivity=1",
                                            "sparse-fixed:stride=4:expressivity=4",
                                            "sparse-fixed:stride=9:expressivity=2"};
  for (const std::string& mechanism : mechanisms)
    for (std::int64_t seq : {1, 2, 8, 13, 24})
      for (std::int64_t batch : {1, 2}) {
        if (seq == 13 && mechanism_name(mechanism) == "bigbird") continue;
        expect_closed_form(mechanism, {.batch = batch, .seq = seq});
        expect_closed_form(mechanism, {.batch = batch, .seq = seq, .bias = false, .dropout = true});
        expect_closed_form(mechanism, {.batch = batch, .seq = seq, .rope = true, .dtype = at::kDouble});
        for (bool dropout : {false, true})
          for (bool wide : {false, true})
            expect_closed_form(
                mechanism,
                {.batch = batch, .seq = seq, .dropout = dropout, .softmax_fp32 = wide, .dtype = at::kBFloat16});
      }
}

class LargestAllocation : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t size, size_t, size_t, c10::Device) override { most = std::max(most, size); }
  bool memoryProfilingEnabled() const override { return true; }
  std::int64_t most = 0;
};

TEST(SparseAttention, NoTensorOfAModelGrowsWithTheSquareOfTheSequence) {
  for (const char* mechanism : {"sliding-window:window=8", "sparse-local:stride=8", "longformer:window=8",
                                "bigbird:block=4:random=1", "sparse-fixed:stride=32:expressivity=1"}) {
    ModelConfig config = without_dropout(small_model(is_encoders(mechanism) ? "bert-base" : "gpt2"));
    config.max_positions = 1024;
    config.d_model = config.head_count = config.kv_head_count = 1;
    config.head_dim = config.d_ff = 1;
    config = with_attention(config, mechanism);
    const auto model = build_model(config, {});
    const Batch batch = make_batch(config, 1, 1024, at::kCPU);
    auto largest = std::make_shared<LargestAllocation>();
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, largest);
    model->loss(batch).backward();
    EXPECT_LT(largest->most, 1024 * 1024) << mechanism;  // a mask of T x T bools
  }
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(SparseAttention, WhatIsUndefinedIsRefusedWithTheReason) {
  const auto of = [](const char* preset, const char* mechanism) {
    return refusal([&] { with_attention(load_model(preset), mechanism); });
  };
  using testing::HasSubstr;
  for (const char* mechanism : {"sliding-window", "sparse-local", "sparse-strided", "sparse-fixed"}) {
    EXPECT_THAT(of("bert-base", mechanism), HasSubstr("looks back only"));
    EXPECT_THAT(of("transformer-base", mechanism), HasSubstr("undefined here"));
    EXPECT_EQ(of("llama-7b", mechanism), "");
  }
  for (const char* mechanism : {"longformer", "bigbird"}) {
    EXPECT_THAT(of("gpt2", mechanism), HasSubstr("look"));
    EXPECT_EQ(of("bert-base", mechanism), "");
  }
  EXPECT_THAT(of("bert-base", "longformer:window=5"), HasSubstr("must be even"));
  EXPECT_THAT(of("gpt2", "sliding-window:groups=5"), HasSubstr("12 heads do not divide into 5"));
  EXPECT_THAT(of("gpt2", "sparse-fixed:stride=8:expressivity=9"), HasSubstr("part of the stride"));
  const ModelConfig bird = with_attention(load_model("bert-base"), "bigbird:block=32:random=3");
  EXPECT_EQ(refusal([&] { validate_shape(bird, 1, 352); }), "");
  EXPECT_EQ(refusal([&] { validate_shape(bird, 1, 384); }), "");
  EXPECT_THAT(refusal([&] { validate_shape(bird, 1, 353); }), HasSubstr("multiple of the block of 32"));
  BuildOptions flash;
  flash.backend = AttentionBackend::flash;
  EXPECT_THAT(refusal([&] { build_model(bird, flash); }), HasSubstr("eager only"));
}

TEST(SparseAttention, ParametersAndCachesAreThoseOfTheDefinitions) {
  const auto shape = [](const char* preset, const char* mechanism) {
    AttentionShape s = attention_shape(with_attention(load_model(preset), mechanism));
    s.element_bytes = 2;
    return s;
  };
  const auto& longformer = attention_mechanism("longformer");
  EXPECT_EQ(longformer.parameter_count(shape("bert-base", "longformer")).value, 7 * (768 * 768 + 768));
  const auto& window = attention_mechanism("sliding-window");
  const AttentionShape grouped = shape("llama-7b", "sliding-window:groups=8:window=4096");
  EXPECT_EQ(window.parameter_count(grouped).value, 2 * 4096 * 4096 + 2 * 4096 * 8 * 128);
  EXPECT_EQ(window.kv_cache_bytes_per_token(grouped).value, 2 * 8 * 128 * 2);
  EXPECT_EQ(window.state_bytes(grouped).value, 4096 * 2 * 8 * 128 * 2);
  EXPECT_EQ(kv_cache_bytes_per_token(with_attention(load_model("bert-base"), "longformer"), 2), 0);
  EXPECT_EQ(with_attention(load_model("llama-7b"), "sliding-window").kv_head_count, 32);
  EXPECT_EQ(attention_mechanism("bigbird").parameter_count(shape("bert-base", "bigbird")).value, 4 * (768 * 768 + 768));
}

}  // namespace
}  // namespace headroom::models
