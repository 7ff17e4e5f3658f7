// The recorder over small programs of its own, in this process: what it must see of allocations and of autograd.
#include "profiler/recorder.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <thread>

#include "profiler/event_log.h"
#include "recording/verify.h"
#include "worker.h"

namespace headroom::profiler {
namespace {

struct Scope {
  explicit Scope(const char* path) : record(at::RecordScope::USER_SCOPE) {
    if (record.isActive()) record.before(path);
  }
  at::RecordFunction record;
};

const std::vector<Layer> kLayers{{LayerId{0}, LayerId{0}, "model", LayerKind::model},
                                 {LayerId{1}, LayerId{0}, "first", LayerKind::ffn},
                                 {LayerId{2}, LayerId{0}, "second", LayerKind::ffn},
                                 {LayerId{3}, LayerId{0}, "loss", LayerKind::loss}};

at::Tensor parameter(at::IntArrayRef shape) { return at::ones(shape).set_requires_grad(true); }

// y = mean(second(tanh(first(x)))) with scopes, its backward, and what was recorded.
struct TwoLayers {
  at::Tensor w1 = parameter({5, 4}), w2 = parameter({3, 5}), x = at::ones({7, 4});
  Recording recording;

  explicit TwoLayers(bool tied = false) {
    if (tied) w2 = w1;
    Recorder recorder(at::kCPU);
    recorder.attribution().set_layers(kLayers);
    recorder.attribution().set_layer_of(w1.unsafeGetTensorImpl(), LayerId{1});
    if (!tied) recorder.attribution().set_layer_of(w2.unsafeGetTensorImpl(), LayerId{2});
    recorder.begin_phase(Phase::forward, 1);
    recorder.attribution().begin_forward();
    at::Tensor loss = forward(tied);
    recorder.begin_phase(Phase::backward, 1);
    recorder.attribution().begin_backward(LayerId{3});
    loss.backward();
    recorder.attribution().end_backward();
    recorder.tag(w1.grad(), Category::gradient, LayerId{1});
    if (!tied) recorder.tag(w2.grad(), Category::gradient, LayerId{2});
    recorder.stop();
    recorder.take(recording);
    recording.layers = kLayers;
  }

  at::Tensor forward(bool tied) const {
    at::Tensor hidden;
    {
      const Scope scope("first");
      hidden = at::linear(x, w1).tanh();
    }
    {
      const Scope scope("second");
      const Scope unknown("not a layer");
      hidden = at::linear(hidden, tied ? w2.t() : w2);
    }
    const Scope scope("loss");
    return hidden.mean();
  }

  // "phase op [shape] dtype" of the allocations of a layer, in order.
  std::vector<std::string> of(LayerId layer) const {
    std::vector<std::string> lines;
    const Events& e = recording.events;
    for (std::size_t i = 0; i < e.size(); ++i)
      if (e.action[i] == Action::alloc && e.layer[i] == layer)
        lines.push_back(std::string(to_name(kPhaseNames, e.phase[i])) + " " + recording.text(e.op[i]) + " " +
                        recording.text(e.tensor[i]));
    return lines;
  }
};

TEST(Attribution, ForwardBelongsToTheInnermostKnownScope) {
  const auto first = TwoLayers().of(LayerId{1});
  EXPECT_EQ(first.at(0), "forward aten::mm [7, 5] float32");
  EXPECT_EQ(first.at(1), "forward aten::tanh [7, 5] float32");
  EXPECT_EQ(TwoLayers().of(LayerId{2}).at(0), "forward aten::mm [7, 3] float32");
}

TEST(Attribution, BackwardBelongsToTheLayerWhoseForwardMadeTheNode) {
  const TwoLayers run;
  const std::vector<std::string> second = run.of(LayerId{2}), first = run.of(LayerId{1});
  EXPECT_EQ(std::vector(second.begin() + 1, second.end()),
            (std::vector<std::string>{"backward aten::mm [3, 5] float32", "backward aten::mm [7, 5] float32"}));
  EXPECT_EQ(
      std::vector(first.begin() + 2, first.end()),
      (std::vector<std::string>{"backward aten::tanh_backward [7, 5] float32", "backward aten::mm [5, 4] float32"}));
}

TEST(Attribution, TheLossAndItsGradientBelongToTheLoss) {
  EXPECT_EQ(TwoLayers().of(LayerId{3}),
            (std::vector<std::string>{"forward aten::mean [] float32", "forward aten::div_ ",
                                      "forward aten::_to_copy [] float32", "backward aten::ones_like [] float32",
                                      "backward aten::div ", "backward aten::_to_copy [] float32",
                                      "backward aten::div [7, 3] float32"}));
}

TEST(Attribution, NothingIsLeftToTheRoot) { EXPECT_EQ(TwoLayers().of(LayerId::root), std::vector<std::string>{}); }

TEST(Attribution, TheGradientOfATiedWeightCountsOnce) {
  const TwoLayers run(true);
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < run.recording.events.size(); ++i)
    if (run.recording.events.category[i] == Category::gradient) bytes += run.recording.events.requested_bytes[i];
  EXPECT_EQ(bytes, 5 * 4 * 4);
}

TEST(Attribution, AccumulatorsThatAllocateBelongToTheirParameter) {
  Recording recording;
  const at::Tensor weight = parameter({6});
  {
    Recorder recorder(at::kCPU);
    recorder.attribution().set_layers(kLayers);
    recorder.attribution().set_layer_of(weight.unsafeGetTensorImpl(), LayerId{2});
    recorder.begin_phase(Phase::backward, 1);
    recorder.attribution().begin_forward();
    const at::Tensor sum = weight.sum();  // its gradient is an expanded scalar, which the accumulator copies
    recorder.attribution().begin_backward(LayerId{3});
    sum.backward();
    recorder.stop();
    recorder.take(recording);
  }
  std::vector<LayerId> layers;
  for (std::size_t i = 0; i < recording.events.size(); ++i)
    if (recording.events.requested_bytes[i] == 24 && recording.events.action[i] == Action::alloc)
      layers.push_back(recording.events.layer[i]);
  EXPECT_EQ(layers, std::vector{LayerId{2}});
}

TEST(Attribution, AnOperatorThatOnlyAllocatesIsNamedWhenNothingElseIs) {
  Recording recording;
  {
    Recorder recorder(at::kCPU);
    at::ones({2, 3}, at::kLong);
    recorder.stop();
    recorder.take(recording);
  }
  ASSERT_EQ(recording.events.size(), 2u);
  EXPECT_EQ(recording.text(recording.events.op[0]), "aten::ones");
  EXPECT_EQ(recording.text(recording.events.tensor[0]), "[2, 3] int64");
}

TEST(Recorder, SumsEqualTheAllocatorsStatistics) {
  TwoLayers run;
  run.recording.model.parameter_count = 0;
  EXPECT_EQ(verify(run.recording), std::vector<std::string>{});
  EXPECT_GT(run.recording.stats.peak_allocated_bytes, 0);
}

TEST(Recorder, TagsReachTheBlockThatContainsAView) {
  Recording recording;
  {
    Recorder recorder(at::kCPU);
    const at::Tensor whole = at::empty({100});
    recorder.tag(whole.slice(0, 50), Category::input);
    recorder.stop();
    recorder.take(recording);
  }
  EXPECT_EQ(recording.events.category[0], Category::input);
}

TEST(Recorder, AFreeOnAThreadWithoutTheRecorderIsCountedWhenItShows) {
  Recording recording;
  {
    Recorder recorder(at::kCPU);
    for (int i = 0; i < 50; ++i) {
      at::Tensor tensor = at::empty({1 << 18});
      std::thread([&] { tensor.reset(); }).join();
    }
    recorder.stop();
    recorder.take(recording);
  }
  std::int64_t frees = 0;
  for (const Action action : recording.events.action) frees += action == Action::free;
  EXPECT_EQ(frees, recording.dropped_event_count);
  EXPECT_EQ(recording.events.size() - static_cast<std::size_t>(frees), 50u);
}

// The tests of recorder_on_cuda.cpp, each in a process of its own over the virtual GPU.
void run_over_virtual_gpu(const std::string& name) {
  EXPECT_EQ(testing_support::run_program({RECORDER_ON_CUDA, "--gtest_filter=RecorderOnCuda." + name},
                                         testing_support::worker_environment("virtual:a100-40gb")),
            0);
}

TEST(RecorderOnCuda, KeepsRequestedAndBlockBytes) { run_over_virtual_gpu("BothSizes"); }
TEST(RecorderOnCuda, CountsTheWholeOfABlockThatWasNotSplit) { run_over_virtual_gpu("UnsplitBlock"); }
TEST(RecorderOnCuda, IsExactForThreadsThatReportNothing) { run_over_virtual_gpu("ThreadsWithoutTheRecorder"); }
TEST(RecorderOnCuda, FollowsExpandableSegments) {
  setenv("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True", 1);
  run_over_virtual_gpu("ExpandableSegments");
  unsetenv("PYTORCH_CUDA_ALLOC_CONF");
}

}  // namespace
}  // namespace headroom::profiler
