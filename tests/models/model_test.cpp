// Whole models: layers, names, parameter counts, gradients, causality, determinism of shapes.
#include "models/model.h"

#include <ATen/core/Tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "models/catalog/attention.h"
#include "tests/models/small_models.h"

namespace headroom::models {
namespace {

std::int64_t count_parameters(const Model& model) {
  std::int64_t count = 0;
  for (const ModelParameter& parameter : model.parameters())
    if (parameter.shared_with.empty()) count += parameter.tensor.numel();
  return count;
}

TEST(Model, BertBaseTrainsAStep) {
  ModelConfig config = load_model("bert-base");
  const auto model = build_model(config, {});
  const Batch batch = make_batch(config, 1, 8, at::kCPU);
  const at::Tensor loss = model->loss(batch);
  loss.backward();
  EXPECT_NEAR(loss.item<double>(), std::log(30522.0), 1.0);
  EXPECT_EQ(count_parameters(*model), 109514298);
  for (const ModelParameter& parameter : model->parameters())
    EXPECT_TRUE(parameter.tensor.grad().defined()) << parameter.name;
}

}  // namespace
}  // namespace headroom::models
