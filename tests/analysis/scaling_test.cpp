// Slopes, series and merging of a sweep's rows.
#include "analysis/scaling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sweep_sample.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::message_of;
using testing_support::sweep_row;
using testing_support::sweep_sample;

TEST(Slope, OfAPowerIsItsExponent) {
  for (const double exponent : {-1.0, 0.0, 0.5, 1.0, 2.0, 3.0}) {
    ScalingPoints points;
    for (const double x : {1.0, 3.0, 8.0, 100.0}) points.emplace_back(x, 7 * std::pow(x, exponent));
    EXPECT_NEAR(log_log_slope(points).value(), exponent, 1e-12);
    EXPECT_NEAR(last_log_log_slope(points).value(), exponent, 1e-12);
  }
}

TEST(Slope, IsByLeastSquaresAndTheLastTwoAreTheirOwn) {
  // Logarithms of base 2: x 0, 1, 2 and y 0, 1, 4: the slope is 2, that of the last two 3.
  const ScalingPoints points{{1, 1}, {2, 2}, {4, 16}};
  EXPECT_NEAR(log_log_slope(points).value(), 2, 1e-12);
  EXPECT_NEAR(last_log_log_slope(points).value(), 3, 1e-12);
}

TEST(Slope, NeedsTwoPlacesAndValuesAboveZero) {
  EXPECT_FALSE(log_log_slope({}));
  EXPECT_FALSE(log_log_slope({{1, 1}}));
  EXPECT_FALSE(log_log_slope({{2, 1}, {2, 5}}));
  EXPECT_FALSE(log_log_slope({{1, 0}, {2, 5}}));
  EXPECT_FALSE(last_log_log_slope({{1, 1}}));
}

TEST(ScalingSeriesTest, IsOfRunsThatDifferInOneNumberAlone) {
  const Sweep sweep = sweep_sample();
  std::vector<std::string> found;
  for (const ScalingSeries& series : scaling_series(sweep)) {
    std::string text = sweep.varied[series.field] + ":";
    for (const std::size_t row : series.rows) text += " " + std::to_string(sweep.rows[row].number);
    found.push_back(text);
  }
  EXPECT_THAT(found, ElementsAre("seq: 1 2 3", "seq: 5 6")) << "what did not go well is in none";
}

TEST(ScalingSeriesTest, IsSortedByItsNumberWhateverTheOrderOfRuns) {
  Sweep sweep = sweep_sample();
  sweep.rows = {sweep_row(1, {"mha", 512}, 900), sweep_row(2, {"mha", 64}, 100), sweep_row(3, {"mha", 128}, 200)};
  ASSERT_EQ(scaling_series(sweep).size(), 1u);
  EXPECT_THAT(points_of(sweep, scaling_series(sweep)[0]),
              ElementsAre(std::pair(64., 100.), std::pair(128., 200.), std::pair(512., 900.)));
}

TEST(ScalingSeriesTest, WordsAndZerosHaveNone) {
  Sweep sweep = sweep_sample();
  sweep.rows = {sweep_row(1, {"mha", 0}, 900), sweep_row(2, {"mha", 64}, 100)};
  EXPECT_THAT(scaling_series(sweep), IsEmpty());
}

TEST(SweepMerge, OfPartsIsTheWholeInAnyOrder) {
  const Sweep whole = sweep_sample();
  Sweep a = whole, b = whole;
  a.rows.erase(a.rows.begin() + 1);
  b.rows.resize(3);
  for (const auto& parts : {std::vector{a, b}, std::vector{b, a}}) {
    const Sweep merged = merge_sweeps(parts, {"a", "b"});
    EXPECT_EQ(merged.rows, whole.rows);
    EXPECT_THAT(missing_rows(merged), IsEmpty());
    EXPECT_THAT(verify(merged), IsEmpty());
  }
  EXPECT_THAT(missing_rows(b), ElementsAre(4, 5, 6));
}

TEST(SweepMerge, ErrorGivesWayToAResult) {
  const Sweep whole = sweep_sample();
  Sweep failed = whole;
  failed.rows[0].result = {};
  failed.rows[0].result.outcome = SweepOutcome::error;
  EXPECT_EQ(merge_sweeps({failed, whole}, {"a", "b"}).rows, whole.rows);
  EXPECT_EQ(merge_sweeps({whole, failed}, {"a", "b"}).rows, whole.rows);
}

TEST(SweepMerge, DifferencesAreRefused) {
  const Sweep whole = sweep_sample();
  Sweep other = whole;
  other.rows[1].result.peak->reserved_bytes += 1;
  EXPECT_THAT(message_of(ExitCode::bad_input,
                         [&] {
                           merge_sweeps({whole, other}, {"a", "b"});
                         }),
              HasSubstr("run 2 (mha, seq 128) is not the same in a and b"));
  other.id = "another";
  EXPECT_THAT(message_of(ExitCode::bad_input,
                         [&] {
                           merge_sweeps({whole, other}, {"a", "b"});
                         }),
              HasSubstr("of different sweeps"));
  other.headroom_version = "9";
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { merge_sweeps({whole, other}, {"a", "b"}); }), HasSubstr("b of 9"));
}

TEST(SweepVerify, SeesWhatDoesNotAddUp) {
  Sweep sweep = sweep_sample();
  EXPECT_THAT(verify(sweep), IsEmpty());
  sweep.rows[0].result.peak->categories[0] += 1;
  EXPECT_THAT(verify(sweep), ElementsAre(HasSubstr("run 1: the categories sum to")));
  sweep = sweep_sample();
  std::swap(sweep.rows[0], sweep.rows[1]);
  EXPECT_THAT(verify(sweep), ElementsAre(HasSubstr("run 1 is out of place")));
}

}  // namespace
}  // namespace headroom
