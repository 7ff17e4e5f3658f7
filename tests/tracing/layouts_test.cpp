// One soname, five layouts: the same work is read to the same rows, whatever the length of the records.
#include "tests/tracing/traced.h"

namespace headroom::tracing {
namespace {

class Layout : public Tracing, public ::testing::WithParamInterface<std::uint32_t> {};

TEST_P(Layout, OfEveryKindIsReadToTheSameRows) {
  cupti.set_version(GetParam());
  auto& collecting = start();
  collecting.set_context(6);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    cupti.launch({.start = i * 100, .end = i * 100 + 50});
    cupti.copy(CUPTI_ACTIVITY_MEMCPY_KIND_DTOD, i, i * 100 + 60, i * 100 + 70);
    cupti.set(0, i);
    cupti.create_pool(i, i);
    cupti.malloc(i * 0x1000, i);
  }
  const Trace trace = collecting.stop();
  EXPECT_EQ(trace.damaged_count, 0);
  EXPECT_EQ(trace.unknown_count, 0);
  for (const auto kind :
       {ActivityKind::kernel, ActivityKind::copy, ActivityKind::set, ActivityKind::pool, ActivityKind::memory}) {
    const auto rows = rows_of(trace, kind);
    ASSERT_THAT(rows, ::testing::SizeIs(3)) << to_name(kActivityKindNames, kind);
    for (const auto& row : rows) EXPECT_EQ(row.context, 6u);
    EXPECT_EQ(rows[0].bytes + rows[1].bytes + rows[2].bytes, kind == ActivityKind::kernel ? 0 : 6);
  }
  EXPECT_EQ(line(rows_of(trace, ActivityKind::kernel)[2], trace),
            "kernel 300+50 'kernel(float*)' bytes=0 stream=7 context=6");
}

INSTANTIATE_TEST_SUITE_P(OfVersion, Layout, ::testing::Values(28u, 130001u, 130101u, 130301u, 130500u));

}  // namespace
}  // namespace headroom::tracing
