// config.json files from strangers, through the whole tool: one line, exit code 2, no worker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/json.h"
#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using testing_support::TemporaryFolder;

const Json kGpt2 = {{"model_type", "gpt2"}, {"vocab_size", 100}, {"n_positions", 128},
                    {"n_embd", 64},         {"n_head", 4},       {"n_layer", 2}};

Json changed(const char* key, const Json& value) {
  Json config = kGpt2;
  config[key] = value;
  return config;
}

Json without(const char* key) {
  Json config = kGpt2;
  config.erase(key);
  return config;
}

void expect_refused(const std::string& text, const std::string& about) {
  SCOPED_TRACE(text.substr(0, 200));
  TemporaryFolder folder;
  const std::string path = folder / "config.json";
  std::ofstream(path) << text;
  Tool tool;
  const Ended ended = tool.run({"compare", path, "--attention", "mha,mqa", "--device", "cpu"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, AllOf(StartsWith("headroom: "), HasSubstr("config.json"), HasSubstr(about)));
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1);
  EXPECT_LT(ended.err.size(), 600u);
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(tool.workers(0).size(), 0u);
}

TEST(ConfigFile, AGoodOneRuns) {
  TemporaryFolder folder;
  std::ofstream(folder / "config.json") << kGpt2;
  const Ended ended = Tool().run({"profile", folder / "config.json", "--device", "cpu", "--format", "json"});
  EXPECT_EQ(ended.code, 0) << ended.err;
}

TEST(ConfigFile, IsReadRelativeToTheCurrentFolder) {
  TemporaryFolder folder;
  std::ofstream(folder / "config.json") << kGpt2;
  Tool tool;
  tool.folder = folder.path();
  EXPECT_EQ(tool.run({"profile", "config.json", "--device", "cpu"}).code, 0);
}

TEST(ConfigFile, OfANameThatNoRecordingCanHoldIsRefused) {
  TemporaryFolder folder;
  const std::string path = folder / "\xff.json";
  std::ofstream(path) << kGpt2;
  const Ended ended = Tool().run({"profile", path, "--device", "cpu"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("\\xff.json"), HasSubstr("not UTF-8")));
}

TEST(ConfigFile, NotJsonIsRefused) {
  expect_refused("", "");
  expect_refused("{", "");
  expect_refused("model_type: gpt2", "");
  expect_refused("[]", "");
  expect_refused("null", "");
  expect_refused("\"gpt2\"", "");
  expect_refused(std::string("\xff\xfe{\0}\0", 6), "");
  expect_refused(kGpt2.dump() + "}", "");
}

TEST(ConfigFile, NestedBracketsOf100MegabytesAreRefused) {
  expect_refused(std::string(100'000'000, '['), "");
  expect_refused(std::string(100'000'000, ' '), "");
  expect_refused(std::string(100'000, '['), "");
  expect_refused(std::string(100'000, '{'), "");
}

TEST(ConfigFile, MissingKeysAreNamed) {
  for (const char* key : {"model_type", "vocab_size", "n_positions", "n_embd", "n_head", "n_layer"})
    expect_refused(without(key).dump(), std::string("'") + key + "'");
}

TEST(ConfigFile, WrongTypesAreNamed) {
  for (const Json& value : {Json("64"), Json(true), Json(64.5), Json::array({64}), Json::object(), Json(1e300)})
    expect_refused(changed("n_embd", value).dump(), "'n_embd'");
  expect_refused(changed("model_type", 2).dump(), "'model_type'");
}

TEST(ConfigFile, ImpossibleNumbersAreNamed) {
  for (const Json& value : {Json(0), Json(-4), Json(9223372036854775807), Json(18446744073709551615u)})
    for (const char* key : {"vocab_size", "n_embd", "n_head", "n_layer"})
      expect_refused(changed(key, value).dump(), std::string("'") + key + "'");
  expect_refused(changed("n_head", 5).dump(), "'n_head'");
}

TEST(ConfigFile, AnUnknownTypeIsRefusedWithTheKnownOnes) {
  expect_refused(changed("model_type", "gpt3").dump(), "gpt2");
}

TEST(ConfigFile, WhatIsNoFileIsRefused) {
  TemporaryFolder folder;
  for (const std::string& path : {folder.path().string(), std::string("/dev/zero"), std::string("./absent.json")}) {
    const Ended ended = Tool().run({"profile", path, "--device", "cpu"});
    EXPECT_EQ(ended.code, 2) << path;
    EXPECT_THAT(ended.err, AllOf(StartsWith("headroom: "), HasSubstr(path)));
  }
}

}  // namespace
}  // namespace headroom::cli_test
