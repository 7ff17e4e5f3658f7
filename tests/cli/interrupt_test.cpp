// Ctrl-C and worse: the tool ends at once, by the signal, and leaves neither process nor file behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>

#include <fstream>

#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

const std::vector<std::string> kCompare =
    words("compare bert-base --attention mha,mqa --device virtual:h100-80gb --jobs 2");

class Interrupt : public testing::TestWithParam<int> {};

TEST_P(Interrupt, KillsTheWorkersAndLeavesNothing) {
  for (const std::string action : {"hang", "stubborn"}) {
    SCOPED_TRACE(action);
    Tool tool;
    tool.fake(action);
    tool.start(kCompare);
    tool.workers(2);
    tool.send(GetParam());
    const Ended ended = tool.wait();
    EXPECT_EQ(ended.signal, GetParam());
    EXPECT_EQ(ended.out, "");
    EXPECT_EQ(ended.err, "");
    EXPECT_THAT(tool.litter(), IsEmpty());
    EXPECT_TRUE(tool.all_workers_gone());
  }
}

INSTANTIATE_TEST_SUITE_P(By, Interrupt, testing::Values(SIGINT, SIGTERM, SIGHUP),
                         [](const auto& test) { return std::string("SIG") + sigabbrev_np(test.param); });

TEST(Interrupt, EndsWhatTheWorkerStartedToo) {
  Tool tool;
  tool.fake("brood");
  tool.start(words("profile bert-base --device cpu"));
  tool.workers(2);
  tool.send(SIGINT);
  EXPECT_EQ(tool.wait().signal, SIGINT);
  EXPECT_TRUE(tool.all_workers_gone());
  EXPECT_THAT(tool.litter(), IsEmpty());
}

TEST(Interrupt, WritesNoFilesWhenItComesBeforeTheEnd) {
  testing_support::TemporaryFolder out;
  Tool tool;
  tool.fake("mqa=hang");
  auto arguments = kCompare;
  arguments.insert(arguments.end(), {"--out", out.path(), "--format", "json"});
  tool.start(arguments);
  tool.workers(2);
  tool.send(SIGINT);
  EXPECT_EQ(tool.wait().signal, SIGINT);
  EXPECT_THAT(out.names(), IsEmpty());
}

TEST(Interrupt, AHangUpIsIgnoredUnderNohup) {
  Tool tool;
  tool.fake("slow");
  tool.before_exec = [] { signal(SIGHUP, SIG_IGN); };
  tool.start(words("profile bert-base --device cpu"));
  tool.workers(1);
  tool.send(SIGHUP);
  EXPECT_EQ(tool.wait().code, 0);
}

TEST(Interrupt, AnIgnoredSigchldDoesNotLoseTheWorker) {
  Tool tool;
  tool.before_exec = [] { signal(SIGCHLD, SIG_IGN); };
  EXPECT_EQ(tool.run(words("profile bert-base --device cpu")).code, 0);
}

TEST(Interrupt, BlockedSignalsAreNotPassedOnToTheWorker) {
  Tool tool;
  tool.fake("hang");
  tool.start(words("profile bert-base --device cpu"));
  const pid_t worker = tool.workers(1).front();
  kill(worker, SIGTERM);
  const Ended ended = tool.wait();
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err, "headroom: the worker died of SIGTERM (Terminated)\n");
}

// What only the next run can tidy up.
TEST(SuddenDeath, TakesTheWorkersAlongAndTheNextRunRemovesTheFolder) {
  Tool tool;
  tool.fake("hang");
  tool.start(kCompare);
  tool.workers(2);
  tool.send(SIGKILL);
  EXPECT_EQ(tool.wait().signal, SIGKILL);
  EXPECT_TRUE(tool.all_workers_gone());
  EXPECT_THAT(tool.litter(), SizeIs(1));
  tool.fake("ok");
  EXPECT_EQ(tool.run(kCompare).code, 0);
  EXPECT_THAT(tool.litter(), IsEmpty());
}

TEST(SuddenDeath, OfOneLeavesTheFolderOfAnotherThatStillRuns) {
  Tool tool, other;
  tool.fake("hang");
  tool.start(kCompare);
  tool.workers(2);
  ASSERT_THAT(tool.litter(), SizeIs(1));
  other.environment["TMPDIR"] = tool.scratch();
  EXPECT_EQ(other.run(kCompare).code, 0);
  EXPECT_THAT(tool.litter(), SizeIs(1));
  tool.send(SIGTERM);
  tool.wait();
  EXPECT_THAT(tool.litter(), IsEmpty());
}

TEST(SuddenDeath, NothingButTheToolsOwnStaleFoldersIsRemoved) {
  Tool tool;
  for (const std::string name :
       {"headroom-notes", "headroom-1-abcdef", "headroom-999999999-abcdefg", "headroom-x-abcdef"})
    std::filesystem::create_directory(tool.scratch() / name);
  std::filesystem::create_directory(tool.scratch() / "headroom-999999999-abcdef");
  std::filesystem::create_directory(tool.scratch() / "precious");
  std::filesystem::create_directory_symlink(tool.scratch() / "precious", tool.scratch() / "headroom-999999998-abcdef");
  EXPECT_EQ(tool.run(words("profile bert-base --device cpu")).code, 0);
  EXPECT_THAT(tool.litter(),
              testing::UnorderedElementsAre("headroom-notes", "headroom-1-abcdef", "headroom-999999999-abcdefg",
                                            "headroom-x-abcdef", "precious", "headroom-999999998-abcdef"));
}

TEST(Scratch, WithoutATemporaryFolderTheToolSaysSo) {
  Tool tool;
  tool.environment["TMPDIR"] = "/nonexistent";
  const Ended ended = tool.run(words("profile bert-base --device cpu"));
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err,
            "headroom: cannot make a temporary folder in /nonexistent: No such file or directory; set TMPDIR to a "
            "folder with space\n");
}

}  // namespace
}  // namespace headroom::cli_test
