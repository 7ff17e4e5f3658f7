#include "cli/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/temporary_folder.h"

namespace headroom::cli {
namespace {

using testing::HasSubstr;
using testing_support::message_of;
using Set = std::map<std::string, std::string>;

Shard parse(const std::string& text, const Set& set = {}) {
  return parse_shard(text, [&](const char* name) {
    const auto found = set.find(name);
    return found == set.end() ? nullptr : found->second.c_str();
  });
}

std::string refusal(const std::string& text, const Set& set = {}) {
  return message_of(ExitCode::bad_input, [&] { parse(text, set); });
}

TEST(ShardTest, IsWhatItSaysWhateverTheEnvironmentDoes) {
  EXPECT_EQ(parse("2/8", {{"SLURM_ARRAY_TASK_ID", "5"}, {"SLURM_ARRAY_TASK_COUNT", "6"}}), (Shard{2, 8, ""}));
  for (const char* wrong : {"0/8", "9/8", "2", "2/", "/2", "a/b", "1/0", "auto/0", "1/1000000", "autos"})
    EXPECT_THAT(refusal(wrong), HasSubstr("--shard is ")) << wrong;
}

TEST(ShardTest, AutoIsThePlaceAmongTheProcesses) {
  const Set array{{"SLURM_ARRAY_TASK_ID", "7"},    {"SLURM_ARRAY_TASK_MIN", "4"}, {"SLURM_ARRAY_TASK_STEP", "3"},
                  {"SLURM_ARRAY_TASK_COUNT", "5"}, {"SLURM_PROCID", "0"},         {"SLURM_NTASKS", "4"}};
  EXPECT_EQ(parse("auto", array), (Shard{2, 5, "SLURM_ARRAY_TASK_ID"}))
      << "the tasks of a batch script are not started";
  Set both = array;
  both["SLURM_STEP_NUM_TASKS"] = "4";
  both["SLURM_PROCID"] = "3";
  EXPECT_EQ(parse("auto", both), (Shard{8, 20, "SLURM_ARRAY_TASK_ID, SLURM_PROCID"}));
  EXPECT_EQ(parse("auto", {{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "4"}}), (Shard{2, 4, "SLURM_PROCID"}));
  EXPECT_EQ(parse("auto", {{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "2"}}),
            (Shard{1, 2, "OMPI_COMM_WORLD_RANK"}));
  EXPECT_EQ(parse("auto", {{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}}), (Shard{2, 2, "PMI_RANK"}));
  EXPECT_EQ(parse("auto/9", {{"PARALLEL_SEQ", "9"}}), (Shard{9, 9, "PARALLEL_SEQ"}));
}

TEST(ShardTest, AutoSaysWhatIsMissing) {
  EXPECT_THAT(refusal("auto"), HasSubstr("neither SLURM_ARRAY_TASK_ID"));
  EXPECT_THAT(refusal("auto", {{"PARALLEL_SEQ", "2"}}), HasSubstr("--shard auto/8 does"));
  EXPECT_THAT(refusal("auto/8", {{"PARALLEL_SEQ", "9"}}), HasSubstr("part 9 of 8"));
  EXPECT_THAT(refusal("auto", {{"PMI_RANK", "x"}, {"PMI_SIZE", "2"}}), HasSubstr("PMI_RANK is 'x'"));
}

TEST(ShardTest, EveryRunIsOfOneShardAndNoneHasMoreThanOneMore) {
  for (const std::int64_t count : {1, 2, 3, 7, 20}) {
    std::vector<std::size_t> sizes;
    std::vector<int> owners(100, 0);
    for (std::int64_t index = 1; index <= count; ++index) {
      std::size_t size = 0;
      for (std::size_t run = 0; run < owners.size(); ++run)
        if (is_of_shard(run, {index, count, ""})) ++size, ++owners[run];
      sizes.push_back(size);
    }
    EXPECT_THAT(owners, testing::Each(1));
    EXPECT_LE(*std::ranges::max_element(sizes) - *std::ranges::min_element(sizes), 1u);
  }
}

TEST(ShardTest, NoShardGetsTheLongestOfEveryRowOfAGrid) {
  int longest = 0;  // of a grid with 4 lengths
  for (std::size_t run = 3; run < 64; run += 4) longest += is_of_shard(run, {4, 4, ""});
  EXPECT_EQ(longest, 4);
}

}  // namespace
}  // namespace headroom::cli
