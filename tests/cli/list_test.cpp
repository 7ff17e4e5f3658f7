// `headroom list`: exact for people, an array of named objects for programs.
#include <gtest/gtest.h>

#include <set>

#include "base/json.h"
#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

class List : public testing::TestWithParam<std::string> {};

TEST_P(List, ForPeopleIsAsPrinted) {
  const Ended ended = Tool().run({"list", GetParam()});
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.err, "");
  expect_golden("list-" + GetParam() + ".txt", ended.out);
}

TEST_P(List, ForProgramsIsAnArrayOfObjectsWithDistinctNames) {
  const Ended ended = Tool().run({"list", GetParam(), "--format", "json"});
  EXPECT_EQ(ended.code, 0);
  const Json array = Json::parse(ended.out);
  ASSERT_TRUE(array.is_array());
  std::set<std::string> names;
  for (const auto& entry : array) EXPECT_TRUE(names.insert(entry.at("name").get<std::string>()).second) << entry;
  EXPECT_GE(names.size(), 3u);
}

TEST_P(List, NamesTheSameForBoth) {
  std::string text = Tool().run({"list", GetParam()}).out;
  if (const auto rule = text.find("─\n"); rule != std::string::npos)  // a table with a head and a legend
    text = text.substr(rule + 4, text.find("\n\n") + 1 - rule - 4);
  std::string names;
  for (const auto& entry : Json::parse(Tool().run({"list", GetParam(), "--format", "json"}).out))
    names += entry.at("name").get<std::string>() + "\n";
  std::string first_words;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) first_words += line.substr(0, line.find(' ')) + "\n";
  EXPECT_EQ(names, first_words);
}

INSTANTIATE_TEST_SUITE_P(Of, List, testing::Values("models", "attention", "devices", "formats"),
                         [](const auto& test) { return test.param; });

TEST(ListDevices, OneIsShownWithEveryFigureAndItsSources) {
  const Ended ended = Tool().run({"list", "devices", "h100-80gb"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_TRUE(ended.out.starts_with("virtual:h100-80gb\n")) << ended.out;
  for (const char* text : {"NVIDIA H100 80GB HBM3", "85,028,896,768", "deviceQuery", "132", "5120 bits"})
    EXPECT_NE(ended.out.find(text), std::string::npos) << text;
  const Json entry = Json::parse(Tool().run({"list", "devices", "virtual:h100-80gb", "--format", "json"}).out).at(0);
  EXPECT_EQ(entry.at("total_bytes"), 85028896768);
  EXPECT_EQ(entry.at("shared_bytes_per_block_optin"), 232448);
}

TEST(ListDevices, EveryOneHasAllFiguresAndSources) {
  for (const auto& entry : Json::parse(Tool().run({"list", "devices", "--format", "json"}).out)) {
    if (entry.at("kind") != "virtual") continue;
    for (const char* key : {"total_bytes", "multiprocessor_count", "l2_bytes", "clock_khz", "memory_bus_bits"})
      EXPECT_GT(entry.at(key).get<std::int64_t>(), 0) << entry.at("name") << " " << key;
    EXPECT_FALSE(entry.at("source").get<std::string>().empty());
  }
}

TEST(ListDevices, AnUnknownOneIsAnsweredWithTheNearest) {
  const Ended ended = Tool().run({"list", "devices", "h100-80g"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_NE(ended.err.find("did you mean 'h100-80gb'?"), std::string::npos) << ended.err;
  EXPECT_EQ(Tool().run({"list", "models", "gpt2"}).err, "headroom: list models takes no NAME, but got 'gpt2'; list devices does\n");
}

}  // namespace
}  // namespace headroom::cli_test
