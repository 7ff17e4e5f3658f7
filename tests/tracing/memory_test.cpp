// One row for each allocation and release, whoever tells of it first.
#include <functional>

#include "tests/tracing/traced.h"
#include "tracing/memory_ledger.h"

namespace headroom::tracing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Memory = Tracing;

TEST_F(Memory, CallAndRecordOfOneAllocationAreOneRow) {
  auto& collecting = start(TraceLevel::memory);
  collecting.set_context(9);
  cupti.malloc(0x1000, 4096);
  cupti.free(0x1000);
  const Trace trace = collecting.stop();
  EXPECT_THAT(memory_lines(trace), ElementsAre("device allocate 4096 at 0x1000", "device release 4096 at 0x1000"));
  const auto row = rows_of(trace, ActivityKind::memory)[0];
  EXPECT_EQ(name_of(row, trace), "/opt/lib/libasker.so");
  EXPECT_EQ(row.context, 9u);
  EXPECT_EQ(row.stream, kNoStream);
}

TEST_F(Memory, RecordBeforeTheCallsEndIsTheSameRow) {
  cupti.tell_call_after(true);
  auto& collecting = start(TraceLevel::memory);
  cupti.malloc(0x1000, 4096);
  EXPECT_THAT(memory_lines(collecting.stop()), ElementsAre("device allocate 4096 at 0x1000"));
}

// Whether drains fall between the two or not.
TEST_F(Memory, EachAllocationIsOneRowHoweverOftenItIsDrained) {
  for (const bool after : {false, true}) {
    cupti.reset();
    cupti.tell_call_after(after);
    auto& collecting = start(TraceLevel::memory);
    Trace all;
    for (std::uint64_t i = 1; i <= 20; ++i) {
      cupti.malloc(i * 0x1000, i);
      if (i % 3 == 0) append(all, collecting.drain());
      if (i % 2 == 0) cupti.free(i * 0x1000);
    }
    append(all, collecting.stop());
    EXPECT_THAT(memory_lines(all), SizeIs(30));
  }
}

TEST_F(Memory, RecordThatComesLongAfterItsCallGivesNoSecondRow) {
  auto& collecting = start(TraceLevel::full);
  cupti.malloc(0x1000, 4096);
  cupti.launch({.running = true});  // withholds the buffer with the record
  Trace all = collecting.drain();
  append(all, collecting.drain());
  cupti.finish_kernels(1, 2);
  append(all, collecting.drain());
  append(all, collecting.drain());
  append(all, collecting.stop());
  EXPECT_THAT(memory_lines(all), ElementsAre("device allocate 4096 at 0x1000"));
  EXPECT_EQ(name_of(rows_of(all, ActivityKind::memory)[0], all), "/opt/lib/libasker.so");
}

TEST_F(Memory, WithoutRecordsTheCallsAreEnough) {
  cupti.report_memory(false);
  auto& collecting = start(TraceLevel::memory);
  cupti.malloc(0x1000, 4096);
  cupti.host_alloc(0x2000, 100);
  Trace all = collecting.drain();
  append(all, collecting.drain());
  EXPECT_THAT(memory_lines(all), ElementsAre("device allocate 4096 at 0x1000", "pinned allocate 100 at 0x2000"));
  EXPECT_EQ(rows_of(all, ActivityKind::memory)[0].name, 0u);
}

TEST_F(Memory, WithoutCallbacksTheRecordsAreEnough) {
  cupti.fail("cuptiEnableCallback", 27);
  auto& collecting = start(TraceLevel::memory);
  collecting.set_context(9);
  cupti.malloc(0x1000, 4096);
  const Trace trace = collecting.stop();
  EXPECT_THAT(memory_lines(trace), ElementsAre("device allocate 4096 at 0x1000"));
  EXPECT_EQ(rows_of(trace, ActivityKind::memory)[0].context, 9u);
  EXPECT_THAT(collecting.problems(), ElementsAre(::testing::HasSubstr("calls that take memory cannot be watched")));
}

TEST_F(Memory, PhysicalMemoryOfExpandableSegmentsIsCounted) {
  auto& collecting = start(TraceLevel::memory);
  collecting.set_context(2);
  cupti.create_physical(77, 2 << 20);
  cupti.map(0x70000000, 2 << 20, 77);
  cupti.unmap(0x70000000, 2 << 20);
  cupti.release_physical(77);
  const Trace trace = collecting.stop();
  EXPECT_THAT(memory_lines(trace),
              ElementsAre("physical allocate 2097152 at 0x4d", "physical release 2097152 at 0x4d"));
  EXPECT_EQ(rows_of(trace, ActivityKind::memory)[0].context, 2u);
}

TEST_F(Memory, PhysicalMemoryIsGivenBackOnceNeitherHandleNorMappingHoldsIt) {
  auto& collecting = start(TraceLevel::memory);
  cupti.create_physical(77, 4096);
  cupti.map(0x1000, 4096, 77);
  cupti.map(0x9000, 4096, 77);
  cupti.release_physical(77);
  cupti.unmap(0x1000, 4096);
  cupti.retain_physical(77);
  cupti.unmap(0x9000, 4096);
  Trace all = collecting.drain();
  append(all, collecting.drain());
  EXPECT_THAT(memory_lines(all), ElementsAre("physical allocate 4096 at 0x4d"));
  cupti.release_physical(77);
  append(all, collecting.stop());
  EXPECT_THAT(memory_lines(all), ElementsAre("physical allocate 4096 at 0x4d", "physical release 4096 at 0x4d"));
}

TEST_F(Memory, OneUnmappingOfManyMappingsEndsThemAll) {
  auto& collecting = start(TraceLevel::memory);
  for (std::uint64_t i = 0; i < 3; ++i) {
    cupti.create_physical(i + 1, 100);
    cupti.map(i * 100 + 1000, 100, i + 1);
    cupti.release_physical(i + 1);
  }
  cupti.unmap(1000, 300);
  EXPECT_THAT(memory_lines(collecting.stop()), SizeIs(6));
}

TEST_F(Memory, PhysicalMemoryOfAnotherDeviceIsThatDevices) {
  auto& collecting = start(TraceLevel::memory);
  cupti.create_physical(5, 100, 3);
  cupti.release_physical(5);
  const Trace trace = collecting.stop();
  for (const auto& row : rows_of(trace, ActivityKind::memory)) EXPECT_EQ(row.device, 3);
}

TEST_F(Memory, StreamOrderedAllocationHasItsStreamAndShowsHowItsPoolGrew) {
  auto& collecting = start(TraceLevel::memory);
  cupti.malloc_async(0x1000, 64, 1 << 20);
  cupti.malloc_async(0x2000, 64, 1 << 20);
  cupti.malloc_async(0x3000, 64, 2 << 20);
  const Trace trace = collecting.stop();
  for (const auto& row : rows_of(trace, ActivityKind::memory)) EXPECT_EQ(row.stream, 7u);
  std::vector<std::int64_t> sizes;
  for (const auto& row : rows_of(trace, ActivityKind::pool)) sizes.push_back(row.bytes);
  EXPECT_THAT(sizes, ElementsAre(1 << 20, 2 << 20));
}

TEST_F(Memory, AsynchronousAllocationWithoutARecordIsNotTakenForOneOfTheDriver) {
  cupti.report_memory(false);
  auto& collecting = start(TraceLevel::memory);
  cupti.malloc_async(0x1000, 64, 1 << 20);
  EXPECT_NE(rows_of(collecting.stop(), ActivityKind::memory).at(0).stream, kNoStream);
}

TEST_F(Memory, ReleaseOfNothingIsNoRow) {
  auto& collecting = start(TraceLevel::memory);
  cupti.free(0);
  EXPECT_THAT(rows_of(collecting.stop(), ActivityKind::memory), IsEmpty());
}

TEST_F(Memory, MemoryFromBeforeTheStartIsReleasedWithTheSizeThatTheRecordKnows) {
  cupti.malloc(0x1000, 4096);  // nobody traces yet
  auto& collecting = start(TraceLevel::memory);
  cupti.free(0x1000);
  EXPECT_THAT(memory_lines(collecting.stop()), ElementsAre("device release 4096 at 0x1000"));
}

// The ledger alone: what calls on two threads at once leave, in any order of arrival.
class Ledger : public ::testing::Test {
 protected:
  using Action = AllocationCall::Action;

  static AllocationCall call(Action action, std::uint64_t order, std::uint64_t address, std::uint64_t bytes = 0) {
    return {.action = action,
            .kind = MemoryKind::device,
            .correlation = static_cast<std::uint32_t>(order),
            .device = 0,
            .address = address,
            .bytes = bytes,
            .time_ns = order,
            .order = order};
  }

  std::vector<std::int64_t> settled() {
    std::vector<std::int64_t> bytes;
    for (const auto& row : ledger.settle([](std::uint64_t) { return true; }, [](std::uint32_t) { return 0; }, true))
      bytes.push_back(row.detail % 2 == 0 ? row.bytes : -row.bytes);
    return bytes;
  }

  MemoryLedger ledger;
};

TEST_F(Ledger, AddressTakenAgainWhileItsReleaseReturnsKeepsBothSizes) {
  ledger.add({call(Action::allocate, 1, 0x10, 100)}, {}, 0);
  ledger.add({call(Action::allocate, 3, 0x10, 7)}, {}, 0);  // its call ended first, though the release began before it
  ledger.add({call(Action::release, 2, 0x10)}, {}, 0);
  ledger.add({call(Action::release, 4, 0x10)}, {}, 0);
  EXPECT_THAT(settled(), ElementsAre(100, 7, -100, -7));
}

TEST_F(Ledger, DisagreementOfCallAndRecordIsCountedAndTheCallBelieved) {
  ledger.add({call(Action::allocate, 1, 0x10, 100)}, {{.correlation = 1, .address = 0x10, .bytes = 128}}, 0);
  EXPECT_THAT(settled(), ElementsAre(100));
  EXPECT_EQ(ledger.disagreements(), 1);
}

TEST_F(Ledger, RecordOfAnotherAddressInTheSameCallIsAnAllocationOfItsOwn) {
  ledger.add({call(Action::allocate, 1, 0x10, 100)}, {{.correlation = 1, .address = 0x900, .bytes = 32}}, 0);
  EXPECT_THAT(settled(), ::testing::UnorderedElementsAre(100, 32));
}

TEST_F(Ledger, CallThatComesAfterItsRecordWasGivenIsNoSecondRow) {
  ledger.add({}, {{.correlation = 1, .address = 0x10, .bytes = 100}}, 0);
  EXPECT_THAT(settled(), ElementsAre(100));
  ledger.add({call(Action::allocate, 1, 0x10, 100)}, {}, 0);
  EXPECT_THAT(settled(), IsEmpty());
}

}  // namespace
}  // namespace headroom::tracing
