// A recording exported as a snapshot and read again is the recording it was, but for times below a microsecond.
#include "recording/snapshot/snapshot.h"

#include <gmock/gmock.h>

#include "recording/verify.h"
#include "reports/export.h"
#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing::IsEmpty;

std::string exported(const Recording& recording) {
  const Breakdown breakdown = make_breakdown(recording, "run");
  return write_snapshot({&recording, &breakdown});
}

void expect_same(const Recording& before, const Recording& after) {
  const Events &a = before.events, &b = after.events;
  EXPECT_EQ(a.action, b.action);
  EXPECT_EQ(a.address, b.address);
  EXPECT_EQ(a.requested_bytes, b.requested_bytes);
  EXPECT_EQ(a.block_bytes, b.block_bytes);
  EXPECT_EQ(a.phase, b.phase);
  EXPECT_EQ(a.step, b.step);
  const Breakdown x = make_breakdown(before, "run"), y = make_breakdown(after, "run");
  ASSERT_EQ(x.allocations.size(), y.allocations.size());
  for (std::size_t i = 0; i < x.allocations.size(); ++i) {
    EXPECT_EQ(x.allocations[i].category, y.allocations[i].category) << i;
    EXPECT_EQ(x.allocations[i].layer, y.allocations[i].layer) << i;
    EXPECT_EQ(x.text(x.allocations[i].op), y.text(y.allocations[i].op)) << i;
    EXPECT_EQ(x.text(x.allocations[i].tensor), y.text(y.allocations[i].tensor)) << i;
  }
  EXPECT_EQ(x.peak.allocated_bytes, y.peak.allocated_bytes);
  EXPECT_EQ(x.peak.categories, y.peak.categories);
  EXPECT_EQ(before.spec, after.spec);
  EXPECT_EQ(before.environment, after.environment);
  EXPECT_EQ(before.parameters.size(), after.parameters.size());
}

TEST(SnapshotRoundTrip, KeepsBytesOrderCategoriesAndLayers) {
  for (std::uint32_t seed = 0; seed < 12; ++seed) {
    const Recording recording = testing_support::random_recording(seed, 200);
    ASSERT_THAT(verify(recording), IsEmpty());
    const Recording again = read_snapshot(exported(recording), "run");
    EXPECT_THAT(verify(again), IsEmpty()) << seed;
    expect_same(recording, again);
  }
}

TEST(SnapshotRoundTrip, OfACpuRunHasNoSegments) {
  const Recording recording = testing_support::random_recording(4, 200, DeviceKind::cpu);
  expect_same(recording, read_snapshot(exported(recording), "run"));
}

TEST(SnapshotRoundTrip, KeepsWhyMemoryRanOut) {
  Recording recording =
      testing_support::recording_from_text("segment +4096@s\n== forward 1\n+1024@a x aten::mm activation");
  recording.outcome = {OutcomeKind::oom, "no room", 1 << 30, 512, 1024, 4096, "forward", "x"};
  const Recording again = read_snapshot(exported(recording), "run");
  expect_same(recording, again);
  EXPECT_EQ(again.outcome.message, "no room");
  EXPECT_EQ(again.outcome.failed_request_bytes, 1 << 30);
}

TEST(SnapshotRoundTrip, OfAnExportWithoutItsDocumentKeepsLayersAndCategories) {
  const Recording recording = testing_support::random_recording(3, 200);
  std::string bytes = exported(recording);
  const std::size_t key = bytes.rfind("\x8c\x09recording");
  ASSERT_NE(key, std::string::npos);
  bytes[key + 2] = 'x';
  const Recording again = read_snapshot(bytes, "run");
  EXPECT_THAT(verify(again), IsEmpty());
  EXPECT_EQ(again.environment.device_kind, DeviceKind::virtual_cuda);
  const Breakdown before = make_breakdown(recording, "run"), after = make_breakdown(again, "run");
  const Allocation &a = before.allocations.back(), &b = after.allocations.back();
  EXPECT_EQ(a.category, b.category);
  EXPECT_EQ(before.layer(a.layer).path, after.layer(b.layer).path);
}

}  // namespace
}  // namespace headroom
