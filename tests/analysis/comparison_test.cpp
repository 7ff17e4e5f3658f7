#include "analysis/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using testing::Optional;

Breakdown run(std::string label, std::int64_t parameters, std::int64_t activations, std::int64_t peak) {
  Breakdown b;
  b.label = std::move(label);
  b.parameter_bytes = parameters;
  b.last_step_bytes[static_cast<std::size_t>(Category::activation)] = activations;
  b.peak.allocated_bytes = peak;
  return b;
}

TEST(Comparison, ShowsPercentSavedAgainstTheBaseline) {
  std::vector<Breakdown> runs{run("mha", 400, 1000, 2000), run("mqa", 300, 1250, 500)};
  runs[0].model.attention_parameter_count = 16;
  runs[1].model.attention_parameter_count = 12;
  runs[0].model.kv_cache_bytes_per_token = 1200;
  runs[1].model.kv_cache_bytes_per_token = 100;
  const Comparison comparison = compare(runs, 0);
  ASSERT_EQ(comparison.rows.size(), 2u);
  EXPECT_EQ(comparison.baseline, 0u);
  const ComparisonRow& row = comparison.rows[1];
  EXPECT_EQ(row.label, "mqa");
  EXPECT_THAT(row.parameter_saving_percent, Optional(25.0));
  EXPECT_THAT(row.activation_saving_percent, Optional(-25.0));
  EXPECT_THAT(row.attention_saving_percent, Optional(25.0));
  EXPECT_THAT(row.peak_saving_percent, Optional(75.0));
  EXPECT_THAT(row.kv_cache_saving_percent, Optional(testing::DoubleNear(91.6666666666666, 1e-9)));
}

TEST(Comparison, BaselineSavesNothingAgainstItself) {
  const Comparison comparison = compare({run("a", 1, 2, 3), run("b", 2, 4, 6)}, 1);
  EXPECT_THAT(comparison.rows[1].parameter_saving_percent, Optional(0.0));
  EXPECT_THAT(comparison.rows[1].peak_saving_percent, Optional(0.0));
  EXPECT_THAT(comparison.rows[0].peak_saving_percent, Optional(50.0));
}

TEST(Comparison, LeavesOutWhatTheBaselineHasNotGot) {
  const Comparison comparison = compare({run("a", 1, 0, 3), run("b", 2, 4, 6)}, 0);
  EXPECT_EQ(comparison.rows[1].activation_saving_percent, std::nullopt);
  EXPECT_EQ(comparison.rows[1].kv_cache_saving_percent, std::nullopt);
}

TEST(Comparison, GivesAFailedRunNoSavings) {
  std::vector<Breakdown> runs{run("a", 1, 2, 3), run("b", 2, 4, 6)};
  runs[1].outcome.kind = OutcomeKind::oom;
  EXPECT_EQ(compare(runs, 0).rows[1].peak_saving_percent, std::nullopt);
  EXPECT_THAT(compare(runs, 0).rows[0].peak_saving_percent, Optional(0.0));
  EXPECT_EQ(compare(runs, 1).rows[0].peak_saving_percent, std::nullopt);
}

TEST(Comparison, NeedsABaselineAmongItsRuns) {
  EXPECT_EQ(testing_support::message_of(ExitCode::bad_input, [] { compare({run("a", 1, 2, 3)}, 1); }),
            "run 1 is the baseline of 1 runs, expected one of them");
}

}  // namespace
}  // namespace headroom
