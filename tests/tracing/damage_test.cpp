// Buffers as they should not be: what can be read is, the rest is counted, and nothing is read outside of them.
#include <cstring>
#include <random>

#include "tests/tracing/traced.h"

namespace headroom::tracing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

using Damage = Tracing;

template <class Record>
Record of_kind(CUpti_ActivityKind kind) {
  Record record{};
  record.kind = kind;
  return record;
}

TEST_F(Damage, DroppedRecordsAreCountedOnceOverAllDrains) {
  auto& collecting = start();
  cupti.lose_records(3);
  EXPECT_EQ(collecting.drain().dropped_count, 3);
  cupti.lose_records(4);
  EXPECT_EQ(collecting.drain().dropped_count, 7);
  EXPECT_EQ(collecting.stop().dropped_count, 7);
}

TEST_F(Damage, RecordsWithoutABufferAreDroppedAndCounted) {
  auto& collecting = start(TraceLevel::full, 1024, 2);
  cupti.keep_buffers(true);
  for (int i = 0; i < 100; ++i) cupti.launch({});
  cupti.keep_buffers(false);
  const Trace trace = collecting.stop();
  const auto read = static_cast<std::int64_t>(trace.rows.size());
  EXPECT_GT(trace.dropped_count, 0);
  EXPECT_EQ(read + trace.dropped_count, 200);
}

TEST_F(Damage, BuffersAreUsedAgainWithoutEnd) {
  auto& collecting = start(TraceLevel::full, 1024, 4);
  std::size_t kernels = 0;
  for (int i = 0; i < 500; ++i) {
    cupti.launch({});
    kernels += rows_of(collecting.drain(), ActivityKind::kernel).size();
  }
  const Trace last = collecting.stop();
  EXPECT_EQ(kernels + rows_of(last, ActivityKind::kernel).size(), 500u);
  EXPECT_EQ(last.dropped_count, 0);
}

TEST_F(Damage, BufferThatNeverComesBackIsCountedAndLeftAlone) {
  auto& collecting = start();
  cupti.launch({});
  collecting.drain();
  cupti.launch({});
  cupti.keep_buffers(true);
  EXPECT_EQ(collecting.stop().unreturned_count, 1);
}

TEST_F(Damage, BufferThatComesBackAfterTheEndIsTaken) {
  auto& collecting = start();
  collecting.drain();
  cupti.launch({});
  cupti.keep_buffers(true);
  EXPECT_EQ(collecting.stop().unreturned_count, 1);
  cupti.keep_buffers(false);
  cupti.launch({});  // of nobody: kinds are off
  auto& again = start();
  cupti.launch({});
  EXPECT_EQ(again.stop().unreturned_count, 0);
}

TEST_F(Damage, BufferThatWasNeverGivenIsIgnored) {
  auto& collecting = start();
  cupti.complete_unknown_buffer();
  const Trace trace = collecting.stop();
  EXPECT_EQ(trace.damaged_count, 0);
  EXPECT_THAT(trace.rows, IsEmpty());
}

TEST_F(Damage, KindNobodyAskedForIsCountedAndSteppedOver) {
  auto& collecting = start();
  const auto marker = of_kind<CUpti_ActivityMarker2>(CUPTI_ACTIVITY_KIND_MARKER);
  cupti.append(&marker, sizeof(marker));
  cupti.launch({});
  const Trace trace = collecting.stop();
  EXPECT_EQ(trace.unknown_count, 1);
  EXPECT_EQ(trace.damaged_count, 0);
  EXPECT_THAT(rows_of(trace, ActivityKind::kernel), SizeIs(1));
}

TEST_F(Damage, KindCuptiDoesNotKnowItselfEndsItsBufferAndIsDamage) {
  auto& collecting = start();
  cupti.launch({});
  const auto odd = of_kind<CUpti_ActivityMarker2>(static_cast<CUpti_ActivityKind>(200));
  cupti.append(&odd, sizeof(odd));
  cupti.launch({});
  const Trace trace = collecting.stop();
  EXPECT_EQ(trace.damaged_count, 1);
  EXPECT_THAT(rows_of(trace, ActivityKind::kernel), SizeIs(1));
}

TEST_F(Damage, ZeroesBehindTheLastRecordAreDamageWithoutLoss) {
  auto& collecting = start();
  cupti.deliver([](std::uint8_t* buffer, std::size_t) {
    const auto call = of_kind<CUpti_ActivityAPI>(CUPTI_ACTIVITY_KIND_RUNTIME);
    std::memcpy(buffer, &call, sizeof(call));
    return sizeof(call) + 64;
  });
  const Trace trace = collecting.stop();
  EXPECT_EQ(trace.damaged_count, 1);
  EXPECT_THAT(trace.rows, SizeIs(1));
}

TEST_F(Damage, CutRecordIsNotRead) {
  for (std::size_t cut = 1; cut < sizeof(CUpti_ActivityAPI); ++cut) {
    auto& collecting = start();
    collecting.drain();
    cupti.deliver([&](std::uint8_t* buffer, std::size_t) {
      const auto call = of_kind<CUpti_ActivityAPI>(CUPTI_ACTIVITY_KIND_RUNTIME);
      std::memcpy(buffer, &call, sizeof(call));
      std::memcpy(buffer + sizeof(call), &call, cut);
      return sizeof(call) + cut;
    });
    EXPECT_THAT(collecting.stop().rows, SizeIs(1)) << cut;
  }
}

TEST_F(Damage, LengthBeyondTheBufferIsDamage) {
  auto& collecting = start();
  collecting.drain();
  cupti.deliver([](std::uint8_t*, std::size_t size) { return size + 1; });
  EXPECT_EQ(collecting.stop().damaged_count, 1);
}

TEST_F(Damage, EmptyBufferIsNothing) {
  auto& collecting = start();
  collecting.drain();
  cupti.deliver([](std::uint8_t*, std::size_t) { return std::size_t{0}; });
  const Trace trace = collecting.stop();
  EXPECT_EQ(trace.damaged_count, 0);
  EXPECT_THAT(trace.rows, IsEmpty());
}

TEST_F(Damage, EnumeratorsFromTheFutureAreOther) {
  auto& collecting = start();
  auto memory = of_kind<CUpti_ActivityMemory4>(CUPTI_ACTIVITY_KIND_MEMORY2);
  memory.memoryKind = static_cast<CUpti_ActivityMemoryKind>(99);
  cupti.append(&memory, sizeof(memory));
  auto pool = of_kind<CUpti_ActivityMemoryPool3>(CUPTI_ACTIVITY_KIND_MEMORY_POOL);
  pool.memoryPoolOperationType = static_cast<CUpti_ActivityMemoryPoolOperationType>(99);
  cupti.append(&pool, sizeof(pool));
  auto synchronization = of_kind<CUpti_ActivitySynchronization2>(CUPTI_ACTIVITY_KIND_SYNCHRONIZATION);
  synchronization.type = static_cast<CUpti_ActivitySynchronizationType>(99);
  cupti.append(&synchronization, sizeof(synchronization));
  const Trace trace = collecting.stop();
  EXPECT_EQ(rows_of(trace, ActivityKind::memory).at(0).detail, static_cast<std::uint32_t>(MemoryKind::other) * 2);
  EXPECT_EQ(rows_of(trace, ActivityKind::pool).at(0).detail, static_cast<std::uint32_t>(PoolOperation::other));
  EXPECT_EQ(name_of(rows_of(trace, ActivityKind::synchronization).at(0), trace), "other");
}

TEST_F(Damage, KernelWithoutANameOrWithOneThatIsNotMangledKeepsWhatItHas) {
  auto& collecting = start();
  cupti.launch({.name = "plain_name"});
  const auto nameless = of_kind<CUpti_ActivityKernel10>(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
  cupti.append(&nameless, sizeof(nameless));
  const Trace trace = collecting.stop();
  std::vector<std::string> names;
  for (const auto& row : rows_of(trace, ActivityKind::kernel)) names.push_back(name_of(row, trace));
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("", "plain_name"));
}

// Random bytes in place of records: kinds at random, what follows at random. Only pointers are taken from CUPTI on
// trust, so they are null. Nothing may be read outside the buffer or twice, which the sanitizers see.
class Fuzzer {
 public:
  explicit Fuzzer(std::uint32_t seed) : random_(seed) {}

  std::size_t fill(std::uint8_t* buffer, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) buffer[i] = static_cast<std::uint8_t>(random_());
    const std::size_t valid = random_() % (size + 1);
    for (std::size_t at = 0; at + 4 <= valid;) {
      const auto kind = static_cast<CUpti_ActivityKind>(random_() % 58);
      std::memcpy(buffer + at, &kind, sizeof(kind));
      null_pointers(buffer + at, size - at);
      const std::size_t length = length_of(kind);
      if (length == 0) break;
      at += length;
    }
    return valid;
  }

 private:
  static void null_pointers(std::uint8_t* record, std::size_t left) {
    CUpti_ActivityKind kind{};
    std::memcpy(&kind, record, sizeof(kind));
    const auto null = [&](std::size_t offset) {
      if (offset < left) std::memset(record + offset, 0, std::min<std::size_t>(8, left - offset));
    };
    if (kind == CUPTI_ACTIVITY_KIND_KERNEL || kind == CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL)
      null(offsetof(CUpti_ActivityKernel10, name));
    if (kind == CUPTI_ACTIVITY_KIND_MEMORY2) null(offsetof(CUpti_ActivityMemory4, source));
    if (kind == CUPTI_ACTIVITY_KIND_OVERHEAD) null(offsetof(CUpti_ActivityOverhead3, overheadData));
    if (kind == CUPTI_ACTIVITY_KIND_DEVICE) null(offsetof(CUpti_ActivityDevice5, name));
  }

  static std::size_t length_of(CUpti_ActivityKind kind) {
    switch (kind) {
      case CUPTI_ACTIVITY_KIND_MEMCPY:
      case CUPTI_ACTIVITY_KIND_MEMCPY2:
        return 96;
      case CUPTI_ACTIVITY_KIND_MEMSET:
        return 88;
      case CUPTI_ACTIVITY_KIND_KERNEL:
      case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL:
        return 216;
      case CUPTI_ACTIVITY_KIND_DRIVER:
      case CUPTI_ACTIVITY_KIND_RUNTIME:
        return 40;
      case CUPTI_ACTIVITY_KIND_DEVICE:
        return 184;
      case CUPTI_ACTIVITY_KIND_CONTEXT:
      case CUPTI_ACTIVITY_KIND_NAME:
        return 32;
      case CUPTI_ACTIVITY_KIND_MARKER:
      case CUPTI_ACTIVITY_KIND_OVERHEAD:
      case CUPTI_ACTIVITY_KIND_SYNCHRONIZATION:
      case CUPTI_ACTIVITY_KIND_GRAPH_TRACE:
        return 56;
      case CUPTI_ACTIVITY_KIND_STREAM:
      case CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION:
        return 24;
      case CUPTI_ACTIVITY_KIND_MEMORY2:
        return 128;
      case CUPTI_ACTIVITY_KIND_MEMORY_POOL:
        return 80;
      case CUPTI_ACTIVITY_KIND_JIT:
        return 72;
      default:
        return 0;
    }
  }

  std::mt19937 random_;
};

TEST_F(Damage, BuffersOfRandomBytesAreSurvived) {
  std::int64_t rows = 0, damaged = 0;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    Fuzzer fuzzer(seed);
    auto& collecting = start(TraceLevel::full, 4096);
    collecting.drain();
    for (int i = 0; i < 4; ++i)
      cupti.deliver([&](std::uint8_t* buffer, std::size_t size) { return fuzzer.fill(buffer, size); });
    const Trace trace = collecting.stop();
    for (const auto& row : trace.rows) EXPECT_LT(row.name, trace.strings.size());
    rows += static_cast<std::int64_t>(trace.rows.size());
    damaged += trace.damaged_count;
  }
  EXPECT_GT(rows, 300);
  EXPECT_GT(damaged, 300);
}

}  // namespace
}  // namespace headroom::tracing
