#include "analysis/address_orders.h"

#include <gtest/gtest.h>

namespace headroom {
namespace {

const std::vector<OrderPeaks> kOrders{{"descending", OutcomeKind::ok, 20, 8, 64},
                                      {"ascending", OutcomeKind::ok, 22, 8, 32},
                                      {"shuffled:1", OutcomeKind::oom, 1, 1, 1},
                                      {"shuffled:2", OutcomeKind::ok, 20, 8, 64}};

TEST(AddressOrders, BandNamesTheFirstOrderOfEachEnd) {
  const auto allocated = band_of(kOrders, &OrderPeaks::allocated_bytes);
  ASSERT_TRUE(allocated);
  EXPECT_EQ(allocated->least_bytes, 20);
  EXPECT_EQ(allocated->least_order, "descending");
  EXPECT_EQ(allocated->most_bytes, 22);
  EXPECT_EQ(allocated->most_order, "ascending");
  EXPECT_EQ(band_of(kOrders, &OrderPeaks::reserved_bytes)->least_order, "ascending");
}

TEST(AddressOrders, RunsThatDidNotEndWellAreLeftOut) {
  EXPECT_EQ(band_of(kOrders, &OrderPeaks::requested_bytes)->least_bytes, 8);
  EXPECT_FALSE(band_of({{"ascending", OutcomeKind::error, 0, 0, 0}}, &OrderPeaks::allocated_bytes));
  EXPECT_FALSE(band_of({}, &OrderPeaks::allocated_bytes));
}

}  // namespace
}  // namespace headroom
