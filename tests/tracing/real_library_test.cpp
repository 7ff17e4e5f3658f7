// The real libcupti, on a machine without a GPU: what it answers is understood, and it walks records as the double
// does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "tracing/driver.h"
#include "tracing/records.h"
#include "tracing/session.h"

namespace headroom::tracing {
namespace {

class RealLibrary : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(REAL_CUPTI))
      GTEST_SKIP() << "no " << REAL_CUPTI << "; scripts/setup --tests brings it";
    library = load_library(REAL_CUPTI);
    ASSERT_NE(library.handle, nullptr) << library.problem;
  }

  Library library;
};

TEST_F(RealLibrary, IsComplete) {
  EXPECT_EQ(library_name(library), "CUPTI 13.0 (130001)");
#define EXPECT_FOUND(name) EXPECT_NE(library.api.name, nullptr) << #name;
  HEADROOM_CUPTI_REQUIRED(EXPECT_FOUND)
  HEADROOM_CUPTI_OPTIONAL(EXPECT_FOUND)
#undef EXPECT_FOUND
}

TEST_F(RealLibrary, WithoutADriverTheReasonIsSaidAndNothingCrashes) {
  if (Driver(nullptr).missing(130001).empty()) GTEST_SKIP() << "this machine has a driver";
  auto& collector = Collector::start({.library = REAL_CUPTI});
  EXPECT_FALSE(collector.tracing());
  EXPECT_THAT(collector.problems(), ::testing::Contains(::testing::HasSubstr("no NVIDIA driver on this machine")));
  collector.set_context(5);
  EXPECT_THAT(collector.stop().rows, ::testing::IsEmpty());
}

TEST_F(RealLibrary, WalksABufferOfEveryKindThatIsRead) {
  BufferPool pool(1 << 16, 1);
  auto* buffer = pool.request();
  std::size_t used = 0;
  const auto put = [&]<class Record>(CUpti_ActivityKind kind, Record record) {
    record.kind = kind;
    std::memcpy(buffer + used, &record, sizeof(record));
    used += sizeof(record);
  };
  put(CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION,
      CUpti_ActivityExternalCorrelation{
          .externalKind = CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM2, .externalId = 5, .correlationId = 1});
  put(CUPTI_ACTIVITY_KIND_RUNTIME, CUpti_ActivityAPI{.cbid = 20, .correlationId = 1});
  put(CUPTI_ACTIVITY_KIND_DRIVER, CUpti_ActivityAPI{.cbid = 243, .correlationId = 2});
  put(CUPTI_ACTIVITY_KIND_MEMORY2, CUpti_ActivityMemory4{});
  put(CUPTI_ACTIVITY_KIND_MEMORY_POOL, CUpti_ActivityMemoryPool3{});
  put(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, CUpti_ActivityKernel10{});
  put(CUPTI_ACTIVITY_KIND_MEMCPY, CUpti_ActivityMemcpy6{});
  put(CUPTI_ACTIVITY_KIND_MEMCPY2, CUpti_ActivityMemcpyPtoP4{});
  put(CUPTI_ACTIVITY_KIND_MEMSET, CUpti_ActivityMemset4{});
  put(CUPTI_ACTIVITY_KIND_OVERHEAD, CUpti_ActivityOverhead3{});
  put(CUPTI_ACTIVITY_KIND_SYNCHRONIZATION, CUpti_ActivitySynchronization2{});
  put(CUPTI_ACTIVITY_KIND_GRAPH_TRACE, CUpti_ActivityGraphTrace2{});
  put(CUPTI_ACTIVITY_KIND_DEVICE, CUpti_ActivityDevice5{.globalMemoryBandwidth = 2, .id = 3});
  put(CUPTI_ACTIVITY_KIND_CONTEXT, CUpti_ActivityContext3{.contextId = 8, .deviceId = 3});
  put(CUPTI_ACTIVITY_KIND_MARKER, CUpti_ActivityMarker2{});
  pool.complete(buffer, used);

  RecordReader reader(library.api, false);
  Records records;
  for (auto& filled : pool.take_filled()) reader.read(filled, records);
  EXPECT_EQ(records.damaged, 0);
  EXPECT_EQ(records.unknown, 1);
  EXPECT_EQ(records.rows.size(), 10u);
  EXPECT_EQ(records.memory.size(), 1u);
  EXPECT_THAT(records.contexts, ::testing::ElementsAre(::testing::Pair(1u, 5u)));
  EXPECT_EQ(reader.bandwidth(3), 2000);
  EXPECT_EQ(reader.device_of(8), 3);
  EXPECT_EQ(reader.strings().at(records.rows[0].name), "cudaMalloc");
  EXPECT_EQ(reader.strings().at(records.rows[1].name), "cuMemAlloc");
}

}  // namespace
}  // namespace headroom::tracing
