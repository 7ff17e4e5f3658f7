// Ten thousand budgets, sweeps, runs and models that are nearly right. Each is taken, and then everything that is
// computed of it holds; or it is refused in one sentence that opens with the file and, where there is one, the line.
// Nothing else happens.
#include "tests/fuzz/hostile.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/toml.h"
#include "cli/budget_file.h"
#include "cli/sweep_file.h"
#include "recording/run_spec.h"
#include "tests/fuzz/seeds.h"
#include "tests/fuzz/survive_model.h"
#include "tests/random_recording.h"

namespace headroom::fuzz {
namespace {

constexpr std::size_t kLongestMessage = 2000;  // the list of all mechanisms among it

struct Tally {
  std::size_t taken = 0, refused = 0;
};

std::string beginning(const std::string& text) { return text.size() <= 4000 ? text : text.substr(0, 4000) + "…"; }

// "FILE: …", "FILE:12: …".
void expect_clear(const Error& error, const std::string& file) {
  const std::string message = error.what();
  EXPECT_EQ(message.compare(0, file.size(), file), 0) << message;
  EXPECT_TRUE(message.size() > file.size() + 4 && message[file.size()] == ':') << message;
  EXPECT_LE(message.size(), kLongestMessage) << message;
  // A word or a text of the file is shown as it stands there; what is shown must be whole characters.
  EXPECT_NO_THROW((void)Json(message).dump()) << message;
  const bool of_the_machine = error.code() == ExitCode::could_not_measure && message.find("GPU") != std::string::npos;
  EXPECT_TRUE(error.code() == ExitCode::bad_input || of_the_machine) << message;
}

template <class Read>
void try_text(const std::string& text, const std::string& file, Tally& tally, Read read) {
  SCOPED_TRACE(beginning(text));
  try {
    read();
    ++tally.taken;
  } catch (const Error& error) {
    expect_clear(error, file);
    ++tally.refused;
  } catch (const std::exception& other) {
    ADD_FAILURE() << "neither taken nor refused: " << other.what();
  }
}

std::vector<Node> toml_seeds(std::string_view target) {
  std::vector<Node> nodes;
  for (const std::string& text : seeds_of(target)) nodes.push_back(node_of(parse_toml(text, "seed").root));
  return nodes;
}

// Whether both ways are gone, each often enough to mean something.
void expect_both(const Tally& tally) {
  const std::size_t all = tally.taken + tally.refused;
  EXPECT_GT(tally.taken, all / 50);
  EXPECT_GT(tally.refused, all / 4);
}

TEST(Hostile, FourThousandBudgetsAreJudgedOrRefused) {
  const Breakdown run = make_breakdown(testing_support::random_recording(3, 40), "run");
  const std::vector<Node> seeds = toml_seeds("budget");
  const std::vector<std::string> words = run_words();
  Tally tally;
  for (std::uint32_t round = 0; round < 4000 && !HasFailure(); ++round) {
    Hostile hostile(round);
    const std::string text = hostile.damaged(as_toml(hostile.changed(hostile.one_of(seeds), words)));
    try_text(text, "some/b.toml", tally, [&] {
      const cli::BudgetFile file = cli::parse_budget_file(text, "some/b.toml");
      for (const cli::BudgetEntry& entry : file.entries) {
        const Figures figures = figures_of(run, entry.budget);
        for (const char* today : {"0001-01-01", "9999-12-31"}) {
          const Verdict verdict = judge(run, entry.budget, figures, today);
          EXPECT_TRUE(verify(verdict, run, entry.budget).empty());
        }
        EXPECT_EQ(entry.source == cli::BudgetSource::recording, entry.spec.model.empty());
        EXPECT_FALSE(reproduction_command(entry.spec).empty());
      }
    });
  }
  expect_both(tally);
}

TEST(Hostile, AThousandSweepsAreExpandedOrRefused) {
  const std::vector<Node> seeds = toml_seeds("sweep_file");
  const std::vector<std::string> words = run_words();
  Tally tally;
  for (std::uint32_t round = 0; round < 1000 && !HasFailure(); ++round) {
    Hostile hostile(10'000 + round);
    const std::string text = hostile.damaged(as_toml(hostile.changed(hostile.one_of(seeds), words)));
    try_text(text, "s.toml", tally, [&] {
      const cli::SweepPlan plan = cli::read_sweep_plan(parse_toml(text, "s.toml"));
      for (const auto& one : plan.runs) EXPECT_EQ(one.spec.has_value(), one.refusal.empty());
    });
  }
  expect_both(tally);
}

TEST(Hostile, FourThousandModelsAreCountedOrRefused) {
  std::vector<Node> seeds;
  for (const std::string& text : config_seeds()) seeds.push_back(node_of(parse_json(text, "seed")));
  const std::vector<std::string> words = config_words(), choices = run_words();
  Tally tally;
  for (std::uint32_t round = 0; round < 4000 && !HasFailure(); ++round) {
    Hostile hostile(20'000 + round);
    const std::string text = hostile.damaged(as_json(hostile.changed(hostile.one_of(seeds), words)));
    try_text(text, "m/config.json", tally, [&] {
      const models::ModelConfig model = models::import_hugging_face(parse_json(text, "m/config.json"), "m/config.json");
      survive_import(model);
      survive_mechanism(model, hostile.one_of(choices), "", "");
      survive_mechanism(model, "", "", hostile.one_of(choices));
    });
  }
  expect_both(tally);
}

TEST(Hostile, AThousandSpecsAreReadBackOrRefused) {
  std::vector<Node> seeds;
  for (const std::string& text : seeds_of("json")) seeds.push_back(node_of(parse_json(text, "seed")));
  const std::vector<std::string> words = run_words();
  Tally tally;
  for (std::uint32_t round = 0; round < 1000 && !HasFailure(); ++round) {
    Hostile hostile(30'000 + round);
    const std::string text = hostile.damaged(as_json(hostile.changed(hostile.one_of(seeds), words)));
    try_text(text, "spec", tally, [&] {
      const RunSpec spec = run_spec_from_json(parse_json(text, "spec"), "spec");
      EXPECT_EQ(run_spec_from_json(to_json(spec), "again"), spec);
      EXPECT_FALSE(reproduction_words(spec).empty());
    });
  }
  expect_both(tally);
}

}  // namespace
}  // namespace headroom::fuzz
