// How models train, recorded: optimizers, checkpointing, accumulation, clipping and the chunked loss against their
// closed forms.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "sums.h"
#include "worker.h"

namespace headroom {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

constexpr const char* kVirtual = "virtual:h100-80gb";

RunSpec spec_of(const std::string& type, const std::string& device = kVirtual) {
  RunSpec spec;
  spec.model = tiny_model(type);
  spec.batch = 2;
  spec.seq = 16;
  spec.device = device;
  return spec;
}

std::int64_t elements(const ParameterRecord& parameter) {
  std::int64_t count = 1;
  for (const std::int64_t size : parameter.shape) count *= size;
  return count;
}

std::int64_t sum_over(const Recording& recording, const std::function<std::int64_t(const ParameterRecord&)>& bytes) {
  std::int64_t sum = 0;
  for (const ParameterRecord& parameter : recording.parameters)
    if (parameter.shared_with.empty()) sum += bytes(parameter);
  return sum;
}

std::int64_t state_bytes(const Recording& recording) {
  return total(recording, Category::optimizer_state, static_cast<std::int32_t>(recording.spec.steps));
}

std::int64_t most_at_once(const Recording& recording, std::int32_t step) {
  std::int64_t live = 0, most = 0;
  std::map<std::uint64_t, std::int64_t> sizes;
  const Events& e = recording.events;
  for (std::size_t i = 0; i < e.size(); ++i) {
    if (e.action[i] == Action::alloc) live += sizes[e.address[i]] = e.requested_bytes[i];
    if (e.action[i] == Action::free) live -= std::exchange(sizes[e.address[i]], 0);
    if (e.step[i] == step) most = std::max(most, live);
  }
  return most;
}

std::size_t expect_closed_forms(const Recording& recording) {
  std::size_t checked = 0;
  for (const ClosedFormCheck& check : make_breakdown(recording, "run").closed_forms) {
    if (check.recorded_bytes < 0) continue;
    ++checked;
    EXPECT_EQ(check.recorded_bytes, check.form.bytes)
        << to_json(recording.spec) << check.form.quantity << " of " << check.form.layer << ": " << check.form.formula;
  }
  return checked;
}

TEST(OptimizerState, OfSgdWithMomentumIsOneMomentum) {
  for (const char* model : {"bert", "gpt2"})
    for (const auto implementation :
         {OptimizerImplementation::foreach, OptimizerImplementation::fused, OptimizerImplementation::for_loop}) {
      RunSpec spec = spec_of(model);
      spec.optimizer = Optimizer::sgd;
      spec.momentum = 0.9;
      spec.optimizer_implementation = implementation;
      const Recording& recording = record(spec);
      EXPECT_EQ(state_bytes(recording), recording.model.parameter_count * 4);
    }
}

TEST(OptimizerState, OfAdafactorIsRowsColumnsAndOneScalar) {
  for (const char* device : {kVirtual, "cpu"})
    for (const char* model : {"bert", "gpt2", "llama"}) {
      RunSpec spec = spec_of(model, device);
      spec.optimizer = Optimizer::adafactor;
      const Recording& recording = record(spec);
      const auto expected = sum_over(recording, [](const ParameterRecord& p) {
        const std::int64_t factors = p.shape.size() == 2 ? p.shape[0] + p.shape[1] : elements(p);
        return 4 * (factors + 1);
      });
      std::int64_t recorded = 0;
      for (const Allocation& a : resolve_allocations(recording))
        if (a.category == Category::optimizer_state && a.end == kNeverFreed) recorded += a.requested_bytes;
      EXPECT_EQ(recorded, expected) << device << " " << model;
    }
}

TEST(OptimizerState, OfAdafactorIsFp32WhereParametersAreHalf) {
  RunSpec spec = spec_of("llama");
  spec.optimizer = Optimizer::adafactor;
  const auto kept = [&] {
    std::int64_t bytes = 0;
    for (const Allocation& a : resolve_allocations(record(spec)))
      if (a.category == Category::optimizer_state && a.end == kNeverFreed) bytes += a.requested_bytes;
    return bytes;
  };
  const std::int64_t full = kept();
  spec.dtype = Dtype::bf16;
  EXPECT_EQ(kept(), full);
}

TEST(OptimizerState, OfEightBitAdamIsTwoBytesAndTheMaximaOfBlocks) {
  for (const char* device : {kVirtual, "cpu"})
    for (const Dtype dtype : {Dtype::fp32, Dtype::bf16})
      for (const char* model : {"bert", "gpt2", "llama"}) {
        RunSpec spec = spec_of(model, device);
        spec.optimizer = Optimizer::adam_8bit;
        spec.dtype = dtype;
        const Recording& recording = record(spec);
        const auto expected = sum_over(recording, [](const ParameterRecord& p) {
          const std::int64_t n = elements(p);
          return n >= 4096 ? 2 * n + 8 * ((n + 255) / 256) : 8 * n;
        });
        EXPECT_EQ(state_bytes(recording), expected + 2 * 256 * 4) << device << " " << model;
        EXPECT_LT(state_bytes(recording), recording.model.parameter_count * 8);
      }
}

TEST(OptimizerState, EachParametersBelongsToItsLayer) {
  for (const Optimizer optimizer : {Optimizer::adafactor, Optimizer::adam_8bit}) {
    RunSpec spec = spec_of("gpt2");
    spec.optimizer = optimizer;
    const Recording& recording = record(spec);
    std::set<LayerId> with_parameters, with_state;
    for (const ParameterRecord& p : recording.parameters)
      if (p.bytes > 0) with_parameters.insert(p.layer);
    for (const Allocation& a : resolve_allocations(recording))
      if (a.category == Category::optimizer_state && a.layer != LayerId::root) with_state.insert(a.layer);
    EXPECT_EQ(with_state, with_parameters);
  }
}

class Checkpointed : public ::testing::TestWithParam<std::tuple<const char*, const char*, Dtype>> {
 protected:
  RunSpec spec() const {
    RunSpec spec = spec_of(std::get<0>(GetParam()), std::get<1>(GetParam()));
    spec.dtype = std::get<2>(GetParam());
    spec.checkpoint = Checkpoint::block;
    spec.dropout = 0.1;
    return spec;
  }
};

TEST_P(Checkpointed, BlocksKeepTheirInputsAloneAndAttentionIsComputedAgain) {
  EXPECT_GE(expect_closed_forms(record(spec())), 6u);  // parameters, two attentions twice, a block or two
}

TEST_P(Checkpointed, NothingElseInsideABlockIsKept) {
  const Recording& recording = record(spec());
  std::map<std::string, std::int64_t> kept;
  for (const Allocation& a : resolve_allocations(recording)) {
    const std::string& path = recording.layers[static_cast<std::size_t>(a.layer)].path;
    const auto at = path.find(".layer.");
    if (a.category == Category::activation && a.phase == Phase::forward && a.step == 2 && at != std::string::npos)
      kept[path.substr(0, at + 8)] += a.requested_bytes;
  }
  const std::int64_t element_bytes = spec().dtype == Dtype::fp32 ? 4 : 2;
  const std::int64_t width = recording.model.config.at("d_model").get<std::int64_t>();
  for (const auto& [block, bytes] : kept) EXPECT_EQ(bytes, 2 * 16 * width * element_bytes) << block;
  EXPECT_FALSE(kept.empty());
}

TEST_P(Checkpointed, TheRecomputationIsAPhaseOfItsOwnAndBackwardGoesOnAfterIt) {
  const Recording& recording = record(spec());
  std::string phases;
  for (const Mark& mark : recording.marks)
    if (mark.step == 2) phases += std::string(to_name(kPhaseNames, mark.phase)) + " ";
  EXPECT_EQ(phases, "forward backward recompute backward recompute backward optimizer ");
}

TEST_P(Checkpointed, GradientsAndTheirLayersAreThoseOfTheUncheckedRun) {
  RunSpec unchecked = spec();
  unchecked.checkpoint = Checkpoint::none;
  const std::vector<Category> same{Category::parameter, Category::gradient};
  EXPECT_EQ(layer_sums(record(spec()), same, 2), layer_sums(record(unchecked), same, 2));
}

TEST_P(Checkpointed, WhatIsComputedAgainBelongsToItsLayer) {
  const Recording& recording = record(spec());
  std::set<std::string> kinds;
  for (const Allocation& a : resolve_allocations(recording)) {
    if (a.phase != Phase::recompute || a.step != 2) continue;
    const Layer& layer = recording.layers[static_cast<std::size_t>(a.layer)];
    EXPECT_THAT(layer.path, HasSubstr(".layer.")) << recording.text(a.op);
    kinds.insert(std::string(to_name(kLayerKindNames, layer.kind)));
  }
  for (const char* kind : {"attention", "ffn", "norm"}) EXPECT_TRUE(kinds.contains(kind)) << kind;
}

INSTANTIATE_TEST_SUITE_P(Tiny, Checkpointed,
                         ::testing::Combine(::testing::Values("bert", "gpt2", "llama"), ::testing::Values(kVirtual),
                                            ::testing::Values(Dtype::fp32, Dtype::bf16)),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param)) +
                                  (std::get<2>(test.param) == Dtype::fp32 ? "Fp32" : "Bf16");
                         });

TEST(Checkpoint, LowersThePeakOfALongSequence) {
  RunSpec spec = spec_of("gpt2");
  spec.seq = 64;
  spec.batch = 32;
  const std::int64_t unchecked = most_at_once(record(spec), 2);
  spec.checkpoint = Checkpoint::block;
  EXPECT_LT(most_at_once(record(spec), 2), unchecked);
}

TEST(Checkpoint, WorksUnderAutocastWithEveryKernel) {
  for (const Sdpa sdpa : {Sdpa::eager, Sdpa::math, Sdpa::flash, Sdpa::efficient}) {
    RunSpec spec = spec_of("gpt2");
    spec.sdpa = sdpa;
    spec.dtype = Dtype::amp_bf16;
    spec.checkpoint = Checkpoint::block;
    EXPECT_EQ(record(spec).outcome.kind, OutcomeKind::ok);
  }
}

RunSpec reformer_spec(const char* device, Dtype dtype) {
  RunSpec spec = spec_of("reformer-crime", device);
  spec.seq = 128;
  spec.dtype = dtype;
  spec.dropout = 0.1;
  return spec;
}

TEST(Reversible, LayersKeepTheirStreamsAndHashesAndAttentionIsComputedAgain) {
  for (const char* device : {"cpu", kVirtual})
    for (const Dtype dtype : {Dtype::fp32, Dtype::bf16}) {
      const Recording& recording = record(reformer_spec(device, dtype));
      EXPECT_GE(expect_closed_forms(recording), 1u + 1u + 6u * 3u) << device;
      for (const Allocation& a : resolve_allocations(recording)) {
        const Layer& layer = recording.layers[static_cast<std::size_t>(a.layer)];
        if (a.category != Category::activation || a.phase != Phase::forward || a.step != 2) continue;
        EXPECT_TRUE(layer.path.find(".layer.") == std::string::npos || layer.kind == LayerKind::attention)
            << layer.path << " " << recording.text(a.op);
      }
    }
}

TEST(Reversible, EachSublayerRunsAgainInAPhaseOfItsOwn) {
  const Recording& recording = record(reformer_spec(kVirtual, Dtype::fp32));
  std::string phases, expected = "forward backward ";
  for (const Mark& mark : recording.marks)
    if (mark.step == 2) phases += std::string(to_name(kPhaseNames, mark.phase)) + " ";
  for (int i = 0; i < 12; ++i) expected += "recompute backward ";
  EXPECT_EQ(phases, expected + "optimizer ");
  for (const Allocation& a : resolve_allocations(recording)) {
    if (a.phase != Phase::recompute || a.step != 2) continue;
    const Layer& layer = recording.layers[static_cast<std::size_t>(a.layer)];
    EXPECT_THAT(layer.path, HasSubstr(".layer.")) << recording.text(a.op);
  }
}

TEST(Reversible, RunsUnderAutocast) {
  EXPECT_EQ(record(reformer_spec(kVirtual, Dtype::amp_bf16)).outcome.kind, OutcomeKind::ok);
}

TEST(Accumulate, KeepsTheActivationsOfOneMicroBatchAndOneSetOfGradients) {
  for (const char* model : {"bert", "llama"}) {
    RunSpec spec = spec_of(model);
    const Recording& once = record(spec);
    spec.accumulate = 3;
    const Recording& thrice = record(spec);
    EXPECT_GE(expect_closed_forms(thrice), 5u);
    const auto backwards = std::count_if(thrice.marks.begin(), thrice.marks.end(), [](const Mark& mark) {
      return mark.phase == Phase::backward && mark.step == 2;
    });
    EXPECT_EQ(backwards, 3);
    std::int64_t gradients = 0;
    for (const Allocation& a : resolve_allocations(thrice))
      if (a.category == Category::gradient && a.step == 2 && a.end == kNeverFreed) gradients += a.requested_bytes;
    EXPECT_EQ(gradients, once.model.parameter_count * 4);
  }
}

TEST(Clip, TakesAFewNumbersPerParameterAndChangesNothingElse) {
  RunSpec spec = spec_of("gpt2");
  spec.optimizer_implementation = OptimizerImplementation::fused;
  const Recording& plain = record(spec);
  spec.clip = 1.0;
  const Recording& clipped = record(spec);
  const auto of_step = [](const Recording& recording) {
    std::int64_t bytes = 0;
    for (const Allocation& a : resolve_allocations(recording))
      if (a.phase == Phase::optimizer && a.step == 2) bytes += a.requested_bytes;
    return bytes;
  };
  EXPECT_EQ(of_step(plain), 0);
  EXPECT_GT(of_step(clipped), 4 * static_cast<std::int64_t>(clipped.parameters.size()) / 2);
  EXPECT_LT(of_step(clipped), 64 << 10);
  EXPECT_EQ(total(plain, Category::gradient, 2), total(clipped, Category::gradient, 2));
  EXPECT_EQ(state_bytes(plain), state_bytes(clipped));
}

TEST(GradScaler, KeepsTwoScalarsUnderFp16AutocastAlone) {
  for (const auto implementation : {OptimizerImplementation::foreach, OptimizerImplementation::fused}) {
    RunSpec spec = spec_of("gpt2");
    spec.optimizer_implementation = implementation;
    spec.dtype = Dtype::amp_bf16;
    const std::int64_t without = state_bytes(record(spec));
    spec.dtype = Dtype::amp_fp16;
    EXPECT_EQ(state_bytes(record(spec)), without + 8);
    spec.clip = 1.0;
    EXPECT_EQ(state_bytes(record(spec)), without + 8);
  }
}

TEST(LossChunk, NeverHoldsMoreLogitsThanItsTokens) {
  for (const char* model : {"bert", "gpt2"}) {
    RunSpec spec = spec_of(model);
    spec.loss_chunk = 8;
    const Recording& recording = record(spec);
    const std::int64_t vocabulary = recording.model.config.at("vocab_size").get<std::int64_t>();
    const std::string suffix = ", " + std::to_string(vocabulary) + "] float32";
    std::int64_t most = 0;
    for (const Allocation& a : resolve_allocations(recording))
      if (recording.text(a.tensor).ends_with(suffix)) most = std::max(most, a.requested_bytes);
    EXPECT_EQ(most, 8 * vocabulary * 4);
    EXPECT_EQ(total(recording, Category::gradient, 2), recording.model.parameter_count * 4);
  }
}

TEST(LossChunk, IsRefusedWhereThereIsNoVocabulary) {
  // Asked of the worker: the command line does not know the model's head.
  RunSpec spec = spec_of("gpt2");
  spec.loss_chunk = 8;
  spec.mode = Mode::forward;
  const WorkerResult result = run_worker(spec);
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.messages, HasSubstr("--loss-chunk is of training"));
}

TEST(Training, AllOfItAtOnceOnTheProcessorAndOnTheVirtualGpu) {
  for (const char* device : {"cpu", kVirtual})
    for (const char* model : {"bert", "gpt2", "llama"})
      for (const Optimizer optimizer : {Optimizer::sgd, Optimizer::adafactor, Optimizer::adam_8bit, Optimizer::adamw}) {
        RunSpec spec = spec_of(model, device);
        spec.optimizer = optimizer;
        spec.momentum = optimizer == Optimizer::sgd ? 0.9 : 0;
        spec.checkpoint = Checkpoint::block;
        spec.accumulate = 2;
        spec.clip = 1.0;
        spec.loss_chunk = 8;
        const Recording& recording = record(spec);
        EXPECT_EQ(recording.outcome.kind, OutcomeKind::ok);
        expect_closed_forms(recording);
        EXPECT_EQ(verify(make_breakdown(recording, "run")), std::vector<std::string>{});
        for (const std::string& sentence : recording.assumptions)
          EXPECT_THAT(sentence, ::testing::Not(HasSubstr("not implemented")));
      }
}

}  // namespace
}  // namespace headroom
