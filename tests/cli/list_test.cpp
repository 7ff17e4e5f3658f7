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
  const std::string text = Tool().run({"list", GetParam()}).out;
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

}  // namespace
}  // namespace headroom::cli_test
