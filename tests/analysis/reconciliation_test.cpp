#include "analysis/reconciliation.h"

#include <gmock/gmock.h>

#include <random>

#include "analysis/breakdown.h"
#include "analysis/fragmentation.h"
#include "tests/activity_builder.h"
#include "tests/random_recording.h"

namespace headroom {
namespace {

using testing::ElementsAre;
using testing_support::ActivityBuilder;
using Use = DeviceUseKind;

constexpr std::int64_t kMiB = 1 << 20;

void event(Recording& r, Action action, std::uint64_t address, std::int64_t requested, std::int64_t block) {
  Events& e = r.events;
  e.time_ns.push_back(static_cast<std::int64_t>(e.size()) * 10);
  e.action.push_back(action);
  e.address.push_back(address);
  e.requested_bytes.push_back(requested);
  e.block_bytes.push_back(block);
  e.layer.push_back(LayerId::root);
  e.phase.push_back(Phase::build);
  e.step.push_back(0);
  e.category.push_back(Category::other);
  e.op.push_back(StringId::none);
  e.tensor.push_back(StringId::none);
}

// Two segments; 500 of 512 B and 1 MiB live in the first, nothing in the second: 4 events.
Recording two_segments() {
  Recording r;
  r.environment.device_kind = DeviceKind::cuda;
  r.layers.push_back({LayerId::root, LayerId::root, "model", LayerKind::model});
  event(r, Action::segment_alloc, 0x1000'0000, 0, 20 * kMiB);
  event(r, Action::alloc, 0x1000'0000, 500, 512);
  event(r, Action::alloc, 0x1000'0200, kMiB, kMiB);
  event(r, Action::segment_alloc, 0x2000'0000, 0, 2 * kMiB);
  return r;
}

WholeGpu gpu_of(const Recording& r) { return reconcile(r, resolve_allocations(r)); }

std::int64_t sum(const Reconciliation& at) {
  std::int64_t total = 0;
  for (const DeviceUse& use : at.uses) total += use.bytes;
  return total;
}

std::optional<std::int64_t> bytes(const Reconciliation& at, Use kind) {
  for (const DeviceUse& use : at.uses)
    if (use.kind == kind) return use.bytes;
  return std::nullopt;
}

TEST(Reconciliation, WhereTheDriverWasNotAskedThereIsNone) {
  const WholeGpu gpu = gpu_of(two_segments());
  EXPECT_FALSE(gpu.peak);
  EXPECT_FALSE(gpu.end);
}

TEST(Reconciliation, EveryUseIsToldApart) {
  Recording r = two_segments();
  ActivityBuilder(r)
      .sample(SampleMoment::before_context, -30, 0, 300 * kMiB)
      .sample(SampleMoment::before_tracing, -20, 0, 800 * kMiB)
      .sample(SampleMoment::traced, -10, 0, 810 * kMiB)
      .sample(SampleMoment::reserved, 31, 4, 868 * kMiB)
      .take(MemoryKind::device, "libc10_cuda.so", 0x1000'0000, 20 * kMiB, 0)
      .take(MemoryKind::device, "libcublasLt.so.13", 0x7000'0000, 32 * kMiB, 5)
      .take(MemoryKind::device, "libc10_cuda.so", 0x2000'0000, 2 * kMiB, 30);
  const WholeGpu gpu = gpu_of(r);
  ASSERT_TRUE(gpu.peak);
  EXPECT_FALSE(gpu.modelled);
  EXPECT_TRUE(gpu.peak_is_exact);
  EXPECT_EQ(gpu.peak->reserved_bytes, 22 * kMiB);
  const StringId cublas = gpu.peak->uses[3].source;
  EXPECT_EQ(r.text(cublas), "libcublasLt.so.13");
  EXPECT_THAT(gpu.peak->uses,
              ElementsAre(DeviceUse{Use::others, {}, 300 * kMiB}, DeviceUse{Use::context, {}, 500 * kMiB},
                          DeviceUse{Use::tracing, {}, 10 * kMiB}, DeviceUse{Use::outside, cublas, 32 * kMiB},
                          DeviceUse{Use::live, {}, kMiB + 500}, DeviceUse{Use::rounding, {}, 12},
                          DeviceUse{Use::cached, {}, 2 * kMiB}, DeviceUse{Use::fragmentation, {}, 19 * kMiB - 512},
                          DeviceUse{Use::unknown, {}, 4 * kMiB}));
  EXPECT_EQ(sum(*gpu.peak), 868 * kMiB);
}

TEST(Reconciliation, WhatWasNotSampledIsAbsentAndNotZero) {
  Recording r = two_segments();
  ActivityBuilder(r)
      .sample(SampleMoment::before_tracing, -20, 0, 800 * kMiB)
      .sample(SampleMoment::end, 99, 4, 900 * kMiB);
  const Reconciliation end = *gpu_of(r).end;
  EXPECT_EQ(bytes(end, Use::others), std::nullopt);
  EXPECT_EQ(bytes(end, Use::context), std::nullopt);
  EXPECT_EQ(bytes(end, Use::tracing), std::nullopt);
  EXPECT_EQ(bytes(end, Use::others_context), 800 * kMiB);
  EXPECT_EQ(sum(end), 900 * kMiB);
}

TEST(Reconciliation, EveryMissingSampleIsNamedInWhatIsMerged) {
  const auto merged = [](std::vector<SampleMoment> moments) {
    Recording r = two_segments();
    for (const SampleMoment moment : moments) ActivityBuilder(r).sample(moment, -5, 0, 100);
    ActivityBuilder(r).sample(SampleMoment::end, 99, 4, 900 * kMiB);
    std::vector<Use> kinds;
    const Reconciliation end = *gpu_of(r).end;
    for (const DeviceUse& use : end.uses)
      if (use.kind < Use::outside) kinds.push_back(use.kind);
    return kinds;
  };
  using M = SampleMoment;
  EXPECT_THAT(merged({}), ElementsAre());
  EXPECT_THAT(merged({M::before_context}), ElementsAre(Use::others));
  EXPECT_THAT(merged({M::traced}), ElementsAre(Use::others_context_tracing));
  EXPECT_THAT(merged({M::before_context, M::traced}), ElementsAre(Use::others, Use::context_tracing));
  EXPECT_THAT(merged({M::before_context, M::before_tracing}), ElementsAre(Use::others, Use::context));
  EXPECT_THAT(merged({M::before_tracing, M::traced}), ElementsAre(Use::others_context, Use::tracing));
}

TEST(Reconciliation, WhatTheAllocatorHeldBeforeTracingIsNotTheContexts) {
  Recording r = two_segments();
  ActivityBuilder(r).sample(SampleMoment::traced, 35, 4, 500 * kMiB).sample(SampleMoment::end, 99, 4, 500 * kMiB);
  const Reconciliation end = *gpu_of(r).end;
  EXPECT_EQ(bytes(end, Use::others_context_tracing), 478 * kMiB);
  EXPECT_EQ(bytes(end, Use::unknown), 0);
}

TEST(Reconciliation, UnknownIsNegativeWhenOthersGiveMemoryBack) {
  Recording r = two_segments();
  ActivityBuilder(r)
      .sample(SampleMoment::before_context, -1, 0, 300 * kMiB)
      .sample(SampleMoment::end, 99, 4, 122 * kMiB);
  EXPECT_EQ(bytes(*gpu_of(r).end, Use::unknown), -200 * kMiB);
}

TEST(Reconciliation, MemoryGivenBackBeforeTheSampleIsNotInUse) {
  Recording r = two_segments();
  ActivityBuilder(r)
      .take(MemoryKind::device, "libnccl.so.2", 0x7000'0000, 32 * kMiB, 5)
      .give_back(MemoryKind::device, 0x7000'0000, 50)
      .sample(SampleMoment::reserved, 31, 4, 100 * kMiB)
      .sample(SampleMoment::end, 99, 4, 100 * kMiB);
  const WholeGpu gpu = gpu_of(r);
  EXPECT_EQ(bytes(*gpu.peak, Use::outside), 32 * kMiB);
  EXPECT_EQ(bytes(*gpu.end, Use::outside), std::nullopt);
}

TEST(Reconciliation, HostMemoryIsNoPartOfTheDevice) {
  Recording r = two_segments();
  ActivityBuilder(r)
      .take(MemoryKind::pinned, "libc10_cuda.so", 0x7000'0000, 32 * kMiB, 5)
      .take(MemoryKind::managed, "libx.so", 0x8000'0000, 32 * kMiB, 5)
      .sample(SampleMoment::end, 99, 4, 100 * kMiB);
  EXPECT_EQ(bytes(*gpu_of(r).end, Use::outside), std::nullopt);
}

TEST(Reconciliation, PhysicalMemoryIsTheAllocatorsUpToItsExpandableSegments) {
  Recording r = two_segments();
  ActivityBuilder(r)
      .take(MemoryKind::device, "libc10_cuda.so", 0x1000'0000, 20 * kMiB, 0)  // one segment is of cudaMalloc …
      .take(MemoryKind::physical, "", 1, 2 * kMiB, 1)                         // … the other of cuMemCreate
      .take(MemoryKind::physical, "", 2, 6 * kMiB, 2)                         // somebody else's
      .sample(SampleMoment::end, 99, 4, 100 * kMiB);
  EXPECT_EQ(bytes(*gpu_of(r).end, Use::outside), 6 * kMiB);
}

TEST(Reconciliation, ABlockOverPiecesOfAnExpandableSegmentPinsItAll) {
  Recording r;
  r.environment.device_kind = DeviceKind::cuda;
  r.layers.push_back({LayerId::root, LayerId::root, "model", LayerKind::model});
  for (std::uint64_t piece = 0; piece < 3; ++piece)
    event(r, Action::segment_alloc, 0x1000'0000 + piece * 2 * kMiB, 0, 2 * kMiB);
  event(r, Action::alloc, 0x1000'0000, 3 * kMiB, 3 * kMiB);
  ActivityBuilder(r).sample(SampleMoment::end, 99, 4, 100 * kMiB);
  const Reconciliation end = *gpu_of(r).end;
  EXPECT_EQ(bytes(end, Use::fragmentation), 3 * kMiB);
  EXPECT_EQ(bytes(end, Use::cached), 0);
}

TEST(Reconciliation, ASegmentIsReservedForTheBlockThatFollows) {
  Recording r = two_segments();
  event(r, Action::alloc, 0x2000'0000, 2 * kMiB, 2 * kMiB);
  ActivityBuilder(r).sample(SampleMoment::reserved, 31, 4, 100 * kMiB);
  const Reconciliation peak = *gpu_of(r).peak;
  EXPECT_EQ(bytes(peak, Use::cached), 0);
  EXPECT_EQ(peak.event, 4);
}

TEST(Reconciliation, ThePeakAgreesWithWhatExplainsFragmentation) {
  Recording r = testing_support::random_recording(7, 400);
  r.activity = {};
  const Fragmentation f = explain_fragmentation(r, resolve_allocations(r));
  const auto at = static_cast<std::int64_t>(std::ranges::find(r.events.time_ns, f.time_ns) - r.events.time_ns.begin());
  ActivityBuilder(r).sample(SampleMoment::reserved, f.time_ns, at + 1, 100 * kMiB);
  const Reconciliation peak = *gpu_of(r).peak;
  EXPECT_EQ(peak.event, f.event);
  EXPECT_EQ(bytes(peak, Use::cached), f.cached_bytes);
  EXPECT_EQ(bytes(peak, Use::fragmentation), f.fragmented_bytes);
  EXPECT_EQ(peak.reserved_bytes, f.reserved_bytes);
}

TEST(Reconciliation, ThePeakIsTheSampleWithTheMostReserved) {
  Recording r = two_segments();
  event(r, Action::segment_free, 0x2000'0000, 0, 2 * kMiB);
  ActivityBuilder(r)
      .sample(SampleMoment::reserved, 1, 1, 100 * kMiB)
      .sample(SampleMoment::reserved, 31, 4, 200 * kMiB)
      .sample(SampleMoment::phase, 60, 5, 300 * kMiB);
  const WholeGpu gpu = gpu_of(r);
  EXPECT_EQ(gpu.peak->used_bytes, 200 * kMiB);
  EXPECT_TRUE(gpu.peak_is_exact);
  r.activity.samples.erase(r.activity.samples.begin() + 1);
  EXPECT_EQ(gpu_of(r).peak->used_bytes, 100 * kMiB);
  EXPECT_FALSE(gpu_of(r).peak_is_exact);
}

TEST(Reconciliation, AVirtualDeviceIsModelled) {
  Recording r = two_segments();
  r.environment.device_kind = DeviceKind::virtual_cuda;
  ActivityBuilder(r).sample(SampleMoment::end, 99, 4, 22 * kMiB);
  EXPECT_TRUE(gpu_of(r).modelled);
}

class EveryReconciliation : public testing::TestWithParam<std::uint32_t> {};

TEST_P(EveryReconciliation, SumsToWhatTheDriverSays) {
  std::mt19937 random(GetParam());
  Recording r = testing_support::random_recording(GetParam(), 50 + GetParam() * 7);
  const auto last = static_cast<std::int64_t>(r.events.size());
  r.activity = {};
  ActivityBuilder b(r);
  const std::int64_t end_ns = r.events.time_ns.back();
  for (int i = 0; i < 30; ++i) {
    const auto address = random() % 4 == 0 ? r.events.address[random() % r.events.size()] : random() % 16;
    if (random() % 3 != 0)
      b.take(MemoryKind(random() % 9), random() % 2 ? "" : "libx.so", address, random() % 5000, end_ns * i / 30,
             random() % 4 == 0 ? 7 : kNoStream);
    else
      b.give_back(MemoryKind(random() % 9), address, end_ns * i / 30);
  }
  for (const SampleMoment moment : {SampleMoment::before_context, SampleMoment::before_tracing, SampleMoment::traced})
    if (random() % 2) b.sample(moment, -1, 0, random() % 100'000);
  for (std::int64_t e = 1; e <= last; e += 1 + static_cast<std::int64_t>(random() % 20))
    b.sample(random() % 2 ? SampleMoment::reserved : SampleMoment::phase,
             r.events.time_ns[static_cast<std::size_t>(e - 1)], e, random());
  b.sample(SampleMoment::end, end_ns, last, random() % 100'000);
  const Breakdown breakdown = make_breakdown(r, "random");
  EXPECT_THAT(verify(breakdown), testing::IsEmpty());
  ASSERT_TRUE(breakdown.gpu.peak && breakdown.gpu.end);
  for (const Reconciliation* at : {&*breakdown.gpu.peak, &*breakdown.gpu.end}) {
    EXPECT_EQ(sum(*at), at->used_bytes);
    EXPECT_EQ(*bytes(*at, Use::live) + *bytes(*at, Use::rounding) + bytes(*at, Use::held).value_or(0) +
                  *bytes(*at, Use::cached) + *bytes(*at, Use::fragmentation),
              at->reserved_bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(Random, EveryReconciliation, testing::Range(0u, 40u));

}  // namespace
}  // namespace headroom
