// headroom fit: what it finds with a worker whose stand-in has room for a known number of tokens, what it keeps, what
// it says and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "models/catalog/config.h"
#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

constexpr const char* kGpt2 = "fit gpt2 --seq 10 --device virtual:a100-40gb ";

// With a cache of its own.
class FitCommand : public testing::Test {
 protected:
  FitCommand() { tool.environment["XDG_CACHE_HOME"] = cache.path(); }

  Json fit(const std::string& line, int code = 0) {
    const Ended ended = tool.run(words(line + " --format json"));
    EXPECT_EQ(ended.code, code) << ended.err;
    EXPECT_THAT(tool.litter(), IsEmpty());
    return Json::parse(ended.out);
  }
  Json result(const std::string& line) { return fit(line + " --advice none")["results"][0]; }
  std::string refused(const std::string& line) {
    const Ended ended = tool.run(words(line));
    EXPECT_EQ(ended.code, 2);
    EXPECT_EQ(ended.out, "");
    return ended.err;
  }
  std::filesystem::path results() const { return cache / "headroom" / "results"; }
  std::vector<std::filesystem::path> kept() const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(results())) files.push_back(entry.path());
    return files;
  }

  testing_support::TemporaryFolder cache;
  Tool tool;
};

TEST_F(FitCommand, FindsTheLargestBatchOfEachDeviceInTheOrderAskedFor) {
  tool.fake("trains-1000");
  const Json results =
      fit("fit gpt2 --seq 10 --solve batch --advice none --device virtual:a100-40gb,virtual:a100-80gb")["results"];
  ASSERT_EQ(results.size(), 2u);
  for (const Json& one : results) {
    const std::int64_t most = one["device"] == "virtual:a100-80gb" ? 200 : 100;
    EXPECT_EQ(one["value"], most);
    EXPECT_EQ(one["limited_by"], "memory");
    EXPECT_EQ(one["out_of_memory"]["value"], most + 1) << "the next value was run, too";
    EXPECT_EQ(one["out_of_memory"]["phase"], "forward");
    EXPECT_EQ(one["out_of_memory"]["layer"], "layer.0.attention");
    EXPECT_EQ(one["peak"]["categories"]["activation"], most * 10 * 1024);
    EXPECT_THAT(one["out_of_order"], IsEmpty());
  }
  EXPECT_EQ(results[0]["device"], "virtual:a100-40gb");
}

TEST_F(FitCommand, WhereNotEvenOneFitsTheAnswerSaysWhatWasAskedForInVain) {
  tool.fake("trains-9");
  const Json one = result(std::string(kGpt2) + "--solve batch");
  EXPECT_EQ(one["value"], nullptr);
  EXPECT_EQ(one["limited_by"], "memory");
  EXPECT_EQ(one["out_of_memory"]["value"], 1);
  EXPECT_EQ(one["out_of_memory"]["requested_bytes"], 10240);
  EXPECT_EQ(one["out_of_memory"]["free_bytes"], 9216);
}

TEST_F(FitCommand, AllMeansEveryGpuOfTheCatalogue) {
  tool.fake("trains-1000");
  EXPECT_GE(fit("fit gpt2 --seq 10 --solve batch --device all --advice none")["results"].size(), 18u);
}

TEST_F(FitCommand, ThePositionsOfTheModelBoundItsSequences) {
  tool.fake("trains-100000");
  const Json one = result("fit gpt2 --solve seq --device virtual:a100-40gb");
  EXPECT_EQ(one["value"], 1024);
  EXPECT_EQ(one["limited_by"], "positions");
  EXPECT_EQ(one["out_of_memory"], nullptr);
  tool.fake("trains-700");
  EXPECT_EQ(result("fit gpt2 --solve seq --device virtual:a100-40gb")["value"], 700);
}

TEST_F(FitCommand, LayersAndHeadsAreThoseOfModelsThatWereDescribedAndRun) {
  tool.fake("trains-10000");  // 10 tokens of so many layers and heads
  EXPECT_EQ(result(std::string(kGpt2) + "--solve layers")["value"], 83) << "of 12 heads";
  EXPECT_EQ(result(std::string(kGpt2) + "--solve heads")["value"], 83) << "of 12 layers";
  EXPECT_EQ(result(std::string(kGpt2) + "--solve heads --keep width")["value"], 64) << "the next divisor of 768 is 96";
  EXPECT_EQ(result(std::string(kGpt2) + "--solve heads --keep width")["out_of_memory"]["value"], 96);
}

TEST_F(FitCommand, TheModelThatWasFoundIsLeftForProfile) {
  tool.fake("trains-10000");
  testing_support::TemporaryFolder out;
  EXPECT_EQ(tool.run(words(std::string(kGpt2) + "--solve layers --quiet --out " + out.path().string())).code, 0);
  EXPECT_THAT(out.names(), UnorderedElementsAre("fit.json", "fit.md", "fit.csv", "gpt2-83-layers.json"));
  const models::ModelConfig model = models::load_model(out / "gpt2-83-layers.json");
  EXPECT_EQ(model.decoder_layer_count, 83);
  EXPECT_EQ(model.head_count, 12);
}

TEST_F(FitCommand, MicroBatchesDivideTheWholeBatch) {
  tool.fake("trains-70");
  const Json one = result(std::string(kGpt2) + "--solve microbatch --batch 4 --accumulate 3");
  EXPECT_EQ(one["value"], 6) << "of 12: 1, 2, 3, 4, 6, 12; there is room for 7";
  EXPECT_EQ(one["out_of_memory"]["value"], 12);
  tool.fake("trains-120");
  EXPECT_EQ(result(std::string(kGpt2) + "--solve microbatch --batch 4 --accumulate 3")["limited_by"], "total");
}

TEST_F(FitCommand, AWholeBatchOfAnySizeIsDividedAtOnce) {
  tool.fake("trains-70");
  const Ended ended = tool.run(words("fit gpt2 --solve microbatch --batch 2000000000 --seq 1 --accumulate 1000"));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("2,000,000,000,000 sequences a step in all"));
}

TEST_F(FitCommand, GenerationSolvesForContextAndConcurrency) {
  tool.fake("room-for-3000");
  const std::string line =
      "fit llama-7b --attention mha --mode generate --seq 100 --new-tokens 20 --batch 2 --device a100-40gb ";
  EXPECT_EQ(result(line + "--solve context")["value"], 1500);
  EXPECT_EQ(result(line + "--solve concurrency")["value"], 25);
}

TEST_F(FitCommand, WhatSavesIsRankedAndTheBestIsSearched) {
  tool.fake("trains-1000");
  const Json one = fit(std::string(kGpt2) + "--solve batch")["results"][0];
  EXPECT_EQ(one["tried_at"], 100);
  ASSERT_GE(one["changes"].size(), 4u);
  const Json &first = one["changes"][0], &second = one["changes"][1];
  EXPECT_EQ(first["kind"], "together");
  EXPECT_THAT(first["flags"].get<std::string>(), HasSubstr("--checkpoint block --sdpa efficient"));
  EXPECT_EQ(first["largest"]["value"], 800);
  EXPECT_EQ(second["flags"], "--checkpoint block");
  EXPECT_EQ(second["saved_bytes"], 100 * 10 * 1024 * 3 / 4);
  EXPECT_EQ(second["largest"]["value"], 400);
  std::int64_t before = first["saved_bytes"];
  for (const Json& change : one["changes"])
    if (change["saved_bytes"].is_number()) {
      EXPECT_GE(std::exchange(before, change["saved_bytes"]), change["saved_bytes"]);
    }
}

TEST_F(FitCommand, WhatCannotBeRunIsNoAdvice) {
  tool.fake("trains-1000");
  const Json changes = fit(std::string(kGpt2) + "--solve batch")["results"][0]["changes"];
  const auto adafactor =
      std::ranges::find_if(changes, [](const Json& c) { return c["flags"] == "--optimizer adafactor"; });
  ASSERT_NE(adafactor, changes.end());
  EXPECT_THAT((*adafactor)["problem"].get<std::string>(), HasSubstr("no such optimizer"));
  EXPECT_EQ((*adafactor)["fits"], nullptr);
}

TEST_F(FitCommand, AdviceTellsWhatMakesTheFirstOneFit) {
  tool.fake("trains-9");
  const Json one = fit(std::string(kGpt2) + "--solve batch")["results"][0];
  EXPECT_EQ(one["tried_at"], 1);
  EXPECT_EQ(one["changes"][0]["fits"], true);
  EXPECT_EQ(one["changes"][0]["saved_bytes"], nullptr) << "nothing fitted before";
  EXPECT_EQ(one["changes"][0]["largest"]["value"], 7);
}

TEST_F(FitCommand, AValueThatFitsAboveOneThatDoesNotIsSaid) {
  tool.fake("never-3-1000");
  const std::string line = "fit gpt2 --seq 10 --solve batch --batch 3 --advice none --device virtual:a100-40gb";
  const Json one = fit(line)["results"][0];
  EXPECT_EQ(one["value"], 100);
  EXPECT_THAT(one["out_of_order"], ElementsAre(Json({{"fails", 3}, {"fits", 4}})));
  EXPECT_THAT(tool.run(words(line + " --width 200")).out, HasSubstr("batch 3 does not fit although 4 does"));
}

TEST_F(FitCommand, ARunThatFailsEndsItsSearchWithTheReason) {
  tool.fake("unable");
  const Ended ended = tool.run(words(std::string(kGpt2) + "--solve batch --format json"));
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err, "headroom: virtual:a100-40gb: at 1 the run failed: no usable device\n");
  const Json one = Json::parse(ended.out)["results"][0];
  EXPECT_EQ(one["value"], nullptr);
  EXPECT_EQ(one["limited_by"], nullptr);
  EXPECT_EQ(one["problem"], "at 1 the run failed: no usable device");
}

TEST_F(FitCommand, AnInterruptKeepsWhatWasFound) {
  tool.fake("hang-above-1");
  testing_support::TemporaryFolder out;
  tool.start(words(std::string(kGpt2) + "--solve batch --jobs 1 --format json,terminal --out " + out.path().string()));
  tool.workers(2);
  tool.send(SIGINT);
  const Ended ended = tool.wait();
  EXPECT_EQ(ended.signal, SIGINT);
  EXPECT_TRUE(tool.all_workers_gone());
  EXPECT_THAT(tool.litter(), IsEmpty());
  EXPECT_THAT(ended.out, HasSubstr("the search was interrupted"));
  const Json one = parse_json_file(out / "fit.json")["results"][0];
  EXPECT_EQ(one["value"], 1) << "that much is known to fit";
  EXPECT_EQ(one["problem"], "the search was interrupted");
}

TEST_F(FitCommand, WhatWasRunOnceIsNotRunAgain) {
  tool.fake("trains-1000");
  const std::string line = std::string(kGpt2) + "--solve batch --advice none";
  const Json first = fit(line);
  const auto times = [&] {
    std::map<std::string, std::filesystem::file_time_type> found;
    for (const auto& file : kept()) found[file] = std::filesystem::last_write_time(file);
    return found;
  };
  const auto before = times();
  EXPECT_GE(before.size(), 2u);
  EXPECT_EQ(fit(line), first);
  EXPECT_EQ(times(), before) << "a run would have written its file again";
}

TEST_F(FitCommand, TheCacheKnowsOnlyRunsOfTheSameKind) {
  tool.fake("trains-1000");
  const std::string line = std::string(kGpt2) + "--solve batch --advice none";
  fit(line);
  const std::size_t count = kept().size();
  tool.environment["PYTORCH_CUDA_ALLOC_CONF"] = "expandable_segments:True";
  fit(line);
  EXPECT_EQ(kept().size(), 2 * count) << "other settings of the allocator";
  fit(line + " --dtype bf16");
  EXPECT_EQ(kept().size(), 3 * count) << "another spec";
}

TEST_F(FitCommand, DamagedFilesOfTheCacheAreRunAgain) {
  tool.fake("trains-1000");
  const std::string line = std::string(kGpt2) + "--solve batch --advice none";
  const Json first = fit(line);
  const char* damages[] = {"", "{", "[]", R"({"schema":"headroom.result/2","key":7})", "\xff\xfe"};
  std::size_t i = 0;
  for (const auto& file : kept()) std::ofstream(file) << damages[i++ % std::size(damages)];
  EXPECT_EQ(fit(line), first);
  for (const auto& file : kept()) EXPECT_NO_THROW(parse_json_file(file)) << "it was mended";
}

TEST_F(FitCommand, WithoutACacheNothingIsKept) {
  tool.fake("trains-1000");
  const std::string line = std::string(kGpt2) + "--solve batch --advice none";
  fit(line + " --no-cache");
  EXPECT_THAT(cache.names(), IsEmpty());
  tool.environment["XDG_CACHE_HOME"] = "/dev/null/nowhere";
  EXPECT_EQ(result(std::string(kGpt2) + "--solve batch")["value"], 100)
      << "a cache that cannot be written is no trouble";
  tool.environment.erase("XDG_CACHE_HOME");
  tool.environment.erase("HOME");
  EXPECT_EQ(result(std::string(kGpt2) + "--solve batch")["value"], 100);
}

TEST_F(FitCommand, EveryFormatSaysTheSame) {
  tool.fake("trains-1000");
  const std::string line = "fit gpt2 --seq 10 --solve batch --device virtual:a100-40gb,virtual:t4-16gb ";
  expect_golden("fit-80.txt", tool.run(words(line + "--width 80")).out);
  expect_golden("fit-120.txt", tool.run(words(line + "--width 120")).out);
  expect_golden("fit.md", tool.run(words(line + "--format markdown")).out);
  const std::string csv = tool.run(words(line + "--format csv")).out;
  expect_golden("fit.csv", csv);
  EXPECT_THAT(csv, StartsWith("device,device_bytes,solve,change,value,"));
  expect_golden("fit.json", tool.run(words(line + "--format json")).out);
}

TEST_F(FitCommand, ProgramsAreToldHowFarItIs) {
  tool.fake("trains-1000");
  const Ended ended = tool.run(words(std::string(kGpt2) + "--solve batch --advice none --progress lines"));
  EXPECT_EQ(ended.code, 0);
  const Json line = Json::parse(ended.err.substr(0, ended.err.find('\n')));
  EXPECT_EQ(line["run"], "a100-40gb batch 1");
  EXPECT_EQ(line["phase"], "starting");
}

TEST_F(FitCommand, SaysWhatIsWrongWithAQuestion) {
  const auto says = [&](const std::string& line, const std::string& message) {
    EXPECT_THAT(refused(line), HasSubstr(message)) << line;
  };
  says("fit gpt2", "expected --solve: batch, seq, layers, heads, microbatch, context or concurrency");
  says("fit gpt2 --solve bacth", "did you mean 'batch'?");
  says("fit gpt2 --solve context", "--solve context is of --mode generate, and --mode is train");
  says("fit gpt2 --solve microbatch --mode forward", "--solve microbatch is of --mode train, and --mode is forward");
  says("fit gpt2 --solve batch --keep width", "--keep is of --solve heads");
  says("fit gpt2 --solve batch --device cuda", "--device cuda has no limit that fit could look for");
  says("fit gpt2 --solve batch --device virtual:h100-80bg", "did you mean 'virtual:h100-80gb'?");
  says("fit gpt2 --solve batch --device t4-16gb,virtual:t4-16gb", "--device names virtual:t4-16gb twice");
  says("fit gpt2 --solve batch --attention mha,mqa", "expected one mechanism");
  says("fit gpt2 --solve batch --address-orders 3", "fit takes one order");
  says("fit gopher-44m --solve layers", "no config.json can say a model like it of another size");
  says("fit byt5-small --solve layers", "this model's stacks differ");
  says("fit gpt2 --solve batch --format json,csv", "needs --out FOLDER");
  says("fit gpt2 --solve batch --advice some", "unknown choice of advice 'some'");
}

}  // namespace
}  // namespace headroom::cli_test
