// What the driver saw of a run, joined to the allocator's view: headroom-worker over the virtual GPU with --trace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

#include "recording/verify.h"
#include "worker.h"

namespace headroom {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::record;
using testing_support::run_worker;
using testing_support::tiny_model;
using testing_support::WorkerResult;

RunSpec traced(const std::string& model, TraceLevel level = TraceLevel::full) {
  RunSpec spec;
  spec.model = tiny_model(model);
  spec.batch = 2;
  spec.seq = 8;
  spec.device = "virtual:h100-80gb";
  spec.trace = level;
  return spec;
}

RunSpec untraced(const std::string& model) {
  RunSpec spec = traced(model);
  spec.trace.reset();
  return spec;
}

const std::string& path(const Recording& recording, LayerId layer) {
  return recording.layers.at(static_cast<std::size_t>(layer)).path;
}

std::size_t count(const Recording& recording, ActivityKind kind) {
  const auto& kinds = recording.activity.activities.kind;
  return static_cast<std::size_t>(std::count(kinds.begin(), kinds.end(), kind));
}

// What a layer launched, each kernel with its number of launches, in a phase of the last step.
std::map<std::string, int> kernels_of(const Recording& recording, const std::string& layer, Phase phase) {
  std::map<std::string, int> kernels;
  const Activities& a = recording.activity.activities;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a.kind[i] == ActivityKind::kernel && a.phase[i] == phase && a.step[i] == recording.spec.steps &&
        path(recording, a.layer[i]) == layer)
      ++kernels[recording.text(a.name[i])];
  return kernels;
}

class Traced : public ::testing::TestWithParam<const char*> {
 protected:
  const Recording& recording() { return record(traced(GetParam())); }
};

TEST_P(Traced, NothingIsLostAndThePromisesHold) {
  const DeviceActivity& activity = recording().activity;
  EXPECT_EQ(verify(recording()), std::vector<std::string>{});
  EXPECT_EQ(activity.level, TraceLevel::full);
  EXPECT_THAT(activity.tracer, HasSubstr("virtual"));
  EXPECT_THAT(activity.problems, ElementsAre());
  EXPECT_EQ(activity.dropped_count, 0);
  EXPECT_EQ(activity.damaged_count, 0);
  EXPECT_EQ(activity.unknown_count, 0);
  EXPECT_EQ(activity.outside_count, 0);
  EXPECT_EQ(activity.untimed_count, 0);
  EXPECT_EQ(activity.unreturned_count, 0);
  EXPECT_EQ(activity.unmatched_count, 0);
}

TEST_P(Traced, AVirtualGpuExecutesNothingAndSoNothingHasATime) {
  const Activities& a = recording().activity.activities;
  EXPECT_GT(count(recording(), ActivityKind::kernel), 100u);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a.kind[i] == ActivityKind::kernel || a.kind[i] == ActivityKind::copy || a.kind[i] == ActivityKind::set) {
      ASSERT_EQ(a.duration_ns[i], kNoDuration) << i;
    }
}

TEST_P(Traced, EqualBlocksLaunchEqualKernels) {
  std::map<std::string, std::set<std::string>> blocks;  // what is below a block, by its path with the number taken out
  for (const Layer& layer : recording().layers) {
    const auto first = layer.path.find(".0"), second = layer.path.find(".1");
    if (first != std::string::npos) blocks[layer.path.substr(0, first) + layer.path.substr(first + 2)].insert(layer.path);
    if (second != std::string::npos)
      blocks[layer.path.substr(0, second) + layer.path.substr(second + 2)].insert(layer.path);
  }
  int compared = 0;
  for (const Phase phase : {Phase::forward, Phase::backward})
    for (const auto& [name, pair] : blocks) {
      if (pair.size() != 2) continue;
      const auto kernels = kernels_of(recording(), *pair.begin(), phase);
      EXPECT_EQ(kernels, kernels_of(recording(), *pair.rbegin(), phase)) << name << " " << to_name(kPhaseNames, phase);
      compared += static_cast<int>(kernels.size());
    }
  EXPECT_GT(compared, 10);
}

// Where an operator allocates, the kernels it launches have the same layer, phase and step.
TEST_P(Traced, KernelsAreWhereAllocationsAre) {
  using Where = std::tuple<std::string, Phase, std::int32_t>;
  std::set<Where> launching, allocating;
  const Activities& a = recording().activity.activities;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a.kind[i] == ActivityKind::kernel) launching.emplace(path(recording(), a.layer[i]), a.phase[i], a.step[i]);
  const Events& events = recording().events;
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events.action[i] == Action::alloc && events.category[i] == Category::unresolved)
      allocating.emplace(path(recording(), events.layer[i]), events.phase[i], events.step[i]);
  for (const auto& [layer, phase, step] : allocating)
    if (phase == Phase::forward || phase == Phase::backward) {
      EXPECT_TRUE(launching.contains({layer, phase, step})) << layer << " " << to_name(kPhaseNames, phase) << " " << step;
    }
}

TEST_P(Traced, MemoryTakenFromTheDriverIsWhatTheAllocatorReserved) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> reserved, taken;
  const Recording& r = recording();
  for (std::size_t i = 0; i < r.events.size(); ++i)
    if (r.events.action[i] == Action::segment_alloc) reserved.emplace_back(r.events.address[i], r.events.block_bytes[i]);
  const Activities& a = r.activity.activities;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a.kind[i] == ActivityKind::memory && a.detail[i] == memory_detail(MemoryKind::device, MemoryOperation::allocate))
      taken.emplace_back(a.address[i], a.bytes[i]);
  EXPECT_EQ(taken, reserved);
}

TEST_P(Traced, TheDriversMemoryIsWhatTheAllocatorReservedAndNothingElse) {
  const Recording& r = recording();
  std::int64_t before = -1;
  std::set<SampleMoment> moments;
  for (const DriverMemorySample& sample : r.activity.samples) {
    if (sample.moment == SampleMoment::before_context) before = sample.used_bytes;
    std::int64_t reserved = 0;
    for (std::int64_t i = 0; i < sample.event; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (r.events.action[at] == Action::segment_alloc) reserved += r.events.block_bytes[at];
      if (r.events.action[at] == Action::segment_free) reserved -= r.events.block_bytes[at];
    }
    EXPECT_EQ(sample.used_bytes - before, reserved) << to_name(kSampleMomentNames, sample.moment);
    EXPECT_EQ(sample.total_bytes, r.environment.device_total_bytes);
    moments.insert(sample.moment);
  }
  EXPECT_THAT(moments, ElementsAre(SampleMoment::before_context, SampleMoment::traced, SampleMoment::reserved,
                                   SampleMoment::phase, SampleMoment::end));
}

TEST_P(Traced, EveryReservationThatSetsARecordIsSampled) {
  const Recording& r = recording();
  std::int64_t reserved = 0, most = 0;
  std::vector<std::int64_t> expected, sampled;
  for (std::size_t i = 0; i < r.events.size(); ++i) {
    if (r.events.action[i] == Action::segment_alloc) reserved += r.events.block_bytes[i];
    if (r.events.action[i] == Action::segment_free) reserved -= r.events.block_bytes[i];
    if (reserved > most) expected.push_back(static_cast<std::int64_t>(i) + 1);
    most = std::max(most, reserved);
  }
  for (const DriverMemorySample& sample : r.activity.samples)
    if (sample.moment == SampleMoment::reserved) sampled.push_back(sample.event);
  EXPECT_EQ(sampled, expected);
}

TEST_P(Traced, TheAllocatorsEventsAreThoseOfAnUntracedRun) {
  const Recording& plain = record(untraced(GetParam()));
  const Events &a = recording().events, &b = plain.events;
  EXPECT_EQ(a.action, b.action);
  EXPECT_EQ(a.address, b.address);
  EXPECT_EQ(a.requested_bytes, b.requested_bytes);
  EXPECT_EQ(a.block_bytes, b.block_bytes);
  EXPECT_EQ(a.layer, b.layer);
  EXPECT_EQ(a.phase, b.phase);
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.category, b.category);
  EXPECT_EQ(a.op, b.op);
  EXPECT_EQ(recording().stats.peak_reserved_bytes, plain.stats.peak_reserved_bytes);
  EXPECT_EQ(plain.activity.level, TraceLevel::none);
  EXPECT_EQ(plain.activity.activities.size(), 0u);
  EXPECT_EQ(plain.activity.samples.size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Models, Traced, ::testing::Values("bert", "gpt2", "llama"),
                         [](const auto& test) { return std::string(test.param); });

TEST(TraceLevels, MemoryHasCallsAndMemoryAndNoKernels) {
  const Recording& recording = record(traced("bert", TraceLevel::memory));
  EXPECT_EQ(recording.activity.level, TraceLevel::memory);
  EXPECT_GT(count(recording, ActivityKind::memory), 0u);
  EXPECT_GT(count(recording, ActivityKind::call), 0u);
  EXPECT_EQ(count(recording, ActivityKind::kernel), 0u);
  EXPECT_GT(recording.activity.samples.size(), 5u);
}

TEST(TraceFailures, AMissingLibraryEndsTracingAndNotTheRun) {
  const WorkerResult result = run_worker(traced("bert"), {{"HEADROOM_CUPTI", "/nowhere/libcupti.so"}});
  ASSERT_EQ(result.exit_code, 0) << result.messages;
  const DeviceActivity& activity = result.recording->activity;
  EXPECT_EQ(activity.level, TraceLevel::none);
  EXPECT_EQ(activity.tracer, "");
  EXPECT_THAT(activity.problems, ElementsAre(HasSubstr("/nowhere/libcupti.so")));
  EXPECT_EQ(activity.activities.size(), 0u);
  EXPECT_EQ(verify(*result.recording), std::vector<std::string>{});
}

TEST(TraceFailures, WhereCuptiIsRequiredNothingRunsWithoutIt) {
  RunSpec spec = traced("bert");
  spec.require_cupti = true;
  const WorkerResult result = run_worker(spec, {{"HEADROOM_CUPTI", "/nowhere/libcupti.so"}});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.messages, HasSubstr("/nowhere/libcupti.so"));
  EXPECT_FALSE(result.recording.has_value());
}

TEST(TraceFailures, OnTheCpuThereIsNothingToTrace) {
  RunSpec spec = traced("bert");
  spec.device = "cpu";
  const WorkerResult result = run_worker(spec);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.messages, HasSubstr("there is nothing to trace"));
}

}  // namespace
}  // namespace headroom
