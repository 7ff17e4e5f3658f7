// headroom diff as a script meets it: its exit codes, its files, its messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/json.h"
#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::TemporaryFolder;

// mha (3 blocks) and mhe-add (7 blocks) of the stand-in worker, as recordings and in one report.
struct Runs {
  TemporaryFolder folder;
  Tool tool;

  Runs() {
    tool.folder = folder.path();
    tool.run(
        words("compare bert-base --attention mha,mhe-add --out . --format json --quiet --device virtual:h100-80gb"));
  }
  Ended diff(const std::string& rest) { return tool.run(words("diff " + rest)); }
};

TEST(Diff, OfARunWithItselfIsEmptyAndWell) {
  Runs runs;
  const Ended ended = runs.diff("mha.headroom mha.headroom");
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.err, "");
  EXPECT_THAT(ended.out, AllOf(HasSubstr("made of the same"), HasSubstr("same settings")));
}

TEST(Diff, ExitsLikeDiff) {
  Runs runs;
  const Ended ended = runs.diff("mha.headroom mhe-add.headroom");
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("The peak grew by 16.0 KiB (+133.3 %)"), HasSubstr("attention")));
  EXPECT_EQ(runs.diff("mhe-add.headroom mha.headroom").code, 1);
}

TEST(Diff, ThresholdIsOfGrowthAlone) {
  Runs runs;
  const auto code = [&](const std::string& more) { return runs.diff("mha.headroom mhe-add.headroom " + more).code; };
  EXPECT_EQ(code("--threshold 16KiB"), 0);
  EXPECT_EQ(code("--threshold 16383"), 1);
  EXPECT_EQ(code("--threshold 133%"), 1);
  EXPECT_EQ(code("--threshold 134%"), 0);
  EXPECT_EQ(code("--threshold 1GiB --threshold parameter=1KiB"), 1);
  EXPECT_EQ(code("--threshold activation=0"), 0);
  EXPECT_EQ(runs.diff("mhe-add.headroom mha.headroom --threshold 0%").code, 0);
  EXPECT_THAT(runs.diff("mha.headroom mhe-add.headroom --threshold 1KiB").err,
              HasSubstr("the peak changed by +16.0 KiB, more than +1.00 KiB"));
}

TEST(Diff, TakesReportsAndSaysWhatTheyLack) {
  Runs runs;
  const Ended ended = runs.diff("mha.headroom report.json --run mhe-add");
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("grew by 16.0 KiB"), HasSubstr("Tensors are not compared")));
  EXPECT_EQ(runs.diff("mha.headroom report.json --run mha").code, 0);
}

TEST(Diff, EveryFormIsOneDocument) {
  Runs runs;
  EXPECT_EQ(Json::parse(runs.diff("mha.headroom mhe-add.headroom --format json").out).at("schema"), "headroom.diff/1");
  EXPECT_THAT(runs.diff("mha.headroom mhe-add.headroom --format csv").out, testing::StartsWith("layer,category,"));
  EXPECT_THAT(runs.diff("mha.headroom mhe-add.headroom --format markdown").out, testing::StartsWith("**The peak grew"));
}

TEST(Diff, BadInputIsTwoAndOneLine) {
  Runs runs;
  std::ofstream(runs.folder / "half.headroom") << "not a recording";
  std::ofstream(runs.folder / "large.headroom") << "not a recording";
  std::filesystem::resize_file(runs.folder / "large.headroom", 300u << 20);
  for (const auto& [arguments, message] : std::vector<std::pair<std::string, std::string>>{
           {"", "expected two runs"},
           {"mha.headroom", "expected two runs"},
           {"mha.headroom nothing.headroom", "nothing.headroom"},
           {"mha.headroom half.headroom", "half.headroom"},
           {"mha.headroom large.headroom", "large.headroom: not a Headroom recording"},
           {"mha.headroom report.json", "--run LABEL says which: mha, mhe-add"},
           {"mha.headroom mha.headroom --run mha", "neither file is one"},
           {"mha.headroom mha.headroom --format yaml", "unknown format 'yaml'"},
           {"mha.headroom mha.headroom --threshold 5x",
            "--threshold is '5x', expected a percentage from 0 up such as 5%"},
           {"mha.headroom mha.headroom --threshold 100MB", "units are binary"},
           {"mha.headroom mha.headroom --threshold nan%", "--threshold is 'nan%'"},
           {"mha.headroom mha.headroom --threshold activations=5", "did you mean 'activation'?"},
           {"mha.headroom mha.headroom --threshold -5%", "from 0 up"},
           {"mha.headroom mha.headroom --top -1", "--top"}}) {
    const Ended ended = runs.diff(arguments);
    EXPECT_EQ(ended.code, 2) << arguments;
    EXPECT_THAT(ended.err, HasSubstr(message)) << arguments;
    EXPECT_EQ(std::ranges::count(ended.err, '\n'), 1) << ended.err;
    EXPECT_EQ(ended.out, "");
  }
}

}  // namespace
}  // namespace headroom::cli_test
