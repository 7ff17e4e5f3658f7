// One contract over all devices: the same program asks for the same bytes on the CPU and over the virtual GPU wherever
// the same kernels are chosen, recorded bytes equal the closed forms, and nothing that runs is unimplemented.
//
// Compared between devices are requested bytes of parameters, gradients, saved activations and inputs, by layer, for
// eager attention. Left out, because the kernels differ: the optimizer's step counts (CPU tensors everywhere, recorded
// where the CPU is the device), temporaries (CUDA's reductions and cuBLAS take scratch, the CPU's copy transposed
// operands), and the fused SDPA kernels (each saves statistics of its own shape).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/catalog/attention.h"
#include "sums.h"
#include "worker.h"

namespace headroom {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

RunSpec spec_of(const std::string& model, const std::string& attention, const std::string& device) {
  RunSpec spec;
  spec.model = tiny_model(model);
  spec.attention = attention;
  spec.batch = 2;
  spec.seq = 16;
  spec.device = device;
  return spec;
}

std::vector<std::string> mechanisms_of(const std::string& model) {
  std::vector<std::string> names;
  for (const auto& mechanism : models::attention_mechanisms()) {
    try {
      models::with_attention(models::load_model(tiny_model(model)), mechanism.name);
      names.emplace_back(mechanism.name);
    } catch (const Error&) {
    }
  }
  return names;
}

// Without a gradient in the optimal forms of multiple-head embeddings: what adds the same to all scores of a row.
bool is_dead(const ParameterRecord& parameter, const std::string& mechanism, bool rotary) {
  if (!mechanism.ends_with("-optimal")) return false;
  if (parameter.name.ends_with(".key_embedding")) return mechanism == "mhe-add-optimal";
  return parameter.name.ends_with(".key.bias") && !rotary;
}

std::int64_t stepping_parameters(const Recording& recording, const std::string& mechanism, bool rotary) {
  return std::count_if(recording.parameters.begin(), recording.parameters.end(), [&](const ParameterRecord& p) {
    return p.shared_with.empty() && !is_dead(p, mechanism, rotary);
  });
}

void expect_closed_forms(const Recording& recording, std::size_t least) {
  const Breakdown breakdown = make_breakdown(recording, "run");
  std::size_t checked = 0;
  for (const ClosedFormCheck& check : breakdown.closed_forms) {
    if (check.recorded_bytes < 0) continue;
    ++checked;
    EXPECT_EQ(check.recorded_bytes, check.form.bytes)
        << to_json(recording.spec) << check.form.quantity << " of " << check.form.layer << ": " << check.form.formula;
  }
  EXPECT_GE(checked, least);
}

void expect_nothing_unimplemented(const Recording& recording) {
  for (const std::string& sentence : recording.assumptions)
    EXPECT_THAT(sentence, ::testing::Not(HasSubstr("not implemented"))) << to_json(recording.spec);
}

class Agreement : public ::testing::TestWithParam<const char*> {
 protected:
  RunSpec spec(const std::string& mechanism, const std::string& device) const {
    RunSpec spec = spec_of(GetParam(), mechanism, device);
    if (std::string(GetParam()) == "transformer-base") {  // 65 million parameters: one step without state
      spec.batch = 1;
      spec.seq = 8;
      spec.steps = 1;
      spec.optimizer = Optimizer::sgd;
    }
    return spec;
  }
};

TEST_P(Agreement, CpuAndVirtualGpuKeepTheSameBytesAndTheClosedFormsHold) {
  const bool rotary = models::is_rotary(models::load_model(tiny_model(GetParam())).positions);
  for (const std::string& mechanism : mechanisms_of(GetParam())) {
    SCOPED_TRACE(mechanism);
    const Recording& cpu = record(spec(mechanism, "cpu"));
    const Recording& gpu = record(spec(mechanism, "virtual:h100-80gb"));
    const std::vector<Category> kept{Category::parameter, Category::gradient, Category::activation, Category::input};
    const auto last = static_cast<std::int32_t>(cpu.spec.steps);
    EXPECT_EQ(layer_sums(cpu, kept, last), layer_sums(gpu, kept, last));
    const std::int64_t step_counts =
        cpu.spec.optimizer == Optimizer::sgd ? 0 : 4 * stepping_parameters(cpu, mechanism, rotary);
    EXPECT_EQ(total(cpu, Category::optimizer_state, last), total(gpu, Category::optimizer_state, last) + step_counts);
    expect_closed_forms(cpu, 5);
    expect_closed_forms(gpu, 5);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Agreement, ::testing::Values("bert", "gpt2", "llama", "transformer-base"),
                         [](const auto& test) { return std::string(test.param).substr(0, 5); });

TEST(FusedAttention, KeepsTheBytesOfItsClosedForm) {
  for (const char* model : {"bert", "gpt2", "llama"})
    for (const Sdpa sdpa : {Sdpa::flash, Sdpa::efficient})
      for (const std::string& mechanism : mechanisms_of(model)) {
        if (!models::attention_mechanism(mechanism).undefined.fused.empty()) continue;
        // Kernels want heads of a multiple of 8, which half of them for rotary positions is not here.
        const bool half = mechanism == "mla" && std::string(model) == "llama";
        RunSpec spec = spec_of(model, half ? "mla:rope=8" : mechanism, "virtual:h100-80gb");
        spec.sdpa = sdpa;
        spec.seq = 32;
        spec.dtype = Dtype::bf16;
        const bool of_its_own = mechanism == "mqa" || mechanism == "gqa";
        expect_closed_forms(record(spec), sdpa == Sdpa::efficient && of_its_own ? 3 : 5);
      }
}

bool is_implemented(Optimizer optimizer, OptimizerImplementation implementation) {
  const bool one_way =
      optimizer == Optimizer::none || optimizer == Optimizer::adafactor || optimizer == Optimizer::adam_8bit;
  return !one_way || implementation == OptimizerImplementation::foreach;
}

void expect_agreement(RunSpec spec, std::size_t forms) {
  spec.optimizer = Optimizer::sgd;
  spec.device = "cpu";
  const Recording& cpu = record(spec);
  spec.device = "virtual:h100-80gb";
  const Recording& gpu = record(spec);
  const std::vector<Category> kept{Category::parameter, Category::gradient, Category::activation, Category::input};
  EXPECT_EQ(layer_sums(cpu, kept, 2), layer_sums(gpu, kept, 2)) << to_json(spec);
  expect_closed_forms(cpu, forms);
  expect_closed_forms(gpu, forms);
  expect_nothing_unimplemented(gpu);
}

TEST(Mixtures, KeepTheSameBytesOnBothDevicesAndThoseOfTheirClosedForms) {
  for (const char* model : {"mixtral", "deepseek_v3"})
    for (const Dtype dtype : {Dtype::fp32, Dtype::bf16}) {
      RunSpec spec = spec_of(model, "", "");
      spec.dtype = dtype;
      if (dtype == Dtype::bf16) spec.capacity_factor = 1.5;
      expect_agreement(spec, 9);
    }
}

TEST(Mixtures, StateTheirCapacityAndRunUnderAutocast) {
  RunSpec spec = spec_of("deepseek_v3", "", "virtual:h100-80gb");
  spec.dtype = Dtype::amp_bf16;
  const Recording& recording = record(spec);
  EXPECT_EQ(recording.outcome.kind, OutcomeKind::ok);
  EXPECT_THAT(recording.assumptions, ::testing::Contains(HasSubstr("Each of 8 experts has room for 8 of 32 tokens")));
}

TEST(Mixtures, OfDeepSeekV3RunOutOfMemoryWhileTheyAreBuilt) {
  const WorkerResult result = run_worker({.model = "deepseek-v3", .dtype = Dtype::bf16, .device = "virtual:h100-80gb"});
  ASSERT_EQ(result.exit_code, 0) << result.messages;
  EXPECT_EQ(result.recording->outcome.kind, OutcomeKind::oom);
  EXPECT_EQ(result.recording->outcome.phase, "build");
}

TEST(TransformerXl, KeepsTheSameBytesOnBothDevicesAndThoseOfItsClosedForm) {
  RunSpec plain = spec_of("gpt2", "", "");
  plain.positions = "transformer-xl";
  expect_agreement(plain, 5);
  RunSpec spec = spec_of("gpt2", "", "virtual:h100-80gb");
  spec.positions = "transformer-xl";
  spec.dtype = Dtype::bf16;  // the processor keeps a norm's statistics in it, a GPU in fp32
  expect_closed_forms(record(spec), 5);
  spec.dtype = Dtype::amp_bf16;
  EXPECT_EQ(record(spec).outcome.kind, OutcomeKind::ok);
}

TEST(Presets, OfEveryMakeTakeTheBytesOfTheirClosedForms) {
  const std::pair<const char*, std::int64_t> presets[] = {
      {"albert-base", 32},      {"edgebert", 32},        {"mobilebert", 32},     {"canine-s", 256},
      {"fnet-base", 32},        {"hashformer-pool", 32}, {"hashformer-add", 32}, {"hashformer-proj", 32},
      {"longformer-base", 512}, {"bigbird-base", 1024},  {"gopher-44m", 32},     {"reformer-crime", 1024}};
  for (const auto& [preset, seq] : presets) {
    RunSpec spec{.model = preset, .seq = seq, .steps = 1, .device = "virtual:h100-80gb"};
    SCOPED_TRACE(preset);
    const Recording& recording = record(spec);
    EXPECT_EQ(recording.outcome.kind, OutcomeKind::ok);
    expect_closed_forms(recording, 9);
    expect_nothing_unimplemented(recording);
  }
}

class VirtualDevices : public ::testing::TestWithParam<const char*> {
 protected:
  static void expect_run(const RunSpec& spec) {
    SCOPED_TRACE(to_json(spec).dump());
    const Recording& recording = record(spec);
    EXPECT_EQ(recording.outcome.kind, OutcomeKind::ok);
    EXPECT_EQ(recording.marks.size(), spec.optimizer == Optimizer::none ? 5u : 7u);
    expect_nothing_unimplemented(recording);
  }
};

TEST_P(VirtualDevices, RunEveryDtypeWithEveryAttentionBackend) {
  for (const auto& [dtype, name] : kDtypeNames)
    for (const auto& [sdpa, sdpa_name] : kSdpaNames) {
      if (dtype == Dtype::fp32 && sdpa == Sdpa::flash) continue;  // refused: no such kernel
      RunSpec spec = spec_of("bert", "", GetParam());
      spec.dtype = dtype;
      spec.sdpa = sdpa;
      expect_run(spec);
    }
}

TEST_P(VirtualDevices, RunEveryOptimizerInEveryDtype) {
  for (const auto& [optimizer, name] : kOptimizerNames)
    for (const auto& [implementation, implementation_name] : kOptimizerImplementationNames)
      for (const Dtype dtype : {Dtype::fp32, Dtype::fp16, Dtype::bf16}) {
        if (!is_implemented(optimizer, implementation)) continue;
        RunSpec spec = spec_of("gpt2", "", GetParam());
        spec.optimizer = optimizer;
        spec.optimizer_implementation = implementation;
        spec.dtype = dtype;
        expect_run(spec);
      }
}

INSTANTIATE_TEST_SUITE_P(Devices, VirtualDevices,
                         ::testing::Values("virtual:h100-80gb", "virtual:a100-40gb", "virtual:rtx4090-24gb"),
                         [](const auto& test) { return std::string(test.param).substr(8, 4); });

TEST(Cpu, RunsEveryDtypeWithEveryAttentionBackendItHas) {
  for (const auto& [dtype, name] : kDtypeNames)
    for (const Sdpa sdpa : {Sdpa::eager, Sdpa::math, Sdpa::flash}) {
      RunSpec spec = spec_of("llama", "", "cpu");
      spec.dtype = dtype;
      spec.sdpa = sdpa;
      EXPECT_EQ(record(spec).outcome.kind, OutcomeKind::ok);
      expect_closed_forms(record(spec), 3);
    }
}

TEST(Cpu, RunsEveryOptimizer) {
  for (const auto& [optimizer, name] : kOptimizerNames)
    for (const auto& [implementation, implementation_name] : kOptimizerImplementationNames) {
      if (!is_implemented(optimizer, implementation)) continue;
      RunSpec spec = spec_of("bert", "", "cpu");
      spec.optimizer = optimizer;
      spec.optimizer_implementation = implementation;
      EXPECT_EQ(record(spec).outcome.kind, OutcomeKind::ok);
    }
}

}  // namespace
}  // namespace headroom
