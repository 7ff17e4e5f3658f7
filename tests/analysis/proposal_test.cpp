// The limits that a budget begins with.
#include "analysis/proposal.h"

#include <gmock/gmock.h>

#include <limits>
#include <random>

namespace headroom {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

std::map<std::string, std::int64_t> allowed(const Figures& figures, const Growth& margin = kProposedMargin) {
  std::map<std::string, std::int64_t> out;
  for (const ProposedLimit& limit : propose(figures, margin)) out[key_of(limit.metric)] = limit.allowed;
  return out;
}

TEST(Proposal, PeaksHaveAMarginAndWhatOnlyAnotherModelChangesHasNone) {
  const auto limits = allowed(
      {{"peak", 1000 * kMiB}, {"reserved", 2000 * kMiB}, {"requested", 5}, {"parameters", 7}, {"kv-per-token", 9}});
  EXPECT_THAT(limits, testing::ElementsAre(testing::Pair("kv-per-token", 9), testing::Pair("parameters", 7),
                                           testing::Pair("peak", 1050 * kMiB), testing::Pair("reserved", 2100 * kMiB)));
}

TEST(Proposal, LargeLevelsAreWholeMiBAndSmallOnesExact) {
  EXPECT_EQ(allowed({{"peak", 1000 * kMiB + 1}})["peak"], 1051 * kMiB);
  EXPECT_EQ(allowed({{"peak", 12288}})["peak"], 12902);
  EXPECT_EQ(allowed({{"peak", 12288}}, {1024, false})["peak"], 13312);
}

TEST(Proposal, WhatIsNotKnownIsNotLimited) { EXPECT_THAT(propose({{"requested", 5}}), testing::IsEmpty()); }

// Whatever was measured, the run keeps to its own limits.
TEST(Proposal, NeverLimitsBelowWhatWasMeasured) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const auto bytes = static_cast<std::int64_t>(random() >> (1 + random() % 62));
    for (const Growth& margin : {kProposedMargin, Growth{0, true}, Growth{0, false}, Growth{10 * kWhole, true}})
      for (const ProposedLimit& limit :
           propose({{"peak", bytes}, {"reserved", bytes}, {"parameters", bytes}}, margin)) {
        EXPECT_EQ(limit.measured, bytes);
        EXPECT_GE(limit.allowed, bytes);
      }
  }
  EXPECT_EQ(allowed({{"peak", std::numeric_limits<std::int64_t>::max()}})["peak"],
            std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace headroom
