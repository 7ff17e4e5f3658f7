#include "analysis/device_activity.h"

#include <gmock/gmock.h>

#include <random>
#include <set>

#include "tests/activity_builder.h"

namespace headroom {
namespace {

using testing::IsEmpty;
using testing_support::ActivityBuilder;

constexpr LayerId kFirst{1}, kSecond{2};

Recording on(DeviceKind device) {
  Recording r;
  r.environment.device_kind = device;
  for (std::uint32_t i = 0; i < 3; ++i)
    r.layers.push_back({LayerId(i), LayerId::root, "layer." + std::to_string(i), LayerKind::other});
  r.activity.level = TraceLevel::full;
  r.activity.tracer = "CUPTI";
  return r;
}

LaunchShape grid(std::uint32_t x) { return {.grid = {x, 1, 1}, .block = {128, 1, 1}}; }

const Work* cell(const DeviceWork& work, LayerId layer, Phase phase) {
  for (const PlaceWork& place : work.cells)
    if (place.layer == layer && place.phase == phase) return &place.work;
  return nullptr;
}

TEST(DeviceActivity, NothingTracedIsNothing) {
  const DeviceWork work = add_up_activity(Recording{});
  EXPECT_FALSE(work.any());
  EXPECT_THAT(work.kernels, IsEmpty());
  EXPECT_THAT(work.cells, IsEmpty());
}

TEST(DeviceActivity, AProblemAloneIsShown) {
  Recording r = on(DeviceKind::cuda);
  r.activity = {};
  r.activity.problems = {"CUPTI off: no driver."};
  EXPECT_TRUE(add_up_activity(r).any());
}

TEST(DeviceActivity, KernelsAreCountedByNameShapeLayerAndPhase) {
  Recording r = on(DeviceKind::virtual_cuda);
  ActivityBuilder b(r);
  b.at(kFirst, Phase::forward).kernel("gemm", grid(8), 1).kernel("gemm", grid(8), 2).kernel("relu", grid(4), 3);
  b.at(kSecond, Phase::backward).kernel("gemm", grid(16), 4);
  const DeviceWork work = add_up_activity(r);
  EXPECT_EQ(work.total.kernels.count, 4);
  ASSERT_EQ(work.kernels.size(), 2u);
  const KernelRow& gemm = work.kernels[0];
  EXPECT_EQ(r.text(gemm.name), "gemm");
  EXPECT_EQ(gemm.work.count, 3);
  ASSERT_EQ(gemm.uses.size(), 2u);
  EXPECT_EQ(gemm.uses[0].count, 2);
  EXPECT_EQ(work.shapes[gemm.uses[1].shape].grid[0], 16u);
  EXPECT_EQ(cell(work, kFirst, Phase::forward)->kernels.count, 3);
  EXPECT_EQ(cell(work, kSecond, Phase::backward)->kernels.count, 1);
}

TEST(DeviceActivity, KernelsSideBySideAreBusyOnce) {
  Recording r = on(DeviceKind::cuda);
  ActivityBuilder(r)
      .at(kFirst, Phase::forward)
      .kernel("a", grid(1), 0, 100)
      .kernel("b", grid(1), 50, 100)   // 50 … 150
      .kernel("c", grid(1), 60, 10)    // within
      .kernel("d", grid(1), 200, 25);  // after a gap
  const Timed& kernels = add_up_activity(r).total.kernels;
  EXPECT_EQ(kernels, (Timed{4, 4, 235, 175}));
}

TEST(DeviceActivity, AKernelWithoutATimeIsCountedAndNotTimed) {
  Recording r = on(DeviceKind::cuda);
  ActivityBuilder(r).kernel("a", grid(1), 0).kernel("a", grid(1), 5, 20);
  EXPECT_EQ(add_up_activity(r).total.kernels, (Timed{2, 1, 20, 20}));
}

TEST(DeviceActivity, TimesOfAVirtualDeviceAreNone) {
  Recording r = on(DeviceKind::virtual_cuda);
  ActivityBuilder(r).kernel("spin", grid(1), 0, 1000).wait("stream", 0, 1000).copy(CopyKind::host_to_device, 8, 2, 9);
  const DeviceWork work = add_up_activity(r);
  EXPECT_FALSE(work.timed);
  EXPECT_EQ(work.total.kernels, (Timed{1, 0, 0, 0}));
  EXPECT_EQ(work.total.synchronization, (Timed{1, 0, 0, 0}));
  EXPECT_EQ(work.total.copies, (Timed{1, 0, 0, 0}));
}

TEST(DeviceActivity, CopiesAndSetsAreAddedByKind) {
  Recording r = on(DeviceKind::cuda);
  ActivityBuilder(r)
      .copy(CopyKind::host_to_device, 100, 0, 10)
      .copy(CopyKind::host_to_device, 28, 20, 10)
      .copy(CopyKind::device_to_host, 4, 40, 1)
      .set(4096, 50, 2);
  const Work work = add_up_activity(r).total;
  EXPECT_EQ(work.copied[static_cast<std::size_t>(CopyKind::host_to_device)], (Amount{2, 128}));
  EXPECT_EQ(work.copied[static_cast<std::size_t>(CopyKind::device_to_host)], (Amount{1, 4}));
  EXPECT_EQ(work.copies, (Timed{3, 3, 21, 21}));
  EXPECT_EQ(work.set_bytes, 4096);
  EXPECT_EQ(work.sets, (Timed{1, 1, 2, 2}));
}

TEST(DeviceActivity, CallsThatLaunchAreCountedUnlessTheyFail) {
  Recording r = on(DeviceKind::cuda);
  ActivityBuilder(r)
      .call("cudaLaunchKernel", 0)
      .call("__cudaLaunchKernel", 5)
      .call("cuLaunchKernelEx", 1)
      .call("cudaGraphLaunch", 2)
      .call("cudaLaunchKernel", 3, 98)
      .call("cudaLaunchHostFunc", 4)
      .call("cudaMalloc", 5);
  EXPECT_EQ(add_up_activity(r).total.launch_count, 4);
}

TEST(DeviceActivity, TheFirstCallerPaysForDriverMemory) {
  Recording r = on(DeviceKind::cuda);
  ActivityBuilder b(r);
  b.at(kFirst, Phase::forward).take(MemoryKind::device, "/lib/libcublasLt.so.13", 0x1000, 32 << 20, 10);
  b.at(kSecond, Phase::backward).take(MemoryKind::device, "/lib/libcublasLt.so.13", 0x9000, 1 << 20, 20);
  b.at(kSecond, Phase::optimizer).give_back(MemoryKind::device, 0x1000, 30);
  const DeviceWork work = add_up_activity(r);
  ASSERT_EQ(work.memory.size(), 2u);
  EXPECT_EQ(work.memory[0].layer, kFirst);
  EXPECT_EQ(work.memory[0].phase, Phase::forward);
  EXPECT_EQ(work.memory[0].taken, (Amount{1, 32 << 20}));
  EXPECT_EQ(work.memory[0].returned, (Amount{1, 32 << 20})) << "what is given back belongs to who took it";
  EXPECT_EQ(work.memory[1].returned, Amount{});
  EXPECT_EQ(cell(work, kSecond, Phase::optimizer)->taken, decltype(Work::taken){}) << "a release takes nothing";
}

TEST(DeviceActivity, AReleaseOfWhatNobodyTookChangesNothing) {
  Recording r = on(DeviceKind::cuda);
  ActivityBuilder(r)
      .give_back(MemoryKind::device, 0x1000, 5)
      .take(MemoryKind::physical, "", 0x1000, 2 << 20, 10)
      .give_back(MemoryKind::device, 0x1000, 20);  // the same number, but an address and no handle
  const DeviceWork work = add_up_activity(r);
  ASSERT_EQ(work.memory.size(), 1u);
  EXPECT_EQ(work.memory[0].returned, Amount{});
}

TEST(DeviceActivity, BandwidthIsTrafficOverTheUnionOfKernels) {
  Recording r = on(DeviceKind::cuda);
  ActivityBuilder b(r);
  b.at(kFirst, Phase::forward).kernel("a", grid(1), 0, 1000).kernel("b", grid(1), 0, 1000);
  b.at(kSecond, Phase::forward).kernel("a", grid(1), 2000, 500);
  r.activity.dram = {{kFirst, Phase::forward, 2000, 1000}};
  const DeviceWork work = add_up_activity(r);
  EXPECT_DOUBLE_EQ(*achieved_bandwidth(*cell(work, kFirst, Phase::forward)), 3e9);
  EXPECT_FALSE(achieved_bandwidth(*cell(work, kSecond, Phase::forward))) << "not counted there";
  EXPECT_DOUBLE_EQ(*achieved_bandwidth(work.total), 3e9) << "over the time of what was counted";
}

TEST(DeviceActivity, WhatWasLostIsKept) {
  Recording r = on(DeviceKind::cuda);
  r.activity.dropped_count = 3;
  r.activity.unmatched_count = 2;
  const DeviceWork work = add_up_activity(r);
  EXPECT_TRUE(work.lost.any());
  EXPECT_EQ(work.lost.dropped_count, 3);
  EXPECT_EQ(work.lost.unmatched_count, 2);
}

// Random activities of every kind, not in order where the seed says so.
Recording random_activity(std::uint32_t seed) {
  Recording r = on(seed % 3 == 0 ? DeviceKind::virtual_cuda : DeviceKind::cuda);
  std::mt19937 random(seed);
  const auto below = [&](std::uint32_t count) { return static_cast<std::int64_t>(random() % count); };
  ActivityBuilder b(r);
  std::int64_t now = 0;
  for (int i = 0; i < 400; ++i) {
    now += below(50);
    const std::int64_t start = seed % 5 == 4 ? below(10'000) : now;
    const std::int64_t duration = below(4) == 0 ? kNoDuration : below(200);
    b.at(LayerId(below(3)), Phase(below(6)), 1);
    switch (below(7)) {
      case 0:
        b.copy(CopyKind(below(6)), below(5000), start, duration);
        break;
      case 1:
        b.set(below(5000), start, duration);
        break;
      case 2:
        b.call(below(2) == 0 ? "cudaLaunchKernel" : "cudaMalloc", start, static_cast<std::uint32_t>(below(2)));
        break;
      case 3:
        b.take(MemoryKind(below(9)), below(2) == 0 ? "" : "/lib/libx.so", static_cast<std::uint64_t>(below(20)),
               below(5000), start);
        break;
      case 4:
        b.give_back(MemoryKind(below(9)), static_cast<std::uint64_t>(below(20)), start);
        break;
      case 5:
        b.wait("stream", start, duration);
        break;
      default:
        b.kernel("k" + std::to_string(below(5)), grid(static_cast<std::uint32_t>(below(3))), start, duration);
    }
  }
  for (std::uint32_t i = 0; i < 4; ++i)
    r.activity.dram.push_back({LayerId(below(3)), Phase(below(6)), below(99), below(99)});
  return r;
}

Work without_busy(Work work) {
  for (Timed* timed : {&work.kernels, &work.copies, &work.sets, &work.synchronization, &work.overhead})
    timed->busy_ns = 0;
  return work;
}

template <class Rows>
Work sum_of(const Rows& rows) {
  Work sum;
  for (const auto& row : rows) sum += row.work;
  return sum;
}

// Nanoseconds in which at least one kernel of `wanted` ran, one by one.
template <class Wanted>
std::int64_t busy_by_hand(const Recording& r, Wanted wanted) {
  std::set<std::int64_t> busy;
  const Activities& a = r.activity.activities;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a.kind[i] == ActivityKind::kernel && wanted(i))
      for (std::int64_t t = a.start_ns[i]; t < a.start_ns[i] + a.duration_ns[i]; ++t) busy.insert(t);
  return static_cast<std::int64_t>(busy.size());
}

class EveryActivity : public testing::TestWithParam<std::uint32_t> {
 protected:
  const Recording recording = random_activity(GetParam());
  const DeviceWork work = add_up_activity(recording);
};

TEST_P(EveryActivity, TotalsAreTheSumsOverLayersAndPhases) {
  const Work total = without_busy(work.total);
  EXPECT_EQ(without_busy(sum_of(work.cells)), total);
  EXPECT_EQ(without_busy(sum_of(work.phases)), total);
  EXPECT_EQ(without_busy(sum_of(work.layers)), total);
}

TEST_P(EveryActivity, KernelsAreTheSumsOfTheirUses) {
  Timed all;
  for (const KernelRow& row : work.kernels) {
    Timed sum;
    for (const KernelUse& use : row.uses) {
      sum.count += use.count;
      sum.timed_count += use.timed_count;
      sum.sum_ns += use.sum_ns;
    }
    EXPECT_EQ(sum, (Timed{row.work.count, row.work.timed_count, row.work.sum_ns, 0}));
    all.count += sum.count;
    all.timed_count += sum.timed_count;
    all.sum_ns += sum.sum_ns;
  }
  EXPECT_EQ(all, without_busy(work.total).kernels);
}

TEST_P(EveryActivity, BusyTimeIsTheUnionCountedByHandAndNoneOnAVirtualDevice) {
  const Activities& a = recording.activity.activities;
  const auto by_hand = [&](auto wanted) { return work.timed ? busy_by_hand(recording, wanted) : 0; };
  EXPECT_EQ(work.total.kernels.busy_ns, by_hand([](std::size_t) { return true; }));
  for (const PlaceWork& place : work.cells)
    EXPECT_EQ(place.work.kernels.busy_ns,
              by_hand([&](std::size_t i) { return a.layer[i] == place.layer && a.phase[i] == place.phase; }));
  for (const KernelRow& row : work.kernels)
    EXPECT_EQ(row.work.busy_ns, by_hand([&](std::size_t i) { return a.name[i] == row.name; }));
  if (work.timed) return;
  for (const auto member : {&Work::kernels, &Work::copies, &Work::sets, &Work::synchronization})
    EXPECT_EQ((work.total.*member).timed_count + (work.total.*member).sum_ns, 0);
}

TEST_P(EveryActivity, DriverMemorySumsToWhatWasTaken) {
  std::array<Amount, kMemoryKindNames.size()> taken{};
  for (const DriverMemory& row : work.memory) {
    taken[static_cast<std::size_t>(row.kind)].count += row.taken.count;
    taken[static_cast<std::size_t>(row.kind)].bytes += row.taken.bytes;
    EXPECT_LE(row.returned.count, row.taken.count);
    EXPECT_LE(row.returned.bytes, row.taken.bytes);
  }
  EXPECT_EQ(taken, work.total.taken);
}

INSTANTIATE_TEST_SUITE_P(Random, EveryActivity, testing::Range(0u, 40u));

}  // namespace
}  // namespace headroom
