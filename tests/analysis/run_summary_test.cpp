// What is kept of a run, and that it survives being written down.
#include "analysis/run_summary.h"

#include <gtest/gtest.h>

#include <string>

#include "analysis/fit.h"
#include "base/error.h"
#include "tests/random_recording.h"

namespace headroom {
namespace {

RunSummary written_and_read(const RunSummary& run) {
  return run_summary_from_json(parse_json(to_json(run).dump(), "test"), "test");
}

TEST(RunSummary, CategoriesAddUpToThePeak) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Recording recording = testing_support::random_recording(seed, 300);
    recording.outcome.kind = seed % 2 == 0 ? OutcomeKind::ok : OutcomeKind::oom;
    const RunSummary run = summarize(recording);
    std::int64_t sum = 0;
    for (const std::int64_t bytes : run.categories) sum += bytes;
    EXPECT_EQ(sum, run.allocated_bytes);
    EXPECT_EQ(run.fits(), seed % 2 == 0);
    EXPECT_EQ(written_and_read(run), run);
  }
}

TEST(RunSummary, WhatIsNoSummaryIsRefused) {
  const Json good = to_json(RunSummary{.outcome = OutcomeKind::ok});
  EXPECT_NO_THROW(run_summary_from_json(good, "test"));
  for (const auto& [key, value] : good.items()) {
    Json damaged = good;
    damaged.erase(key);
    EXPECT_THROW(run_summary_from_json(damaged, "test"), Error) << key << " is missing";
    damaged[key] = Json::array({true});
    EXPECT_THROW(run_summary_from_json(damaged, "test"), Error) << key << " is a list";
  }
  Json failed = good;
  failed["outcome"] = "error";
  EXPECT_THROW(run_summary_from_json(failed, "test"), Error);
}

TEST(Changes, AreRankedByWhatTheySavedAndThoseThatDoNotFitComeLast) {
  const auto change = [](const char* flags, OutcomeKind outcome, std::int64_t peak, std::optional<std::int64_t> saved) {
    return TriedChange{
        ChangeKind::optimizer, flags, RunSummary{.outcome = outcome, .allocated_bytes = peak}, saved, {}, ""};
  };
  std::vector<TriedChange> changes{change("little", OutcomeKind::ok, 90, 10), change("oom", OutcomeKind::oom, 99, {}),
                                   change("more", OutcomeKind::ok, 20, 80), change("worse", OutcomeKind::ok, 120, -20)};
  changes.insert(changes.begin(), TriedChange{ChangeKind::cache, "failed", {}, {}, {}, "no"});
  rank(changes);
  std::string order;
  for (const TriedChange& one : changes) order += one.flags + " ";
  EXPECT_EQ(order, "more little worse oom failed ");
}

}  // namespace
}  // namespace headroom
