#include "cli/run_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/temporary_folder.h"

namespace headroom::cli {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing_support::message_of;

CheckedRun run_of(const std::string& text, const std::string& where = "b.toml") {
  const TomlDocument document = parse_toml("[run]\n" + text, where);
  return check_run_table(document.root["run"], document, "/run");
}

std::string refusal(const std::string& text) {
  return message_of(ExitCode::bad_input, [&] { run_of(text); });
}

TEST(RunTable, IsWhatTheCommandLineWouldTake) {
  const RunSpec spec = run_of(
                           "model = \"bert-base\"\nattention = \"mhe-add\"\nbatch = 8\npadding = true\n"
                           "dtype = \"bf16\"\ndropout = 0.5\nreserve = \"1GiB\"\nbacked = false\n")
                           .spec;
  EXPECT_EQ(spec.model, "bert-base");
  EXPECT_EQ(spec.attention, "mhe-add");
  EXPECT_EQ(spec.batch, 8);
  EXPECT_TRUE(spec.padding);
  EXPECT_EQ(spec.dtype, Dtype::bf16);
  EXPECT_EQ(spec.dropout, 0.5);
  EXPECT_EQ(spec.virtual_options.reserve_bytes, 1 << 30);
  EXPECT_FALSE(spec.virtual_options.backed);
}

TEST(RunTable, DeviceIsTheSameOnEveryMachine) {
  EXPECT_EQ(run_of("model = \"bert-base\"\n").spec.device, "virtual:h100-80gb");
}

TEST(RunTable, PathCountsFromTheFolderOfTheFile) {
  const std::string source = HEADROOM_SOURCE_DIR;
  EXPECT_EQ(run_of("model = \"gpt2/config.json\"\n", source + "/examples/b.toml").spec.model,
            source + "/examples/gpt2/config.json");
  EXPECT_THAT(refusal("model = \"./gpt2\"\n"), HasSubstr("b.toml:2: ")) << "a path, and no preset of that name";
}

TEST(RunTable, RefusalNamesTheLine) {
  EXPECT_THAT(refusal("model = \"bert-base\"\nbacth = 8\n"),
              HasSubstr("b.toml:3: unknown key 'bacth'; did you mean 'batch'? Known: model, attention, "));
  EXPECT_THAT(refusal("model = \"bert-base\"\n\nbatch = 0\n"), HasSubstr("b.toml:4: 'batch' is "));
  EXPECT_EQ(refusal("model = \"bert-base\"\nbatch = [1, 2]\n"),
            "b.toml:3: 'batch' is [1,2], expected one text or number");
  EXPECT_EQ(refusal("model = \"bert-base\"\npadding = 1\n"), "b.toml:3: 'padding' is 1, expected true or false");
  EXPECT_THAT(refusal("model = \"bert-bsae\"\n"), HasSubstr("b.toml:2: unknown model 'bert-bsae'"));
  EXPECT_THAT(refusal("batch = 1\n"), HasSubstr("b.toml:1: expected a MODEL"));
  EXPECT_THAT(refusal("model = \"bert-base\"\nattention = \"mha,mqa\"\n"),
              HasSubstr("b.toml:3: 'attention' is 'mha,mqa'"));
  EXPECT_THAT(refusal("model = \"bert-base\"\nattention = \"\"\n"),
              HasSubstr("b.toml:3: 'attention' is \"\", expected a value"));
}

TEST(RunTable, RefusalStandsInTheLineOfTheKeyThatIsMeant) {
  const std::string begin = "model = \"bert-base\"\nbatch = 1\n";
  EXPECT_THAT(refusal(begin + "device = \"virtual:h100\"\n"), HasSubstr("b.toml:4: unknown device 'virtual:h100'"));
  EXPECT_THAT(refusal(begin + "dtype = \"float16\"\n"),
              HasSubstr("b.toml:4: unknown dtype 'float16'; did you mean 'fp16'?"));
  EXPECT_THAT(refusal(begin + "attention = \"mqaa\"\n"), HasSubstr("b.toml:4: unknown attention mechanism 'mqaa'"));
  EXPECT_THAT(refusal(begin + "new-tokens = 4\n"), HasSubstr("b.toml:4: 'new-tokens' is of --mode generate"));
  EXPECT_THAT(refusal(begin + "seq = 100000\n"), HasSubstr("b.toml:2: bert-base: a sequence of 100000 tokens"));
}

TEST(RunTable, ValueIsNeverAFlag) {
  EXPECT_THAT(refusal("model = \"--help\"\n"), HasSubstr("unknown model '--help'"));
  EXPECT_THAT(refusal("model = \"bert-base\"\ndevice = \"--cpu\"\n"), HasSubstr("--cpu"));
  EXPECT_THAT(refusal("model = \"bert-base\"\nhelp = true\n"), HasSubstr("b.toml:3: unknown key 'help'"));
}

TEST(RunTable, KeysAreTheFlags) {
  for (const char* key : {"model", "attention", "seq", "optimizer", "reserve", "trace"})
    EXPECT_THAT(run_table_keys(), Contains(key));
  EXPECT_THAT(run_table_keys(), Not(Contains("address-orders")));
}

}  // namespace
}  // namespace headroom::cli
