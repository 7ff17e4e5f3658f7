#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/breakdown.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

template <class F>
std::vector<std::string> after(F change) {
  Breakdown b = make_breakdown(testing_support::recording_from_text(R"(
    +512/500 head aten::empty parameter "[125] float32"
    == forward 1
    +256 head aten::mm activation? "[64] float32"
  )"),
                               "x");
  EXPECT_THAT(verify(b), IsEmpty());
  change(b);
  return verify(b);
}

TEST(VerifyBreakdown, FindsOneByteTooManyInACategory) {
  EXPECT_THAT(after([](Breakdown& b) { ++b.peak.categories[0]; }),
              ElementsAre("the run's peak: the sum over categories is 769 bytes, expected 768",
                          "the run's peak: the layers' parameter is 512 bytes, expected 513"));
}

TEST(VerifyBreakdown, FindsOneByteTooManyInALayer) {
  EXPECT_THAT(after([](Breakdown& b) { ++b.steps[0].peak.layers[1].bytes; }),
              ElementsAre("the peak of step 1: the categories of layer 'head' sum to 768 bytes, expected 769",
                          "the peak of step 1: the sum over layers is 769 bytes, expected 768"));
}

TEST(VerifyBreakdown, FindsATensorThatIsMissingOrDead) {
  EXPECT_THAT(after([](Breakdown& b) { b.peak.live.pop_back(); }),
              ElementsAre("the run's peak: the sum over live tensors is 512 bytes, expected 768",
                          "the run's peak: the sum of their requests is 500 bytes, expected 756"));
  EXPECT_THAT(after([](Breakdown& b) { b.allocations[0].end = 1; }),
              Contains("the run's peak: allocation 0 is not alive then"));
}

TEST(VerifyBreakdown, FindsAPeakUnlikeTheAllocators) {
  EXPECT_THAT(after([](Breakdown& b) { b.stats.peak_allocated_bytes = 767; }),
              ElementsAre("the run's peak: allocated_bytes is 768 bytes, expected 767"));
}

TEST(VerifyBreakdown, FindsBytesWithoutACategory) {
  EXPECT_THAT(after([](Breakdown& b) { b.allocations[1].category = Category::unresolved; }),
              ElementsAre("the allocation at event 1 has no category"));
}

TEST(VerifyBreakdown, FindsMissingRows) {
  EXPECT_THAT(after([](Breakdown& b) { b.layer_rows.pop_back(); }), ElementsAre("1 layer rows for 2 layers"));
  EXPECT_THAT(after([](Breakdown& b) { b.peak.layers.pop_back(); }),
              Contains("the run's peak: 1 layers of 2 are there"));
}

}  // namespace
}  // namespace headroom
