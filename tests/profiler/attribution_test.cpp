// What whole models record, on the CPU and over the virtual GPU: categories and layers against what must be true of
// them.
#include <gtest/gtest.h>

#include <algorithm>

#include "sums.h"
#include "worker.h"

namespace headroom {
namespace {

using namespace testing_support;

RunSpec spec_of(const std::string& type, const std::string& device) {
  RunSpec spec;
  spec.model = tiny_model(type);
  spec.batch = 2;
  spec.seq = 16;
  spec.device = device;
  return spec;
}

std::int64_t parameter_bytes(const Recording& recording) {
  std::int64_t bytes = 0;
  for (const ParameterRecord& parameter : recording.parameters) bytes += parameter.bytes;
  return bytes;
}

// Without the optimizer's step counts, which live on the CPU.
std::int64_t moment_bytes(const Recording& recording) {
  std::int64_t bytes = 0;
  for (const Allocation& a : resolve_allocations(recording))
    if (a.category == Category::optimizer_state && recording.text(a.tensor) != "[] float32") bytes += a.requested_bytes;
  return bytes;
}

class EveryModel : public ::testing::TestWithParam<std::tuple<const char*, const char*>> {
 protected:
  RunSpec spec() const { return spec_of(std::get<0>(GetParam()), std::get<1>(GetParam())); }
};

TEST_P(EveryModel, ParametersGradientsAndStateEqualTheirClosedForms) {
  const Recording& recording = record(spec());
  const std::int64_t bytes = parameter_bytes(recording);
  EXPECT_GT(bytes, 100'000);
  EXPECT_EQ(bytes, recording.model.parameter_count * 4);
  EXPECT_EQ(total(recording, Category::parameter, 1), bytes);
  EXPECT_EQ(total(recording, Category::gradient, 1), bytes);
  EXPECT_EQ(total(recording, Category::gradient, 2), bytes);
  EXPECT_EQ(moment_bytes(recording), 2 * bytes);
}

TEST_P(EveryModel, EachLayersGradientsAndStateAreThoseOfItsParameters) {
  const Recording& recording = record(spec());
  std::map<std::string, std::int64_t> expected, gradients, moments;
  const auto path = [&](LayerId id) { return recording.layers[static_cast<std::size_t>(id)].path; };
  for (const ParameterRecord& parameter : recording.parameters)
    if (parameter.bytes > 0) expected[path(parameter.layer)] += parameter.bytes;
  for (const Allocation& a : resolve_allocations(recording)) {
    if (a.category == Category::gradient && a.step == 2) gradients[path(a.layer)] += a.requested_bytes;
    if (a.category == Category::optimizer_state && recording.text(a.tensor) != "[] float32")
      moments[path(a.layer)] += a.requested_bytes;
  }
  EXPECT_EQ(gradients, expected);
  for (auto& [layer, bytes] : expected) bytes *= 2;
  EXPECT_EQ(moments, expected);
}

TEST_P(EveryModel, OptimizerStateComesWithTheFirstStepAndStays) {
  const Recording& recording = record(spec());
  for (const Allocation& a : resolve_allocations(recording)) {
    if (a.category != Category::optimizer_state) continue;
    EXPECT_EQ(a.step, 1);
    EXPECT_EQ(a.phase, Phase::optimizer);
    EXPECT_EQ(a.end, kNeverFreed);
  }
}

TEST_P(EveryModel, TheSecondStepRepeatsTheFirstWithoutItsStateAndWorkspaces) {
  const Recording& recording = record(spec());
  const auto allocated = [&](std::int32_t step) {
    std::vector<std::string> lines;
    for (const Allocation& a : resolve_allocations(recording))
      if (a.step == step && a.category != Category::optimizer_state && a.category != Category::workspace)
        lines.push_back(recording.text(a.op) + recording.text(a.tensor) + std::to_string(a.requested_bytes));
    return lines;
  };
  EXPECT_EQ(allocated(1), allocated(2));
}

TEST_P(EveryModel, OnlyForeachTemporariesOfTheOptimizerBelongToTheRoot) {
  const Recording& recording = record(spec());
  for (const Allocation& a : resolve_allocations(recording)) {
    if (a.layer != LayerId::root || a.step == 0) continue;
    EXPECT_EQ(a.phase, Phase::optimizer) << recording.text(a.op) << " " << recording.text(a.tensor);
  }
}

TEST_P(EveryModel, TheBatchIsTaggedAsInput) {
  const Recording& recording = record(spec());
  EXPECT_EQ(total(recording, Category::input, 0), 2 * (2 * 16 * 8));  // tokens and labels, int64
}

TEST_P(EveryModel, RecordsTheSameTwice) {
  const Recording &once = record(spec()), again = record_again(spec());
  const Events &a = once.events, &b = again.events;
  EXPECT_EQ(a.action, b.action);
  EXPECT_EQ(a.requested_bytes, b.requested_bytes);
  EXPECT_EQ(a.block_bytes, b.block_bytes);
  EXPECT_EQ(a.layer, b.layer);
  EXPECT_EQ(a.phase, b.phase);
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.category, b.category);
  EXPECT_EQ(a.op, b.op);
  EXPECT_EQ(a.tensor, b.tensor);
  EXPECT_EQ(once.strings, again.strings);
  if (spec().device == "cpu") return;  // its addresses are the system's choice
  EXPECT_EQ(a.address, b.address);
}

TEST_P(EveryModel, EveryByteOfThePeakHasACategoryAndALayer) {
  const Breakdown breakdown = make_breakdown(record(spec()), "run");
  EXPECT_EQ(verify(breakdown), std::vector<std::string>{});
  EXPECT_EQ(breakdown.peak.allocated_bytes, breakdown.stats.peak_allocated_bytes);
  for (const Allocation& a : breakdown.allocations) {
    const bool of_the_build = a.step == 0;  // the model's buffers
    EXPECT_TRUE(of_the_build || a.category != Category::other) << breakdown.text(a.op) << breakdown.text(a.tensor);
  }
}

TEST_P(EveryModel, InferenceHasNoGradientsNoStateAndNoActivations) {
  RunSpec inference = spec();
  inference.mode = Mode::forward;
  const Recording& recording = record(inference);
  EXPECT_EQ(total(recording, Category::parameter, 1), parameter_bytes(recording));
  for (const Category category : {Category::gradient, Category::optimizer_state, Category::activation})
    EXPECT_EQ(total(recording, category, 2), 0);
}

INSTANTIATE_TEST_SUITE_P(Tiny, EveryModel,
                         ::testing::Combine(::testing::Values("bert", "gpt2", "llama"),
                                            ::testing::Values("cpu", "virtual:h100-80gb")),
                         [](const auto& test) {
                           const std::string device = std::get<1>(test.param);
                           return std::string(std::get<0>(test.param)) + (device == "cpu" ? "OnCpu" : "OnVirtualGpu");
                         });

TEST(Optimizers, ForeachHoldsTheRootsOfAllMomentsAtOnceTheOthersDoNot) {
  const auto temporaries = [](OptimizerImplementation implementation) {
    RunSpec spec = spec_of("bert", "virtual:h100-80gb");
    spec.optimizer_implementation = implementation;
    const Recording& recording = record(spec);
    std::int64_t live = 0, most = 0;
    std::map<std::uint64_t, std::int64_t> sizes;
    for (std::size_t i = 0; i < recording.events.size(); ++i) {
      const Events& e = recording.events;
      if (e.phase[i] != Phase::optimizer || e.step[i] != 2) continue;
      if (e.action[i] == Action::alloc) live += sizes[e.address[i]] = e.requested_bytes[i];
      if (e.action[i] == Action::free) live -= std::exchange(sizes[e.address[i]], 0);
      most = std::max(most, live);
    }
    return std::pair(most, parameter_bytes(recording));
  };
  const auto [foreach, parameters] = temporaries(OptimizerImplementation::foreach);
  EXPECT_EQ(foreach, parameters);
  EXPECT_EQ(temporaries(OptimizerImplementation::fused).first, 0);
  const auto for_loop = temporaries(OptimizerImplementation::for_loop).first;
  EXPECT_GT(for_loop, 0);
  EXPECT_LT(for_loop, parameters);
}

TEST(Optimizers, FusedKeepsItsStepCountsOnTheDevice) {
  RunSpec spec = spec_of("bert", "virtual:h100-80gb");
  const auto state = [&] { return total(record(spec), Category::optimizer_state, 2); };
  const std::int64_t foreach = state();
  spec.optimizer_implementation = OptimizerImplementation::fused;
  const Recording& recording = record(spec);
  const auto own = std::count_if(recording.parameters.begin(), recording.parameters.end(),
                                 [](const ParameterRecord& p) { return p.shared_with.empty(); });
  EXPECT_EQ(state(), foreach + 4 * own);
}

TEST(Optimizers, SgdKeepsNothing) {
  RunSpec spec = spec_of("bert", "virtual:h100-80gb");
  spec.optimizer = Optimizer::sgd;
  EXPECT_EQ(total(record(spec), Category::optimizer_state, 2), 0);
}

TEST(Optimizers, AdamAndAdamWTakeTheSame) {
  RunSpec spec = spec_of("gpt2", "virtual:h100-80gb");
  const Recording& adamw = record(spec);
  spec.optimizer = Optimizer::adam;
  EXPECT_EQ(record(spec).events.requested_bytes, adamw.events.requested_bytes);
}

TEST(Optimizers, WithoutOneThereIsNoOptimizerPhase) {
  RunSpec spec = spec_of("bert", "cpu");
  spec.optimizer = Optimizer::none;
  const Recording& recording = record(spec);
  EXPECT_TRUE(std::none_of(recording.marks.begin(), recording.marks.end(),
                           [](const Mark& mark) { return mark.phase == Phase::optimizer; }));
}

TEST(Autocast, KeepsParametersInFp32AndComputesInHalf) {
  RunSpec spec = spec_of("bert", "virtual:h100-80gb");
  const std::int64_t full = total(record(spec), Category::activation, 2);
  spec.dtype = Dtype::amp_bf16;
  const Recording& recording = record(spec);
  EXPECT_EQ(total(recording, Category::parameter, 2), recording.model.parameter_count * 4);
  EXPECT_NE(total(recording, Category::activation, 2), full);
  EXPECT_TRUE(std::any_of(recording.strings.begin(), recording.strings.end(),
                          [](const std::string& text) { return text.ends_with(" bfloat16"); }));
}

// Its casted weights are freed in the order of a table keyed by host addresses.
TEST(Autocast, RecordsTheSameTwice) {
  RunSpec spec = spec_of("gpt2", "virtual:h100-80gb");
  spec.dtype = Dtype::amp_bf16;
  const Recording &once = record(spec), again = record_again(spec);
  EXPECT_EQ(once.events.address, again.events.address);
  EXPECT_EQ(once.events.requested_bytes, again.events.requested_bytes);
  EXPECT_EQ(once.events.block_bytes, again.events.block_bytes);
}

}  // namespace
}  // namespace headroom
