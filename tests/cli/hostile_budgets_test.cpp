// Hostile budgets, and config.json of theirs, through the real command: it ends with one of its exit codes, and what it
// refuses it refuses in one line that names the file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/toml.h"
#include "cli/budget_file.h"
#include "tests/cli/tool.h"
#include "tests/fuzz/hostile.h"
#include "tests/fuzz/seeds.h"

namespace headroom::cli_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::uint32_t kRounds = 200;

// No program is started, no GPU is asked for, and a list does not stand for thousands of runs.
bool is_harmless(const std::string& text) {
  if (text.find("command") != std::string::npos || text.find("cuda") != std::string::npos) return false;
  try {
    return cli::parse_budget_file(text, "b.toml").entries.size() <= 8;
  } catch (const Error&) {
    return true;
  }
}

bool is_one_clean_line(const std::string& text) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  return text.ends_with("\n") && std::none_of(text.begin(), text.end() - 1, is_control);
}

TEST(HostileBudgets, EndWithAnExitCodeAndOneLine) {
  testing_support::TemporaryFolder here;
  Tool tool;
  tool.folder = here.path();
  std::vector<fuzz::Node> budgets, models;
  for (const std::string& text : fuzz::seeds_of("budget"))
    budgets.push_back(fuzz::node_of(parse_toml(text, "seed").root));
  for (const std::string& text : fuzz::config_seeds()) models.push_back(fuzz::node_of(parse_json(text, "seed")));
  budgets.push_back(fuzz::node_of(
      parse_json(R"({"budget": [{"model": "m/config.json", "batch": 1, "seq": 16, "peak": 4096}]})", "seed")));
  std::filesystem::create_directory(here / "m");
  std::size_t judged = 0, refused = 0;
  for (std::uint32_t round = 0; round < kRounds && !testing::Test::HasFailure(); ++round) {
    fuzz::Hostile hostile(round);
    const bool of_model = round % 2 == 0;
    const fuzz::Node budget = of_model ? budgets.back() : hostile.changed(hostile.one_of(budgets), fuzz::run_words());
    const std::string text = hostile.damaged(fuzz::as_toml(budget));
    const std::string model =
        hostile.damaged(fuzz::as_json(hostile.changed(hostile.one_of(models), fuzz::config_words())));
    if (!is_harmless(text)) continue;
    std::ofstream(here / "b.toml") << text;
    std::ofstream(here / "m/config.json") << model;
    SCOPED_TRACE(text.substr(0, 2000) + "\n" + (of_model ? model.substr(0, 2000) : ""));
    const Ended ended = tool.run({"check", "b.toml", "--format", "json", "--quiet"});
    ASSERT_EQ(ended.signal, 0);
    ASSERT_TRUE(ended.code >= 0 && ended.code <= 3) << ended.code << ended.err;
    if (ended.code == 2) {
      ++refused;
      EXPECT_EQ(ended.out, "");
      EXPECT_THAT(ended.err, StartsWith("headroom: b.toml:"));
      EXPECT_TRUE(is_one_clean_line(ended.err)) << ended.err;
      EXPECT_LE(ended.err.size(), 2500u) << ended.err;
    } else {
      ++judged;
      EXPECT_EQ(parse_json(ended.out, "stdout").at("schema"), "headroom.check/1");
    }
    EXPECT_THAT(tool.litter(), IsEmpty());
  }
  EXPECT_GT(judged, 0u);
  EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace headroom::cli_test
