// The parts of the command line that need no process to be tested.
#include <gtest/gtest.h>

#include <csignal>

#include "base/json.h"
#include "cli/arguments.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "cli/worker_exit.h"

namespace headroom::cli {
namespace {

TEST(Progress, LineOfTheProtocolIsRead) {
  const auto progress = parse_progress(R"({"phase":"forward","step":1,"steps":2,"allocated_bytes":123})");
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->phase, "forward");
  EXPECT_EQ(progress->step, 1);
  EXPECT_EQ(progress->steps, 2);
  EXPECT_EQ(progress->allocated_bytes, 123);
}

TEST(Progress, AnythingElseIsNoProgress) {
  for (const std::string line : {"", "x", "7", "[]", "{}", R"({"phase":7})", R"({"phase":"forward")", "\xff\xfe"})
    EXPECT_FALSE(parse_progress(line)) << line;
  EXPECT_FALSE(parse_progress(std::string(100'000, '[')));
}

TEST(Progress, OddNumbersCountAsNone) {
  const auto progress = parse_progress(R"({"phase":"forward","step":"one","steps":1.5,"allocated_bytes":null})");
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->step, 0);
  EXPECT_EQ(progress->steps, 0);
  EXPECT_EQ(progress->allocated_bytes, 0);
}

TEST(Progress, PhaseCannotSteerTheTerminal) {
  EXPECT_EQ(parse_progress(R"({"phase":"\u001b[2J\n"})")->phase, "\\x1b[2J\\n");
}

TEST(Progress, TextNamesWhatRunsAndWhere) {
  const std::vector<RunningRun> running{{"mqa", {"backward", 1, 2, 1 << 20}}, {"skv", {}}, {"sha", {"build", 0, 2, 0}}};
  EXPECT_EQ(progress_text(2, 7, running, 200),
            "2 of 7 done · mqa: step 1 of 2, backward, 1.00 MiB · skv: starting · sha: build");
  EXPECT_EQ(progress_text(0, 1, {{"bert-base", {"forward", 2, 2, 0}}}, 200), "bert-base: step 2 of 2, forward");
}

TEST(Progress, TextIsCutToTheWidthBetweenCharacters) {
  const std::vector<RunningRun> running{{"a", {}}};
  EXPECT_EQ(progress_text(2, 7, running, 200), "2 of 7 done · a: starting");
  EXPECT_EQ(progress_text(2, 7, running, 14), "2 of 7 done ·");
}

TEST(Printable, ControlCharactersAreMadeVisible) {
  EXPECT_EQ(printable("plain · text"), "plain · text");
  EXPECT_EQ(printable("a\tb\r\n\x7f\x1b"), "a\\x09b\\x0d\\n\\x7f\\x1b");
}

TEST(Printable, BytesThatAreNoCharacterAreMadeVisible) {
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("a\xc3"), "a\\xc3");
  EXPECT_EQ(printable("\xc3("), "\\xc3(");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf") << "a longer form than needed";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "half of a UTF-16 pair";
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b") << "a control sequence's beginning";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond the last character";
  EXPECT_EQ(printable("ü€\U0001F600"), "ü€\U0001F600");
}

TEST(Printable, WhatIsPrintableStaysAndIsJson) {
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      const std::string shown = printable(text);
      EXPECT_NO_THROW(Json(shown).dump());
      EXPECT_EQ(printable(shown), shown);
    }
}

TEST(ParseList, KeepsTheOrder) {
  EXPECT_EQ(parse_list("--attention", "mqa,mha"), (std::vector<std::string>{"mqa", "mha"}));
  EXPECT_EQ(parse_list("--attention", "mqa"), (std::vector<std::string>{"mqa"}));
}

TEST(WorkerExit, OnlyTheLastLineOfARefusalIsTheMessage) {
  const WorkerEnd end = explain_worker_exit(3 << 8, "warning: something\nheadroom-worker: no device\n");
  EXPECT_EQ(end.code, ExitCode::could_not_measure);
  EXPECT_EQ(end.message, "no device");
  EXPECT_EQ(end.last_words, "");
}

TEST(WorkerExit, UnnamedSignalsAreNumbered) {
  EXPECT_EQ(explain_worker_exit(40, "").message, "the worker died of signal 40");
}

TEST(WorkerExit, AnExceptionThatNobodyCaughtIsToldWithoutItsAddresses) {
  const std::string thrown = "a note\nterminate called after throwing an instance of 'c10::Error'\n  what():  ";
  const WorkerEnd end = explain_worker_exit(SIGABRT, thrown + "no such thing\nframe #0: f + 0x9d (0x7fffe277305d)\n");
  EXPECT_EQ(end.code, ExitCode::could_not_measure);
  EXPECT_EQ(end.message, "the worker died of SIGABRT (Aborted): no such thing");
  EXPECT_EQ(end.last_words, "");
  const WorkerEnd settings = explain_worker_exit(SIGABRT, thrown + "Index out of bounds in ConfigTokenizer\n");
  EXPECT_EQ(settings.message,
            "PyTorch cannot read the allocator settings in PYTORCH_CUDA_ALLOC_CONF or PYTORCH_ALLOC_CONF: expected "
            "KEY:VALUE, several separated by commas, such as expandable_segments:True");
}

TEST(WorkerExit, SuccessHasNothingToSay) {
  const WorkerEnd end = explain_worker_exit(0, "a warning\n");
  EXPECT_EQ(end.code, ExitCode::done);
  EXPECT_EQ(end.message, "");
}

}  // namespace
}  // namespace headroom::cli
