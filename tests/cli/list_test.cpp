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

INSTANTIATE_TEST_SUITE_P(Of, List, testing::Values("models", "attention", "compression", "devices", "formats"),
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
  EXPECT_EQ(
      Tool().run({"list", "models", "gpt2"}).err,
      "headroom: list models takes no NAME, but got 'gpt2'; list attention, list compression and list devices do\n");
}

TEST(ListAttention, OneIsShownWithItsFormulasOptionsAndWhatItDoesNotGoWith) {
  const Ended mhe = Tool().run({"list", "attention", "mhe-mul"});
  EXPECT_EQ(mhe.code, 0);
  EXPECT_TRUE(mhe.out.starts_with("mhe-mul\n")) << mhe.out;
  for (const char* text : {"arXiv 2310.07911", "3·d·d_m + 3·n·d + n·d·d_m = 739,584", "2,048 tokens", "B batch"})
    EXPECT_NE(mhe.out.find(text), std::string::npos) << text << "\n" << mhe.out;
  EXPECT_NE(Tool().run({"list", "attention", "gqa"}).out.find("groups"), std::string::npos);
  const std::string exact = Tool().run({"list", "attention", "el-exact"}).out;
  EXPECT_NE(exact.find("no: it multiplies the query and key matrices together"), std::string::npos) << exact;
}

TEST(ListAttention, TellsProgramsTheSame) {
  const Json all = Json::parse(Tool().run({"list", "attention", "--format", "json"}).out);
  for (const auto& entry : all) {
    const std::string name = entry.at("name").get<std::string>();
    EXPECT_EQ(Json::parse(Tool().run({"list", "attention", name, "--format", "json"}).out), Json::array({entry}));
    for (const char* key : {"title", "source", "formulas", "options", "undefined"}) EXPECT_TRUE(entry.contains(key)) << key;
    for (const auto& option : entry.at("options"))
      EXPECT_LE(option.at("low").get<std::int64_t>(), option.at("high").get<std::int64_t>());
  }
  const Json gqa = Json::parse(Tool().run({"list", "attention", "gqa", "--format", "json"}).out).at(0);
  EXPECT_EQ(gqa.at("formulas").at("cache_per_token").at("value"), 2 * 2 * 3 * 64);
  EXPECT_EQ(gqa.at("options").at(0).at("fallback"), 3);
  const Json exact = Json::parse(Tool().run({"list", "attention", "el-exact", "--format", "json"}).out).at(0);
  EXPECT_TRUE(exact.at("undefined").contains("rotary"));
  EXPECT_FALSE(exact.at("formulas").contains("kept_fused"));
}

TEST(ListAttention, AnUnknownOneIsAnsweredWithTheNearest) {
  const Ended ended = Tool().run({"list", "attention", "mhe-mull"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_NE(ended.err.find("did you mean 'mhe-mul'?"), std::string::npos) << ended.err;
}

}  // namespace
}  // namespace headroom::cli_test
