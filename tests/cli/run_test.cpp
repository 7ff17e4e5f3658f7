// `headroom run` as people use it, with a program that leaves what an attached process leaves.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/json.h"
#include "recording/file.h"
#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

using Words = std::vector<std::string>;

Words joined(Words left, const Words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// The tool in a folder of its own, running the stand-in.
class Run : public testing::Test {
 protected:
  Run() { tool.folder = here.path(); }

  Words words_of(const Words& flags, const Words& actions) const {
    return joined(joined(joined({"run", "--device", "virtual:h100-80gb"}, flags), {"--", HEADROOM_FAKE_PROGRAM}),
                  actions);
  }
  Ended run(const Words& actions) { return tool.run(words_of({}, actions)); }
  Ended run_with(const Words& flags, const Words& actions) { return tool.run(words_of(flags, actions)); }
  Json report_of(const Words& flags, const Words& actions) {
    return Json::parse(run_with(joined(flags, {"--format", "json"}), actions).out);
  }
  Recording recording(const std::string& name = "headroom_fake_program.headroom") const {
    return read_recording(here / name);
  }

  testing_support::TemporaryFolder here;
  Tool tool;
};

const Words kTrain{"attach", "", "record", "cuda0", "1048576"};

TEST_F(Run, TheProgramOwnsStdoutAndTheTableFollowsItOnStderr) {
  const Ended ended = run(joined(kTrain, {"out", "loss 0.5", "err", "a warning"}));
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.out, "loss 0.5\n");
  EXPECT_THAT(ended.err, StartsWith("a warning\n\n"));
  EXPECT_THAT(ended.err, HasSubstr("virtual Stand-in"));
  EXPECT_THAT(ended.err, HasSubstr("Peak allocated  1.00 MiB (1,048,576)"));
  EXPECT_THAT(ended.err, EndsWith("headroom: recorded in headroom_fake_program.headroom\n"));
  EXPECT_THAT(tool.litter(), IsEmpty());
}

TEST_F(Run, TheTableSaysNothingThatOnlyAModelOfHeadroomsOwnHas) {
  const std::string text = run(kTrain).err;
  for (const char* word : {"batch", "seq", "fp32", "adamw", "attention", "measured"})
    EXPECT_THAT(text, Not(HasSubstr(word)));
}

TEST_F(Run, WhatCouldNotBeTracedIsSaidOnceForAllProcesses) {
  const Words one{"attach", "", "record", "cuda0", "1048576", "untraced", "CUPTI off: no library."};
  const Ended ended = run_with({"--quiet"}, joined(joined(one, {"child"}), one));
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.err, "headroom: CUPTI off: no library.\n");
  EXPECT_EQ(here.names().size(), 2u);
}

TEST_F(Run, ItsStdinIsTheTools) {
  const auto text = here / "input";
  std::ofstream(text) << "a line\n";
  tool.before_exec = [&] { dup2(open(text.c_str(), O_RDONLY), STDIN_FILENO); };
  EXPECT_EQ(run({"attach", "", "cat"}).out, "a line\n");
}

TEST_F(Run, QuietSaysNothingAndStillRecords) {
  const Ended ended = run_with({"--quiet"}, kTrain);
  EXPECT_EQ(ended.out + ended.err, "");
  EXPECT_EQ(recording().stats.peak_allocated_bytes, 1 << 20);
}

TEST_F(Run, ANamedFormatTakesStdoutAndTheProgramsOutputGoesToStderr) {
  const Ended ended = run_with({"--format", "json"}, joined(kTrain, {"out", "loss 0.5"}));
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.err, StartsWith("loss 0.5\n"));
  const Json run = Json::parse(ended.out).at("runs").at(0);
  EXPECT_EQ(run.at("peak").at("allocated_bytes"), 1 << 20);
  EXPECT_EQ(run.at("environment").at("device_kind"), "virtual");
  EXPECT_EQ(run.at("spec").at("command").at(0), HEADROOM_FAKE_PROGRAM);
  EXPECT_THAT(run.at("reproduce").get<std::string>(), StartsWith("headroom run --device virtual:h100-80gb -- /"));
}

TEST_F(Run, AFolderTakesReportsAndTheRecording) {
  const Ended ended = run_with({"--out", "results", "--format", "json,html"}, joined(kTrain, {"out", "hello"}));
  EXPECT_EQ(ended.out, "hello\n");
  EXPECT_THAT(ended.err, HasSubstr("Peak allocated"));
  EXPECT_TRUE(std::filesystem::exists(here / "results/report.json"));
  EXPECT_TRUE(std::filesystem::exists(here / "results/report.html"));
  EXPECT_EQ(recording("results/headroom_fake_program.headroom").spec.command.size(), 1 + kTrain.size() + 2);
}

TEST_F(Run, AFileTakesTheRecording) {
  EXPECT_THAT(run_with({"--out", "before.headroom"}, kTrain).err, EndsWith("headroom: recorded in before.headroom\n"));
  EXPECT_EQ(recording("before.headroom").spec.device, "virtual:h100-80gb");
  EXPECT_THAT(here.names(), ElementsAre("before.headroom"));
}

TEST_F(Run, TheReportCommandShowsTheRecordingAgain) {
  const Json first = report_of({}, kTrain);
  const Json again = Json::parse(tool.run({"report", "headroom_fake_program.headroom", "--format", "json"}).out);
  EXPECT_EQ(first.at("runs"), again.at("runs"));
}

TEST_F(Run, TheExitCodeIsPassedOnAndWhatWasRecordedIsKept) {
  for (const int code : {1, 2, 3, 77, 255}) {
    const Ended ended = run(joined(kTrain, {"exit", std::to_string(code)}));
    EXPECT_EQ(ended.code, code);
    EXPECT_THAT(ended.err, HasSubstr("the program ended with exit code " + std::to_string(code)));
    EXPECT_THAT(ended.err, HasSubstr("Peak allocated  1.00 MiB"));
    EXPECT_EQ(recording().outcome.kind, OutcomeKind::error);
  }
}

TEST_F(Run, ASignalsDeathIs128AndItsNumberAndWhatWasRecordedIsKept) {
  for (const int number : {SIGKILL, SIGSEGV, SIGTERM, SIGABRT}) {
    const Ended ended = run(joined(kTrain, {"kill", std::to_string(number)}));
    EXPECT_EQ(ended.code, 128 + number);
    EXPECT_THAT(ended.err, HasSubstr(std::string("SIG") + sigabbrev_np(number)));
    EXPECT_EQ(recording().stats.peak_allocated_bytes, 1 << 20);
    EXPECT_THAT(tool.litter(), IsEmpty());
  }
}

TEST_F(Run, AProgramThatCtrlCEndedEndsTheToolBySigintSoThatALoopOfTheShellStops) {
  EXPECT_EQ(run(joined(kTrain, {"kill", std::to_string(SIGINT)})).signal, SIGINT);
  EXPECT_EQ(recording().stats.peak_allocated_bytes, 1 << 20);
}

TEST_F(Run, SignalsToTheToolReachTheProgram) {
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGQUIT}) {
    SCOPED_TRACE(sigabbrev_np(number));
    Tool own;
    own.folder = here.path();
    own.start(words_of({}, joined(kTrain, {"trap", "pid", "hang"})));
    own.workers(1);
    own.send(number);
    const Ended ended = own.wait();
    EXPECT_EQ(ended.code, 7);
    EXPECT_EQ(ended.out, std::string("got SIG") + sigabbrev_np(number) + "\n");
    EXPECT_THAT(ended.err, HasSubstr("Peak allocated"));
  }
}

TEST_F(Run, CtrlCOnTheTerminalReachesTheProgramOnce) {
  tool.on_terminal = tool.at_the_keyboard = true;
  tool.start(words_of({}, joined(kTrain, {"trap", "pid", "hang"})));
  tool.workers(1);
  tool.type("\x03");
  const Ended ended = tool.wait();
  EXPECT_EQ(ended.code, 7);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("got SIGINT"), HasSubstr("Peak allocated")));
}

TEST_F(Run, TheProgramDiesWithTheToolAndTheNextRunTidiesUp) {
  tool.start(words_of({}, joined(kTrain, {"pid", "hang"})));
  tool.workers(1);
  tool.send(SIGKILL);
  EXPECT_EQ(tool.wait().signal, SIGKILL);
  EXPECT_TRUE(tool.all_workers_gone());
  EXPECT_THAT(here.names(), IsEmpty());
  EXPECT_EQ(run(kTrain).code, 0);
  EXPECT_THAT(tool.litter(), IsEmpty());
}

TEST_F(Run, AProgramThatFloodsOrClosesStderrIsRecordedAllTheSame) {
  EXPECT_GE(run(joined({"flood"}, kTrain)).err.size(), std::size_t{4} << 20);
  EXPECT_EQ(recording().stats.peak_allocated_bytes, 1 << 20);
  EXPECT_EQ(run(joined({"close"}, kTrain)).code, 0);
}

TEST_F(Run, AReaderOfStderrThatHasGoneIsNoReasonToFail) {
  tool.before_exec = [] { dup2(open("/dev/full", O_WRONLY), STDERR_FILENO); };
  EXPECT_EQ(run(kTrain).code, 0);
  EXPECT_EQ(recording().stats.peak_allocated_bytes, 1 << 20);
}

TEST_F(Run, SeveralDevicesAreRowsOfOneTableAndRecordingsOfTheirOwn) {
  const Words actions{"attach", "", "record", "cuda0", "1048576", "record", "cuda1", "2097152"};
  const std::string text = run(actions).err;
  EXPECT_THAT(text, AllOf(HasSubstr("headroom_fake_program.cuda0"), HasSubstr("headroom_fake_program.cuda1"),
                          HasSubstr("1.00 MiB"), HasSubstr("2.00 MiB"), Not(HasSubstr("saved"))));
  EXPECT_THAT(here.names(),
              UnorderedElementsAre("headroom_fake_program.cuda0.headroom", "headroom_fake_program.cuda1.headroom"));
  EXPECT_FALSE(report_of({}, actions).contains("comparison"));
}

TEST_F(Run, SeveralProcessesAreToldApartByTheirIds) {
  run({"attach", "", "record", "cuda0", "1048576", "child", "record", "cuda0", "1024"});
  const auto names = here.names();
  EXPECT_EQ(names.size(), 2u);
  for (const auto& name : names) EXPECT_THAT(name, StartsWith("headroom_fake_program.pid"));
}

TEST_F(Run, RanksOfALauncherAreCalledByTheirNumbersAndByTheScript) {
  const Words rank0{"script", "train.py", "attach", "0", "record", "cuda0", "1048576"};
  run(joined(rank0, {"child", "attach", "1", "record", "cuda1", "1048576"}));
  EXPECT_THAT(here.names(), UnorderedElementsAre("train.rank0.headroom", "train.rank1.headroom"));
}

TEST_F(Run, AForkThatAllocatesNothingIsNoRecording) {
  run({"attach", "", "child", "record", "cuda0", "1024"});
  EXPECT_THAT(here.names(), ElementsAre("headroom_fake_program.headroom"));
}

TEST_F(Run, AProgramThatIsNotPyTorchIsSaidToBeSo) {
  const Ended ended = tool.run({"run", "--device", "virtual:h100-80gb", "--", "true"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err, "headroom: nothing was recorded: true ran no Python that imports PyTorch\n");
  EXPECT_THAT(here.names(), IsEmpty());
  EXPECT_EQ(tool.run({"run", "--device", "virtual:h100-80gb", "--", "false"}).code, 1);
}

TEST_F(Run, AProgramThatAllocatesNothingIsSaidToBeSo) {
  const Ended ended = run({"attach", ""});
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(
      ended.err,
      "headroom: nothing was recorded: PyTorch allocated nothing on the device (virtual:h100-80gb); does the program "
      "move its model and data to \"cuda\"?\n");
}

TEST_F(Run, ARefusalIsOneLineAndTheProgramsCodeIsPassedOn) {
  const Ended ended = run({"refuse", "Torch 1.13 is too old\x1b[31m", "exit", "2"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.err, "headroom: Torch 1.13 is too old\\x1b[31m\n");
  EXPECT_EQ(run({"refuse", "no"}).code, 3);
}

TEST_F(Run, ATornJournalGivesWhatHappenedUntilThen) {
  EXPECT_EQ(run(joined(kTrain, {"tear", "kill", "9"})).code, 137);
  EXPECT_EQ(recording().stats.peak_allocated_bytes, 1 << 20);
}

TEST_F(Run, WhatCannotBeWrittenIsSaidAndTheProgramsCodeCounts) {
  const std::string gone = "rm -r results; exec " HEADROOM_FAKE_PROGRAM " attach '' record cuda0 1024";
  const auto run = [&](const std::string& ending) {
    return tool.run({"run", "--device", "virtual:h100-80gb", "--out", "results", "--", "sh", "-c", gone + ending});
  };
  const Ended ended = run("");
  EXPECT_NE(ended.code, 0);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("headroom: "), HasSubstr("results")));
  EXPECT_EQ(run(" exit 9").code, 9);
}

// Puts a file system of one page over `folder`, for the child alone.
void fill_disk(const std::filesystem::path& folder) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("none", folder.c_str(), "tmpfs", 0, "size=4k") != 0)
    _exit(42);
}

TEST_F(Run, ARecordingThatFindsNoRoomIsSaidAndNoHalfIsLeft) {
  testing_support::TemporaryFolder full;
  tool.before_exec = [&] { fill_disk(full.path()); };
  const std::string script = "head -c 4096 /dev/zero > " + (full / "filler").string() +
                             "; exec " HEADROOM_FAKE_PROGRAM " attach '' record cuda0 1048576";
  const Ended ended =
      tool.run({"run", "--device", "virtual:h100-80gb", "--out", full / "train.headroom", "--", "sh", "-c", script});
  if (ended.code == 42) GTEST_SKIP() << "needs the right to mount";
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("headroom: cannot write"), HasSubstr("No space left on device")));
}

TEST_F(Run, ATemporaryFolderWithoutRoomIsSaidWithTheRemedy) {
  tool.before_exec = [&] { fill_disk(tool.scratch()); };
  const Ended ended = run({"attach", "", "empty-journal"});
  if (ended.code == 42) GTEST_SKIP() << "needs the right to mount";
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("is full: set TMPDIR to a folder with space"));
}

TEST_F(Run, TheDeviceAndItsOptionsReachTheProgram) {
  const auto value = [&](const std::string& name, const Words& flags) {
    return run_with(flags, joined(kTrain, {"env", name})).out;
  };
  EXPECT_EQ(value("HEADROOM_VIRTUAL_GPU", {}), "h100-80gb\n");
  EXPECT_EQ(value("HEADROOM_VIRTUAL_GPU_RESERVE", {}), "(unset)\n");
  EXPECT_EQ(value("HEADROOM_VIRTUAL_GPU_RESERVE", {"--reserve", "1.5GiB"}), "1610612736\n");
  EXPECT_EQ(value("HEADROOM_VIRTUAL_GPU_EVENTS", {"--events", "delayed"}), "delayed\n");
  EXPECT_EQ(value("HEADROOM_VIRTUAL_GPU_BACKED", {"--backed"}), "1\n");
  EXPECT_EQ(value("HEADROOM_VIRTUAL_GPU_BACKED", {"--ranks", "4"}), "1\n");
  EXPECT_EQ(value("HEADROOM_VIRTUAL_GPU_BACKED", {}), "(unset)\n");
  EXPECT_EQ(value("HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER", {"--address-order", "shuffled:3"}), "shuffled:3\n");
  EXPECT_THAT(value("LD_PRELOAD", {}), EndsWith("headroom-virtual-gpu.so\n"));
  EXPECT_THAT(value("PYTHONPATH", {}), EndsWith("lib/headroom/python/site\n"));
  const Json options = Json::parse(
      value("HEADROOM_RUN_OPTIONS", {"--source-lines", "--ranks", "16", "--rank", "3", "--value", "a=b.py:4=-2.5"}));
  EXPECT_EQ(options, Json::parse(R"({"device": "virtual:h100-80gb", "source_lines": true, "ranks": 16, "rank": 3,
                                     "values": [{"place": "a=b.py:4", "value": -2.5}]})"));
}

TEST_F(Run, WhatTheRuntimesOwnVariablesAskForHoldsAndIsRecorded) {
  tool.environment["HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER"] = "ascending";
  tool.environment["HEADROOM_VIRTUAL_GPU"] = "nonsense";
  EXPECT_EQ(run(joined(kTrain, {"env", "HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER"})).out, "ascending\n");
  EXPECT_EQ(recording().spec.virtual_options.address_order, "ascending");
  tool.environment["HEADROOM_VIRTUAL_GPU_EVENTS"] = "late";
  EXPECT_EQ(run(kTrain).code, 2);
}

TEST_F(Run, SeveralVirtualDevicesAreOneFlag) {
  const auto run = [&](const std::string& device) {
    return tool.run(joined({"run", "--device", device, "--", HEADROOM_FAKE_PROGRAM},
                           joined(kTrain, {"env", "HEADROOM_VIRTUAL_GPU"})));
  };
  EXPECT_EQ(run("virtual:8xh100-80gb").out, "8xh100-80gb\n");
  EXPECT_EQ(run("virtual:65xh100-80gb").code, 2);
  EXPECT_EQ(run("virtual:0xh100-80gb").code, 2);
  EXPECT_EQ(run("cuda:1").code, 2);
}

TEST_F(Run, OnTheProcessorTheRuntimeHasNoDevice) {
  const Ended ended = tool.run(joined({"run", "--device", "cpu", "--", HEADROOM_FAKE_PROGRAM},
                                      {"attach", "", "record", "cpu", "4096", "env", "HEADROOM_VIRTUAL_GPU"}));
  EXPECT_EQ(ended.out, "(unset)\n");
  EXPECT_THAT(ended.err, HasSubstr("measured Stand-in"));
}

TEST_F(Run, AddressesAreTheSameInEveryRunOnAVirtualDevice) {
  EXPECT_EQ(run(joined(kTrain, {"addresses"})).out, "always the same\n");
}

TEST_F(Run, SourceLinesAreShownAtThePeak) {
  const std::string text = run_with({"--source-lines"}, kTrain).err;
  EXPECT_THAT(text, AllOf(HasSubstr("at the peak, by source line"), HasSubstr("fake.py:12")));
  const Json at_peak = report_of({"--source-lines"}, kTrain).at("runs").at(0).at("at_peak");
  EXPECT_EQ(at_peak.at("source_lines").at(0).at("line"), "fake.py:12");
  EXPECT_EQ(at_peak.at("source_lines").at(0).at("bytes"), at_peak.at("allocated_bytes"));
  EXPECT_EQ(at_peak.at("tensors").at(0).at("source_line"), "fake.py:12");
}

TEST_F(Run, OrdersOfAddressesGiveABand) {
  const Words actions{"attach", "", "record-by-order", "out", "once"};
  const Ended ended = run_with({"--address-orders", "3", "--format", "json"}, actions);
  EXPECT_EQ(ended.err, "once\nheadroom: recorded in headroom_fake_program.headroom\n");
  const Json orders = Json::parse(ended.out).at("runs").at(0).at("address_orders");
  EXPECT_EQ(orders.at("runs").size(), 3u);
  EXPECT_EQ(orders.at("allocated").at("least_order"), "ascending");
  EXPECT_EQ(orders.at("allocated").at("least_bytes"), (1 << 20) + 512 * 9);
  EXPECT_EQ(orders.at("allocated").at("most_order"), "descending");
  EXPECT_EQ(orders.at("reserved").at("most_bytes"), (1 << 20) + 512 * 10);
  EXPECT_THAT(run_with({"--address-orders", "3"}, actions).err,
              HasSubstr("Over 3 orders of addresses: descending, ascending, shuffled:1"));
}

TEST_F(Run, WhatTheRunRestsOnIsShownWithTheWayToState) {
  const Words actions =
      joined(kTrain, {"assume", "fake.py:9 reads 4 bytes of the device as 0 (--value fake.py:9=VALUE)"});
  EXPECT_THAT(run(actions).err,
              AllOf(HasSubstr("fake.py:9 reads 4 bytes"), HasSubstr("PLACE=VALUE, once for each place above")));
}

struct Refused {
  Words words;
  std::string message;
};

TEST_F(Run, ACommandLineThatCannotBeMeantIsRefusedBeforeAnythingRuns) {
  const std::vector<Refused> cases{
      {{"run"}, "expected -- and a command: headroom run --device virtual:h100-80gb -- python train.py"},
      {{"run", "--"}, "expected -- and a command: headroom run --device virtual:h100-80gb -- python train.py"},
      {{"run", "python", "train.py"}, "expected -- before the command: headroom run -- python train.py"},
      {{"run", "--devcie", "cpu", "--", "true"}, "unknown flag '--devcie'; did you mean '--device'?"},
      {{"run", "--reserve", "600MB", "--", "true"},
       "--reserve is '600MB', expected a size such as 600MiB, 1.5GiB or a number of bytes; units are binary: KiB, MiB, "
       "GiB, TiB"},
      {{"run", "--reserve", "80GiB", "--", "true"},
       "--reserve is 85,899,345,920 bytes, expected less than the 85,028,896,768 bytes (79.2 GiB) of "
       "virtual:h100-80gb"},
      {{"run", "--events", "late", "--", "true"}, "unknown --events 'late'. Known: immediate, delayed"},
      {{"run", "--address-order", "random", "--", "true"},
       "--address-order is 'random', expected descending, ascending or shuffled:SEED"},
      {{"run", "--address-orders", "1", "--", "true"}, "--address-orders is '1', expected a whole number from 2 to 64"},
      {{"run", "--device", "cpu", "--backed", "--", "true"}, "--backed is for virtual devices, and --device is cpu"},
      {{"run", "--value", "3", "--", "true"},
       "--value is '3', expected PLACE=VALUE: a line, train.py:42=3, or an operator, aten::nonzero=1000"},
      {{"run", "--value", "a.py:3=x", "--", "true"}, "--value a.py:3 is 'x', expected a number"},
      {{"run", "--rank", "1", "--", "true"}, "--rank needs --ranks N: which of how many processes this one stands for"},
      {{"run", "--ranks", "2", "--rank", "2", "--", "true"}, "--rank is '2', expected a whole number from 0 to 1"},
      {{"run", "--format", "json,html", "--", "true"},
       "--format json,html needs --out FOLDER: only one format fits on stdout"}};
  if (std::filesystem::exists("/dev/nvidiactl")) GTEST_SKIP() << "the default device is another one here";
  for (const auto& expected : cases) {
    const Ended ended = tool.run(expected.words);
    EXPECT_EQ(ended.err, "headroom: " + expected.message + "\n");
    EXPECT_EQ(ended.code, 2) << expected.message;
    EXPECT_EQ(ended.out, "");
  }
  EXPECT_THAT(here.names(), IsEmpty());
}

}  // namespace
}  // namespace headroom::cli_test
