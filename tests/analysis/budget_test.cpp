#include "analysis/budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using testing_support::random_recording;
using testing_support::recording_from_text;

constexpr std::int64_t kMost = INT64_MAX;
constexpr const char* kDay = "2026-06-01";

// A peak of 6000 bytes: 1000 of parameters in head, 5000 of activations in two attentions, one of 3000.
Breakdown small_run() {
  return make_breakdown(recording_from_text(R"(
parameter w head [250] float32
segment +1048576@s
+1000@p head - parameter "[250] float32"
== forward 1
+2000@a block.0/attn aten::mm activation "[500] float32"
+3000@b block.1/attn aten::mm activation "[750] float32"
-@a
-@b
)"),
                        "small");
}

Limit limit(MetricKind kind, Levels levels) { return {.metric = {.kind = kind}, .levels = levels}; }

Check check_of(const Limit& one, const std::optional<Figures>& baseline = {}, std::string_view today = kDay) {
  const Breakdown run = small_run();
  const Budget budget{{one}};
  const Verdict verdict = judge(run, budget, baseline, today);
  EXPECT_THAT(verify(verdict, run, budget), IsEmpty());
  EXPECT_THAT(verdict.unjudged, IsEmpty());
  return verdict.checks.empty() ? Check{} : verdict.checks.front();
}

std::int64_t value_of(const Metric& metric) {
  const auto figure = figure_of(small_run(), metric);
  return figure ? figure->value : -1;
}

TEST(Budget, KnowsEveryFigure) {
  EXPECT_EQ(value_of({.kind = MetricKind::peak}), 6000);
  EXPECT_EQ(value_of({.kind = MetricKind::requested}), 6000);
  EXPECT_EQ(value_of({.kind = MetricKind::reserved}), 1 << 20);
  EXPECT_EQ(value_of({.kind = MetricKind::parameters}), 250);
  EXPECT_EQ(value_of({.kind = MetricKind::parameter_bytes}), 1000);
  EXPECT_EQ(value_of({.kind = MetricKind::largest_tensor}), 3000);
  EXPECT_EQ(value_of({.kind = MetricKind::category, .category = Category::activation}), 5000);
  EXPECT_EQ(value_of({.kind = MetricKind::kv_per_token}), -1) << "the run keeps none";
}

TEST(Budget, AGlobStandsForTheLargestLayerThatMatches) {
  const auto figure = figure_of(small_run(), {.kind = MetricKind::layer, .layers = "block.*"});
  ASSERT_TRUE(figure && figure->layer);
  EXPECT_EQ(figure->value, 3000) << "with what is below it";
  EXPECT_EQ(small_run().layer(*figure->layer).path, "block.1");
  EXPECT_EQ(value_of({.kind = MetricKind::layer, .layers = "block.?", .self = true}), 0);
  EXPECT_EQ(value_of({.kind = MetricKind::layer, .layers = "model"}), 6000);
  EXPECT_EQ(value_of({.kind = MetricKind::layer, .category = Category::parameter, .layers = "model"}), 1000);
  EXPECT_EQ(value_of({.kind = MetricKind::layer, .layers = "blok.*"}), -1);
}

TEST(Budget, GlobsKnowTheDotsOfAPath) {
  for (const auto& [glob, path] : std::initializer_list<std::pair<const char*, const char*>>{{"a.b", "a.b"},
                                                                                             {"*", "a"},
                                                                                             {"a.*", "a.b"},
                                                                                             {"a.*.c", "a.b.c"},
                                                                                             {"**.c", "a.b.c"},
                                                                                             {"a**", "a"},
                                                                                             {"a.?", "a.1"},
                                                                                             {"", ""},
                                                                                             {"**", ""},
                                                                                             {"*b*", "abc"}})
    EXPECT_TRUE(matches_glob(glob, path)) << glob << " " << path;
  for (const auto& [glob, path] : std::initializer_list<std::pair<const char*, const char*>>{{"*", "a.b"},
                                                                                             {"a.*", "a"},
                                                                                             {"a.?", "a.12"},
                                                                                             {"?", "."},
                                                                                             {"a", "ab"},
                                                                                             {"ab", "a"},
                                                                                             {"", "a"},
                                                                                             {"a.*.c", "a.b.d.c"}})
    EXPECT_FALSE(matches_glob(glob, path)) << glob << " " << path;
  EXPECT_FALSE(matches_glob(std::string(400, '*') + "b", std::string(5000, 'a'))) << "and this ends";
}

TEST(Budget, AboveALevelIsBrokenAndAtItIsNot) {
  EXPECT_EQ(check_of(limit(MetricKind::peak, {.fail = 6000})).status, Status::within);
  EXPECT_EQ(check_of(limit(MetricKind::peak, {.fail = 5999})).status, Status::failed);
  EXPECT_EQ(check_of(limit(MetricKind::peak, {.fail = 5999})).over(), 1);
  const Check warned = check_of(limit(MetricKind::peak, {.warn = 5000, .fail = 7000}));
  EXPECT_EQ(warned.status, Status::warned);
  EXPECT_EQ(warned.allowed, 5000);
  EXPECT_EQ(check_of(limit(MetricKind::peak, {.warn = 6500, .fail = 7000})).allowed, 7000)
      << "kept: where it would fail";
}

TEST(Budget, GrowthIsFromTheBaseline) {
  const Figures before{{"peak", 5000}};
  EXPECT_EQ(check_of(limit(MetricKind::peak, {.fail_growth = Growth{1000}}), before).status, Status::within);
  EXPECT_EQ(check_of(limit(MetricKind::peak, {.fail_growth = Growth{999}}), before).status, Status::failed);
  EXPECT_EQ(check_of(limit(MetricKind::peak, {.fail_growth = Growth{200'000, true}}), before).status, Status::within);
  EXPECT_EQ(check_of(limit(MetricKind::peak, {.fail_growth = Growth{199'999, true}}), before).status, Status::failed);
  const Check both = check_of(limit(MetricKind::peak, {.fail = 5500, .fail_growth = Growth{100}}), before);
  EXPECT_EQ(both.allowed, 5100) << "the lower of two that are broken";
  EXPECT_TRUE(both.growth);
}

TEST(Budget, GrowthNeverOverflows) {
  EXPECT_EQ(grown(kMost, {kMost, false}), kMost);
  EXPECT_EQ(grown(kMost, {10'000'000'000, true}), kMost);
  EXPECT_EQ(grown(0, {10'000'000'000, true}), 0);
  EXPECT_EQ(grown(3'000'001, {500'000, true}), 4'500'001);
}

TEST(Budget, WithoutABaselineGrowthIsNotJudged) {
  const Breakdown run = small_run();
  const Budget budget{{limit(MetricKind::peak, {.fail_growth = Growth{1}})}};
  EXPECT_THAT(judge(run, budget, {}, kDay).unjudged, SizeIs(1));
  EXPECT_THAT(judge(run, budget, Figures{{"reserved", 1}}, kDay).unjudged, SizeIs(1));
}

TEST(Budget, AnExceptionHoldsThroughItsLastDay) {
  Limit one = limit(MetricKind::peak, {.fail = 5000});
  one.exception = Exception{{.fail = 6000}, "why", "2026-06-01"};
  EXPECT_EQ(check_of(one, {}, "2026-06-01").status, Status::within);
  EXPECT_EQ(check_of(one, {}, "2026-06-01").exception, ExceptionState::in_force);
  EXPECT_EQ(check_of(one, {}, "2026-06-02").status, Status::failed);
  EXPECT_EQ(check_of(one, {}, "2026-06-02").exception, ExceptionState::expired);
}

TEST(Budget, VerifySeesAFalseVerdict) {
  const Breakdown run = small_run();
  const Budget budget{{limit(MetricKind::peak, {.fail = 5000})}};
  Verdict verdict = judge(run, budget, {}, kDay);
  verdict.checks[0].status = Status::within;
  EXPECT_THAT(verify(verdict, run, budget), SizeIs(1));
  verdict.checks[0] = judge(run, budget, {}, kDay).checks[0];
  verdict.checks[0].figure.value += 1;
  EXPECT_THAT(verify(verdict, run, budget), SizeIs(1));
  verdict.checks.clear();
  EXPECT_THAT(verify(verdict, run, budget), SizeIs(1));
}

// Random limits over random runs: verdicts hold together, and a run of more bytes is never judged better.
TEST(Budget, MoreBytesNeverTurnAFailureIntoAPass) {
  std::mt19937_64 random(7);
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  int failed = 0, within = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    Breakdown run = make_breakdown(random_recording(seed, 200), "random");
    Budget budget;
    Figures baseline = figures_of(run, budget);
    for (int i = 0; i < 20; ++i) {
      Limit one = limit(static_cast<MetricKind>(below(3)), {});
      const std::int64_t near = 1 + 2 * baseline.at(key_of(one.metric));
      one.levels = {.warn = below(near),
                    .fail = below(near),
                    .warn_growth = Growth{below(2 * kWhole), true},
                    .fail_growth = Growth{below(near)}};
      budget.limits.push_back(one);
    }
    const Verdict before = judge(run, budget, baseline, kDay);
    EXPECT_THAT(verify(before, run, budget), IsEmpty());
    run.peak.allocated_bytes += below(1 << 20);
    run.peak_requested_bytes += below(1 << 20);
    run.peak_reserved_bytes += below(1 << 20);
    const Verdict after = judge(run, budget, baseline, kDay);
    ASSERT_EQ(before.checks.size(), after.checks.size());
    for (std::size_t i = 0; i < before.checks.size(); ++i) {
      EXPECT_GE(after.checks[i].status, before.checks[i].status);
      ++(before.checks[i].status == Status::within ? within : failed);
    }
    EXPECT_GE(after.status(), before.status());
  }
  EXPECT_GT(failed, 50);
  EXPECT_GT(within, 50);
}

}  // namespace
}  // namespace headroom
