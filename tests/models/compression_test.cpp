// Compressed weights: what they compute beside dense ones, what they store and keep, and what is refused.
#include "models/catalog/compression.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/kron.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/compression/methods.h"
#include "models/model.h"
#include "tests/models/sublayer.h"

namespace headroom::models {
namespace {

using ::testing::HasSubstr;

ModelConfig tiny() {
  ModelConfig config;
  config.name = "tiny";
  config.vocab_size = 24;
  config.max_positions = 16;
  config.d_model = 16;
  config.head_count = config.kv_head_count = 4;
  config.head_dim = 4;
  config.d_ff = 32;
  config.encoder_layer_count = 2;
  return with_attention(config, "mha");
}

// One feed-forward matrix [32, 16] with its bias.
struct One {
  One(const std::string& method, bool training, at::ScalarType dtype = at::kDouble)
      : config(with_compression(tiny(), method, training)),
        options{.device = at::kCPU, .dtype = dtype, .training = training} {
    at::manual_seed(3);
    Builder builder(config, options, layers, parameters, buffers);
    const std::string layer = "x.ffn", role = "up.weight";
    weight = make_weight(builder, WeightPlace::ffn, "up", {layer, role, 32, 16});
    bias = drawn(builder, {32}, 1.0);
  }
  at::Tensor part(const std::string& role) const {
    for (const ModelParameter& p : parameters)
      if (p.name == "x.ffn.up.weight" + role) return p.tensor;
    return {};
  }
  WeightCompression compression() const { return compression_of(config, WeightPlace::ffn, "up"); }
  WeightShape shape(std::int64_t inputs) const {
    return {.out = 32,
            .in = 16,
            .inputs = inputs,
            .element_bytes = static_cast<std::int64_t>(c10::elementSize(options.dtype)),
            .trained = options.training && !has_adapters(config)};
  }

  ModelConfig config;
  BuildOptions options;
  std::vector<ModelLayer> layers;
  std::vector<ModelParameter> parameters;
  std::vector<at::Tensor> buffers;
  std::shared_ptr<const Weight> weight;
  at::Tensor bias;
};

const std::vector<std::string> kTrained{"low-rank:rank=5",
                                        "tensor-train:rank=3:factors=2",
                                        "tensor-train:rank=3:factors=3",
                                        "tensor-train:rank=4:factors=4",
                                        "kronecker:rows=4:columns=2",
                                        "int8",
                                        "int8:scale=row",
                                        "int4:group=8",
                                        "prune:sparsity=0.75",
                                        "prune:format=2:4",
                                        "lora:layers=all:rank=3",
                                        "int8+lora:layers=all:rank=3",
                                        "int4:group=8+lora:layers=all:rank=3",
                                        "gobo:outliers=0.02+lora:layers=all",
                                        "prune:sparsity=0.75:format=bitmap+lora:layers=all"};
const std::vector<std::string> kUsed{"int8",
                                     "int8:scale=row",
                                     "int4:group=8",
                                     "gobo:outliers=0.02",
                                     "prune:sparsity=0.75:format=csr",
                                     "prune:sparsity=0.75:format=bitmap",
                                     "prune:format=2:4",
                                     "low-rank:rank=5",
                                     "kronecker",
                                     "lora:layers=all",
                                     "lora:layers=all:merged=yes",
                                     "int4:group=8+lora:layers=all"};

void expect_near(const at::Tensor& a, const at::Tensor& b, const std::string& what) {
  EXPECT_TRUE(at::allclose(a, b, 1e-10, 1e-12)) << what << ": " << (a - b).abs().max().item<double>();
}

// Adapters of a fresh model do nothing: give them something to do.
void stir(const One& one) {
  const at::NoGradGuard no_grad;
  for (const ModelParameter& p : one.parameters)
    if (p.name.ends_with("lora_b")) p.tensor.normal_(0, 0.5);
}

TEST(Compression, ComputesWhatItsMaterialisedMatrixDoes) {
  for (const auto& methods : {kTrained, kUsed})
    for (const std::string& method : methods)
      for (const bool biased : {true, false}) {
        if (method.find("merged") != std::string::npos) continue;
        const One one(method, &methods == &kTrained);
        stir(one);
        const at::Tensor x = at::randn({2, 3, 16}, at::kDouble), bias = biased ? one.bias : at::Tensor();
        expect_near(one.weight->linear(x, bias), at::linear(x, one.weight->dense(), bias), method);
      }
}

TEST(Compression, GivesTheGradientsOfItsMaterialisedMatrix) {
  for (const std::string& method : kTrained) {
    const One one(method, true);
    stir(one);
    const at::Tensor x = at::randn({2, 3, 16}, at::kDouble).requires_grad_();
    const at::Tensor weights = at::randn({2, 3, 32}, at::kDouble);
    const auto gradients = [&](const at::Tensor& y) {
      std::vector<at::Tensor> all;
      (y * weights).sum().backward();
      all.push_back(x.grad().clone());
      x.mutable_grad().reset();
      for (const ModelParameter& p : one.parameters) {
        if (!p.tensor.requires_grad()) continue;
        EXPECT_TRUE(p.tensor.grad().defined()) << method << " " << p.name;
        all.push_back(p.tensor.grad().clone());
        p.tensor.mutable_grad().reset();
      }
      return all;
    };
    const auto own = gradients(one.weight->linear(x, one.bias));
    const auto dense = gradients(at::linear(x, one.weight->dense(), one.bias));
    ASSERT_GT(own.size(), 1u) << method;
    for (std::size_t i = 0; i < own.size(); ++i) expect_near(own[i], dense[i], method + " " + std::to_string(i));
  }
}

TEST(Compression, RoundedWeightsPassTheirGradientsStraightThrough) {
  for (const std::string method : {"int8", "int8:scale=row", "int4:group=8"}) {
    const One one(method, true);
    const at::Tensor x = at::randn({6, 16}, at::kDouble), weights = at::randn({6, 32}, at::kDouble);
    (one.weight->linear(x, {}) * weights).sum().backward();
    expect_near(one.part("").grad(), weights.t().mm(x), method);
    EXPECT_FALSE(at::allclose(one.weight->dense(), one.part(""), 1e-10, 1e-12)) << method;
  }
}

TEST(Compression, StoresAndKeepsWhatItsFormulasSay) {
  for (const bool training : {true, false})
    for (const auto dtype : {at::kFloat, at::kBFloat16})
      for (const std::string& method : training ? kTrained : kUsed) {
        const One one(method, training, dtype);
        const WeightShape shape = one.shape(6);
        std::int64_t stored = 0;
        for (const ModelParameter& p : one.parameters) stored += static_cast<std::int64_t>(p.tensor.nbytes());
        EXPECT_EQ(stored, stored_bytes(one.compression(), shape).value) << method << " training " << training;
        if (!training) continue;
        const at::Tensor x = at::randn({2, 3, 16}, dtype).requires_grad_();
        at::Tensor y;
        const std::int64_t alive = bytes_left_allocated([&] { return y = one.weight->linear(x, one.bias); });
        EXPECT_EQ(alive - static_cast<std::int64_t>(y.nbytes()), saved_bytes(one.compression(), shape).value) << method;
      }
}

TEST(Compression, KroneckerIsTheProductOfItsFactors) {
  const One one("kronecker:rows=4:columns=2", true);
  expect_near(one.weight->dense(), at::kron(one.part(".core1"), one.part(".core2")), "kronecker");
}

TEST(Compression, RoundsToTheNearestOfItsNumbers) {
  at::manual_seed(1);
  const at::Tensor w = at::randn({8, 32}, at::kDouble);
  const Int8Codes eight = int8_codes(w, true);
  EXPECT_LE(((eight.codes.to(at::kDouble) * eight.scale - w).abs() - eight.scale / 2).max().item<double>(), 1e-12);
  EXPECT_LE((int8_codes(w, false).scale * 127 - w.abs().max()).abs().max().item<double>(), 1e-12);
  const Int4Codes four = int4_codes(w, 8);
  const at::Tensor back = four.codes.to(at::kDouble).view({8, 4, 8}) * four.scale + four.zero;
  EXPECT_LE(((back - w.view({8, 4, 8})).abs() - four.scale / 2).max().item<double>(), 1e-12);
  EXPECT_EQ(four.codes.max().item<int>(), 15);
}

// A packed weight and the dense one it was made of, drawn with the same seed.
at::Tensor drawn_first(const One& one) {
  at::manual_seed(3);
  std::vector<ModelLayer> layers;
  std::vector<ModelParameter> parameters;
  std::vector<at::Tensor> buffers;
  const Builder builder(one.config, one.options, layers, parameters, buffers);
  return drawn(builder, {32, 16});
}

TEST(Compression, UnpacksTheNumbersItPacked) {
  const One four("int4:group=8", false);
  const at::Tensor w = drawn_first(four);
  const Int4Codes codes = int4_codes(w, 8);
  expect_near(four.weight->dense(),
              (codes.codes.to(at::kDouble).view({32, 2, 8}) * codes.scale + codes.zero).view({32, 16}), "int4");
  for (const std::string format : {"csr", "bitmap", "2:4"}) {
    const One pruned("prune:sparsity=0.5:format=" + format, false);
    const at::Tensor mask = magnitude_mask(w, pruned.config.compression[0]);
    expect_near(pruned.weight->dense(), w * mask, format);
    EXPECT_EQ(mask.sum().item<int>(), 256) << format;
    if (format != "2:4") {
      const double least = w.abs().masked_select(mask).min().item<double>();
      EXPECT_LE(w.abs().masked_select(mask.logical_not()).max().item<double>(), least) << format;
    } else {
      EXPECT_TRUE(mask.view({-1, 4}).sum(1).eq(2).all().item<bool>());
    }
  }
  const One gobo("gobo:outliers=0.02", false);
  const at::Tensor dense = gobo.weight->dense().view(-1), flat = w.view(-1);
  const at::Tensor positions = gobo.part(".positions").to(at::kLong), centroids = gobo.part(".centroids");
  EXPECT_TRUE(at::allclose(dense.index_select(0, positions), flat.index_select(0, positions), 1e-6, 1e-9));
  const at::Tensor inner = flat.index_fill(0, positions, 0), rest = dense.index_fill(0, positions, 0);
  const at::Tensor distance = (inner.unsqueeze(1) - centroids).abs().amin(1).index_fill(0, positions, 0);
  expect_near((rest - inner).abs(), distance, "the nearest centroid");
}

TEST(Compression, MergedAdaptersAreTheMatrixThatSeparateOnesAddUpTo) {
  const One one("lora:layers=all:merged=yes", false);
  EXPECT_EQ(one.parameters.size(), 1u);
  expect_near(one.weight->dense(), drawn_first(one), "B is zero");
}

std::int64_t built_parameters(const Model& model) {
  std::int64_t count = 0;
  for (const ModelParameter& p : model.parameters())
    if (p.shared_with.empty()) count += p.tensor.numel();
  return count;
}

TEST(Compression, ModelsHaveTheParametersThatAreCounted) {
  for (const std::string attention : {"mha", "mqa", "sha", "skv", "el-slice", "sha-compact", "mhe-add", "linear"})
    for (const std::string method :
         {"low-rank:rank=3", "kronecker", "tensor-train:rank=2", "lora:layers=all", "lora"}) {
      ModelConfig config = with_compression(with_attention(tiny(), attention), method, true);
      const auto model = build_model(config, {.device = at::kCPU, .dtype = at::kFloat, .training = true});
      EXPECT_EQ(built_parameters(*model), parameter_count(config)) << attention << " " << method;
      config.shared_layers = true;
      const auto shared = build_model(config, {.device = at::kCPU, .dtype = at::kFloat, .training = true});
      EXPECT_EQ(built_parameters(*shared), parameter_count(config)) << attention << " shared " << method;
    }
}

TEST(Compression, AdaptersAloneAreTrained) {
  const ModelConfig config = with_compression(tiny(), "int8+lora", true);
  const auto model = build_model(config, {.device = at::kCPU, .dtype = at::kFloat, .training = true});
  for (const ModelParameter& p : model->parameters())
    EXPECT_EQ(p.tensor.requires_grad(), p.name.find("lora_") != std::string::npos) << p.name;
  model->loss(make_batch(config, 2, 8, at::kCPU)).backward();
  for (const ModelParameter& p : model->parameters()) {
    if (p.tensor.requires_grad()) EXPECT_TRUE(p.tensor.grad().defined()) << p.name;
  }
}

TEST(Compression, TiedHeadsReadTheWordTableAsItIsStored) {
  for (const std::string method : {"int8", "int8:scale=row", "int4:group=8"}) {
    const ModelConfig config = with_compression(tiny(), method, false);
    const auto model = build_model(config, {.device = at::kCPU, .dtype = at::kDouble, .training = false});
    std::int64_t own = 0, tied = 0;
    for (const ModelParameter& p : model->parameters()) {
      own += p.name.starts_with("embeddings.word.weight.");
      tied += p.name.starts_with("head.decoder.weight.") && p.shared_with.starts_with("embeddings.word.weight.");
    }
    EXPECT_GE(own, 2) << method;
    EXPECT_EQ(own, tied) << method;
    const at::NoGradGuard no_grad;
    EXPECT_TRUE(model->forward(make_batch(config, 2, 8, at::kCPU)).isfinite().all().item<bool>()) << method;
  }
}

std::string refusal(const std::string& method, bool training, const std::string& attention = "mha") {
  try {
    with_compression(with_attention(tiny(), attention), method, training);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Compression, RefusesWhatIsUndefined) {
  EXPECT_THAT(refusal("int5", true), HasSubstr("unknown compression 'int5'"));
  EXPECT_THAT(refusal("int4:grup=8", true), HasSubstr("did you mean 'group'"));
  EXPECT_EQ(
      refusal("prune:sparsity=1.5", true),
      "option 'sparsity' of compression 'prune' is '1.5', expected a number from 0.001 to 0.999, in steps of 0.001");
  EXPECT_EQ(refusal("int4", true),
            "compression 'int4' needs groups that divide a weight's inputs; one here has 16 inputs and 16 outputs");
  EXPECT_EQ(refusal("prune:sparsity=0.9:format=2:4", true),
            "compression 'prune:format=2:4' keeps two of four: sparsity is 0.5");
  EXPECT_EQ(refusal("lora:merged=yes", true),
            "compression 'lora:merged=yes' is for inference: merged adapters cannot be trained; use --mode forward, or "
            "merged=no");
  EXPECT_THAT(refusal("gobo", true), HasSubstr("quantizes a model that is trained already"));
  EXPECT_EQ(refusal("gobo+lora", true), "");
  EXPECT_THAT(refusal("low-rank:rank=3+lora", true), HasSubstr("adapters stand beside a weight that is frozen"));
  EXPECT_EQ(refusal("int8+int4:group=8", false),
            "compression: 'int8' and 'int4' both hold the weight 'query'; give them different layers, layers=attention "
            "and layers=ffn");
  EXPECT_EQ(refusal("int8:layers=attention+int4:group=8:layers=ffn", false), "");
  EXPECT_THAT(refusal("int8+lora:merged=yes", false), HasSubstr("cannot take the adapters in"));
  EXPECT_THAT(refusal("int8", false, "el-exact"), HasSubstr("compress layers=ffn"));
  EXPECT_EQ(refusal("int8:layers=ffn", false, "el-exact"), "");
  EXPECT_THAT(refusal("low-rank", true), HasSubstr("no more than a weight's smaller side"));
  EXPECT_THAT(refusal("kronecker:rows=3", true), HasSubstr("rows that divide"));
  EXPECT_THAT(refusal("int8+", true), HasSubstr("ends with '+'"));
}

}  // namespace
}  // namespace headroom::models
