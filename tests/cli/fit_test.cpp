// What fits: found by runs of the worker, whose stand-in has room for a known number of tokens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

std::vector<std::string> generate(const std::string& more) {
  return words(
      "profile llama-7b --attention mha --mode generate --seq 100 --new-tokens 20 --device virtual:h100-80gb " + more);
}

Json fit_of(Tool& tool, const std::string& more = "") {
  const Ended ended = tool.run(generate("--format json " + more));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(tool.litter(), IsEmpty());
  return Json::parse(ended.out)["runs"][0]["fit"];
}

TEST(Fit, FindsTheLargestContextAndBatchThatTheDeviceHolds) {
  Tool tool;
  tool.fake("room-for-3000");
  const Json fit = fit_of(tool, "--batch 2");
  EXPECT_EQ(fit["not_searched"], nullptr);
  const Json &context = fit["results"][0], &batch = fit["results"][1];
  EXPECT_EQ(context["solve"], "context");
  EXPECT_EQ(context["value"], 1500);
  EXPECT_EQ(context["limited_by"], "memory");
  EXPECT_EQ(batch["solve"], "batch");
  EXPECT_EQ(batch["value"], 25) << "of 120 tokens";
  EXPECT_EQ(batch["limited_by"], "memory");
  for (const Json& result : fit["results"]) {
    EXPECT_GE(result["run_count"], 2) << "the value and the next";
    EXPECT_LT(result["run_count"], 8);
    EXPECT_EQ(result["problem"], nullptr);
  }
}

TEST(Fit, BeamsTakeTheirShare) {
  Tool tool;
  tool.fake("room-for-3000");
  const Json fit = fit_of(tool, "--beams 5");
  EXPECT_EQ(fit["results"][0]["value"], 600);
  EXPECT_EQ(fit["results"][1]["value"], 5);
}

TEST(Fit, ThePositionsOfTheModelBoundTheContext) {
  Tool tool;
  tool.fake("room-for-100000");
  const Json fit = fit_of(tool);
  EXPECT_EQ(fit["results"][0]["value"], 2048);
  EXPECT_EQ(fit["results"][0]["limited_by"], "positions");
  EXPECT_EQ(fit["results"][0]["run_count"], 1);
  const std::string text = tool.run(generate("")).out;
  EXPECT_THAT(text, HasSubstr("Largest context all 2,048 positions of the model fit (1 run)"));
}

TEST(Fit, TheRunItselfIsTheLargestBatchWhereOneMoreDoesNotFit) {
  Tool tool;
  tool.fake("room-for-239");
  const Json fit = fit_of(tool);
  EXPECT_EQ(fit["results"][1]["value"], 1);
  EXPECT_GE(fit["results"][1]["run_count"], 1);
}

TEST(Fit, ARunThatFailsEndsItsSearchAloneAndSaysWhy) {
  Tool tool;
  tool.fake("short-prompts-only");
  const Json fit = fit_of(tool);
  EXPECT_EQ(fit["results"][0]["value"], nullptr);
  EXPECT_THAT(fit["results"][0]["problem"].get<std::string>(), HasSubstr("no such prompt"));
  EXPECT_EQ(fit["results"][1]["value"], 833);
}

TEST(Fit, IsNotLookedForWhereNobodyAsksOrNothingWasMeasured) {
  Tool tool;
  tool.fake("room-for-3000");
  EXPECT_EQ(fit_of(tool, "--no-fit"), nullptr);
  tool.fake("room-for-50");
  const Ended ended = tool.run(generate(""));
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.out, Not(HasSubstr("Largest")));
}

TEST(Fit, AnInterruptedSearchKeepsWhatWasMeasured) {
  testing_support::TemporaryFolder out;
  Tool tool;
  tool.fake("hang-in-search");
  std::vector<std::string> arguments = generate("--format json");
  arguments.insert(arguments.end(), {"--out", out.path()});
  tool.start(arguments);
  tool.workers(3);
  tool.send(SIGINT);
  EXPECT_EQ(tool.wait().signal, SIGINT);
  EXPECT_TRUE(tool.all_workers_gone());
  EXPECT_THAT(out.names(), UnorderedElementsAre("mha.headroom", "report.json"));
  const Json report = parse_json_file(out / "report.json");
  EXPECT_EQ(report["runs"][0]["fit"]["not_searched"], "the search was interrupted");
}

TEST(Fit, OtherDevicesSayThatItIsNotLookedFor) {
  Tool tool;
  tool.fake("room-for-3000");
  const Ended ended = tool.run(words("profile llama-7b --attention mha --mode generate --device cpu --width 200"));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out,
              HasSubstr("not searched: the largest sizes are looked for on virtual devices, and this ran on cpu"));
}

TEST(Fit, NoFitIsOfGenerationAlone) {
  Tool tool;
  const Ended ended = tool.run(words("profile llama-7b --no-fit --device virtual:h100-80gb"));
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.err, "headroom: --no-fit is of --mode generate, and --mode is train\n");
}

}  // namespace
}  // namespace headroom::cli_test
