// Traced programs: what their recordings say of kernels, copies and the driver's memory, and what becomes of a trace when
// the program ends badly, forks, uses several devices or torch.profiler, or CUPTI is not to be had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/json.h"
#include "tests/attach/attached.h"

namespace headroom {
namespace {

using attach_test::attach;
using attach_test::Attached;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kFull = R"(, "trace": "full")";
const std::string kRequired = R"(, "trace": "full", "require_cupti": true)";
const std::string kNoCupti = "HEADROOM_CUPTI=/nowhere/libcupti.so";

using Where = std::tuple<std::string, Phase, std::int32_t>;  // layer, phase, step
using Kernels = std::map<std::string, int>;                  // launches by name

const std::string& path(const Recording& recording, LayerId layer) {
  return recording.layers.at(static_cast<std::size_t>(layer)).path;
}

// What was launched where.
std::map<Where, Kernels> kernels_of(const Recording& recording) {
  std::map<Where, Kernels> out;
  const Activities& a = recording.activity.activities;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a.kind[i] == ActivityKind::kernel)
      ++out[{path(recording, a.layer[i]), a.phase[i], a.step[i]}][recording.text(a.name[i])];
  return out;
}

std::map<std::int32_t, int> kernels_by_step(const Recording& recording) {
  std::map<std::int32_t, int> out;
  for (const auto& [where, kernels] : kernels_of(recording))
    for (const auto& [name, count] : kernels) out[std::get<2>(where)] += count;
  return out;
}

int kernel_count(const Recording& recording) {
  int out = 0;
  for (const auto& [step, count] : kernels_by_step(recording)) out += count;
  return out;
}

std::int64_t copied_to_device(const Recording& recording) {
  std::int64_t bytes = 0;
  const Activities& a = recording.activity.activities;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a.kind[i] == ActivityKind::copy && a.detail[i] == static_cast<std::uint32_t>(CopyKind::host_to_device))
      bytes += a.bytes[i];
  return bytes;
}

std::int64_t moved_bytes(const Json& words) {
  return words.at("model_bytes").get<std::int64_t>() + words.at("batch_bytes").get<std::int64_t>();
}

// The program's own words: its last line.
Json words_of(const Attached& run) {
  const auto end = run.output.find_last_not_of('\n');
  const auto begin = run.output.rfind('\n', end);
  const std::string line = run.output.substr(begin == std::string::npos ? 0 : begin + 1);
  EXPECT_TRUE(line.starts_with('{')) << run.output;
  return line.starts_with('{') ? Json::parse(line) : Json::object();
}

void expect_nothing_lost(const Recording& recording) {
  const DeviceActivity& activity = recording.activity;
  EXPECT_EQ(activity.level, TraceLevel::full);
  EXPECT_EQ(activity.tracer, "CUPTI of the virtual GPU");
  EXPECT_THAT(activity.problems, IsEmpty());
  for (const std::int64_t count :
       {activity.dropped_count, activity.damaged_count, activity.unknown_count, activity.outside_count,
        activity.untimed_count, activity.unreturned_count, activity.unmatched_count})
    EXPECT_EQ(count, 0);
}

const Attached& traced_bert() {
  static const Attached run = attach("counting.py", "bert", "h100-80gb", kFull);
  return run;
}

TEST(TracedProgram, EveryLaunchOfTheProgramIsAKernel) {
  expect_nothing_lost(traced_bert().only());
  EXPECT_EQ(kernel_count(traced_bert().only()), words_of(traced_bert()).at("launches"));
}

TEST(TracedProgram, BytesCopiedAreTheModelsAndTheBatches) {
  EXPECT_EQ(copied_to_device(traced_bert().only()), moved_bytes(words_of(traced_bert())));
}

TEST(TracedProgram, EqualLayersLaunchEqualKernels) {
  const auto kernels = kernels_of(traced_bert().only());
  std::size_t compared = 0;
  for (const auto& [where, launched] : kernels) {
    const auto& [layer, phase, step] = where;
    const auto at = layer.find("layer.0");
    if (at == std::string::npos || phase == Phase::build) continue;
    for (const char* other : {"layer.1", "layer.2"}) {
      const auto same = kernels.find({std::string(layer).replace(at, 7, other), phase, step});
      ASSERT_NE(same, kernels.end()) << layer << " " << other;
      EXPECT_EQ(same->second, launched) << layer << " " << other << " " << to_name(kPhaseNames, phase);
    }
    compared += launched.size();
  }
  EXPECT_GT(compared, 40u);
}

TEST(TracedProgram, KernelsHaveALayerWhereAnAllocationWould) {
  const Recording& recording = traced_bert().only();
  const auto kernels = kernels_of(recording);
  std::set<std::string> allocating;
  const Events& events = recording.events;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events.action[i] != Action::alloc) continue;
    allocating.insert(path(recording, events.layer[i]));
    if (events.phase[i] != Phase::forward && events.phase[i] != Phase::backward) continue;
    EXPECT_TRUE(kernels.contains({path(recording, events.layer[i]), events.phase[i], events.step[i]}) ||
                recording.text(events.op[i]).find("copy") != std::string::npos ||
                recording.text(events.op[i]).find("empty") != std::string::npos)
        << path(recording, events.layer[i]) << " " << recording.text(events.op[i]);
  }
  for (const auto& [where, launched] : kernels)
    if (std::get<1>(where) == Phase::forward || std::get<1>(where) == Phase::backward) {
      EXPECT_TRUE(allocating.contains(std::get<0>(where))) << std::get<0>(where) << " " << launched.begin()->first;
    }
}

TEST(TracedProgram, TheAllocatorsEventsAreThoseOfAnUntracedOne) {
  const Recording traced = attach("train.py", "normally", "h100-80gb", kFull).only();
  const Recording plain = attach("train.py", "normally").only();
  EXPECT_EQ(traced.events.action, plain.events.action);
  EXPECT_EQ(traced.events.address, plain.events.address);
  EXPECT_EQ(traced.events.requested_bytes, plain.events.requested_bytes);
  EXPECT_EQ(traced.events.block_bytes, plain.events.block_bytes);
  EXPECT_EQ(traced.events.layer, plain.events.layer);
  EXPECT_EQ(traced.events.phase, plain.events.phase);
  EXPECT_EQ(traced.events.category, plain.events.category);
  EXPECT_EQ(plain.activity.activities.size(), 0u);
}

TEST(TracedProgram, MemoryAloneHasNoKernels) {
  const Recording recording = attach("train.py", "normally", "h100-80gb", R"(, "trace": "memory")").only();
  EXPECT_EQ(recording.activity.level, TraceLevel::memory);
  EXPECT_EQ(kernel_count(recording), 0);
  std::int64_t taken = 0;
  const Activities& a = recording.activity.activities;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a.kind[i] == ActivityKind::memory && a.detail[i] == memory_detail(MemoryKind::device, MemoryOperation::allocate))
      taken += a.bytes[i];
  EXPECT_EQ(taken, recording.stats.peak_reserved_bytes);
}

TEST(TracedProgram, AnOrderlyEndLosesNothing) {
  const auto kernels = kernels_of(attach("train.py", "normally", "h100-80gb", kFull).only());
  for (const char* end : {"exiting", "raising"}) {
    const Recording recording = attach("train.py", end, "h100-80gb", kFull).only();
    EXPECT_EQ(kernels_of(recording), kernels) << end;
    expect_nothing_lost(recording);
  }
}

// Whoever is killed leaves what was completed when the last phase began.
TEST(TracedProgram, AKilledOneLeavesWhatWasCompleted) {
  const auto kernels = kernels_of(attach("train.py", "normally", "h100-80gb", kFull).only());
  for (const char* end : {"killed", "exiting at once"}) {
    const Recording recording = attach("train.py", end, "h100-80gb", kFull).only();
    EXPECT_EQ(recording.activity.level, TraceLevel::full) << end;
    EXPECT_EQ(recording.outcome.kind, OutcomeKind::error) << end;
    const auto left = kernels_of(recording);
    for (const auto& [where, launched] : kernels) {
      const auto& [layer, phase, step] = where;
      if (step == 2 && phase == Phase::optimizer) continue;
      EXPECT_EQ(left.contains(where) ? left.at(where) : Kernels{}, launched)
          << end << " " << layer << " " << to_name(kPhaseNames, phase) << " " << step;
    }
  }
}

TEST(TracedProgram, AForkedChildIsNotTraced) {
  const Recording recording = attach("train.py", "forking", "h100-80gb", kFull).only();
  expect_nothing_lost(recording);
  const auto steps = kernels_by_step(recording);
  EXPECT_EQ(steps.at(3), steps.at(2));
}

TEST(TracedProgram, WorkersOfADataLoaderDisturbNothing) {
  const Attached run = attach("counting.py", "workers", "h100-80gb", kFull);
  EXPECT_EQ(run.status, 0) << run.output;
  expect_nothing_lost(run.only());
  EXPECT_EQ(kernel_count(run.only()), words_of(run).at("launches"));
  EXPECT_EQ(copied_to_device(run.only()), moved_bytes(words_of(run)));
}

TEST(TracedProgram, EachDeviceHasItsOwnKernels) {
  const Attached run = attach("counting.py", "two devices", "2xh100-80gb", kFull);
  ASSERT_EQ(run.recordings.size(), 2u) << run.output;
  int launches = 0;
  std::int64_t copied = 0;
  for (const Recording& recording : run.recordings) {
    expect_nothing_lost(recording);
    EXPECT_GT(kernel_count(recording), 0);
    launches += kernel_count(recording);
    copied += copied_to_device(recording);
  }
  const Json words = words_of(run);
  EXPECT_EQ(launches, words.at("launches"));
  EXPECT_EQ(copied, moved_bytes(words));
}

TEST(TracedProgram, TorchsProfilerHasCuptiWhileItRunsAndThatIsSaid) {
  const Attached run = attach("counting.py", "profiling", "h100-80gb", kFull);
  ASSERT_EQ(run.status, 0) << run.output;
  const auto& problems = run.only().activity.problems;
  EXPECT_THAT(problems, Contains(HasSubstr("torch.profiler was used by the program")));
  auto steps = kernels_by_step(run.only());
  EXPECT_GT(steps[1], 40);
  EXPECT_EQ(steps[2], 0);  // the device's profile had it
  const bool kept = problems.size() > 1;  // Torch 2.11 never gives CUPTI back
  if (kept) {
    EXPECT_THAT(problems, Contains(HasSubstr("another profiler holds CUPTI")));
  }
  const auto profiled = words_of(run).at("profiled");
  EXPECT_GT(profiled.at(0), 40);
  EXPECT_EQ(steps[3], 0);  // that of the processor alone had it, too
  EXPECT_EQ(steps[4] > 40, !kept) << testing::PrintToString(steps) << testing::PrintToString(problems);
  EXPECT_EQ(profiled.at(1), 0);
}

TEST(TracedProgram, TorchsProfilerSeesTheSameWithoutATrace) {
  const Json traced = words_of(attach("counting.py", "profiling", "h100-80gb", kFull));
  EXPECT_EQ(words_of(attach("counting.py", "profiling")), traced);
}

TEST(TracedProgram, WithoutCuptiItRunsAndTheReasonIsRecorded) {
  const Attached run = attach("train.py", "normally", "h100-80gb", kFull, kNoCupti);
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.only().activity.level, TraceLevel::none);
  EXPECT_EQ(run.only().activity.activities.size(), 0u);
  EXPECT_THAT(run.only().activity.problems, ElementsAre(HasSubstr("/nowhere/libcupti.so")));
  EXPECT_GT(run.only().activity.samples.size(), 5u);
}

TEST(TracedProgram, WhereCuptiIsRequiredItEndsWithTheReasonWhenItFirstUsesCuda) {
  const Attached run = attach("train.py", "normally", "h100-80gb", kRequired, kNoCupti);
  EXPECT_EQ(WEXITSTATUS(run.status), 3) << run.output;
  EXPECT_THAT(run.output, HasSubstr("--require-cupti: CUPTI off: HEADROOM_CUPTI names /nowhere/libcupti.so"));
  EXPECT_THAT(run.recordings, IsEmpty());
}

TEST(TracedProgram, TheNamedLibraryIsTakenAndNoOther) {
  const Attached run = attach("train.py", "normally", "h100-80gb", kFull, "HEADROOM_CUPTI='" CUPTI_DOUBLE "'");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.only().activity.tracer, testing::StartsWith("CUPTI 13."));
  EXPECT_EQ(kernel_count(run.only()), 0);  // it is told of none
}

}  // namespace
}  // namespace headroom
