// Where results go, and what happens when they cannot.
#include "cli/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <fstream>
#include <sstream>

#include "base/json.h"
#include "recording/file.h"
#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;
using testing_support::TemporaryFolder;

std::vector<std::string> compare(const std::string& more) {
  return words("compare bert-base --attention mha,mqa --device virtual:h100-80gb " + more);
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Stdout, CarriesTheTableByDefaultAndNothingElse) {
  const Ended ended = Tool().run(compare(""));
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("mha"), HasSubstr("mqa"), Not(HasSubstr("\x1b"))));
  EXPECT_EQ(ended.err, "");
}

TEST(Stdout, CarriesOneJsonDocument) {
  const Ended ended = Tool().run(compare("--format json"));
  EXPECT_EQ(Json::parse(ended.out).at("schema"), "headroom.report/1");
  EXPECT_THAT(ended.out, testing::EndsWith("}\n"));
  EXPECT_EQ(ended.err, "");
}

TEST(Stdout, CarriesAPage) { EXPECT_THAT(Tool().run(compare("--format html")).out, StartsWith("<!doctype html>")); }

TEST(Stdout, QuietPrintsTheResultAllTheSame) {
  EXPECT_EQ(Tool().run(compare("--quiet --format json")).out, Tool().run(compare("--format json")).out);
}

// The documents among the lines of stderr.
std::vector<Json> documents_of(const std::string& err) {
  std::vector<Json> documents;
  std::istringstream text(err);
  for (std::string line; std::getline(text, line);) documents.push_back(Json::parse(line));
  return documents;
}

TEST(ProgressLines, AreDocumentsOnStderrWhateverStderrIs) {
  const Ended ended = Tool().run(compare("--progress lines --jobs 1 --quiet"));
  EXPECT_EQ(ended.code, 0);
  const std::vector<Json> told = documents_of(ended.err);
  ASSERT_GE(told.size(), 4u);
  EXPECT_EQ(told[0].at("run"), "mha");
  EXPECT_EQ(told[0].at("phase"), "starting");
  EXPECT_EQ(told[1].at("phase"), "forward");
  EXPECT_EQ(told[1].at("allocated_bytes"), 1 << 20);
  EXPECT_EQ(told[1].at("done"), 0);
  EXPECT_EQ(told.back().at("run"), "mqa");
  EXPECT_EQ(told.back().at("done"), 1);
  EXPECT_EQ(told.back().at("runs"), 2);
}

TEST(ProgressLines, AFloodOfOddProgressStaysWithinDocuments) {
  Tool tool;
  tool.fake("flood");
  const Ended ended = tool.run(compare("--progress lines"));
  EXPECT_EQ(ended.code, 0);
  for (const Json& document : documents_of(ended.err)) EXPECT_TRUE(document.at("phase").is_string());
}

TEST(Stdout, ReaderThatHasGoneIsAClearMessage) {
  Tool tool;
  tool.out_file = "|";
  const Ended ended = tool.run(compare("--format json"));
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err, "headroom: cannot write the result to stdout: its reader has gone\n");
  EXPECT_THAT(tool.litter(), IsEmpty());
}

TEST(Stdout, FullDiskIsAClearMessage) {
  for (const std::string line :
       {"--help", "--version", "list models", "compare bert-base --device cpu --attention mha"}) {
    SCOPED_TRACE(line);
    Tool tool;
    tool.out_file = "/dev/full";
    const Ended ended = tool.run(words(line));
    EXPECT_EQ(ended.code, 3);
    EXPECT_EQ(ended.err, "headroom: cannot write the result to stdout: No space left on device\n");
  }
}

TEST(Stdout, ClosedOneIsAClearMessageAndNoFileTakesItsPlace) {
  Tool tool;
  tool.out_file = "-";
  const Ended ended = tool.run(compare(""));
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err, "headroom: cannot write the result to stdout: it is closed\n");
}

TEST(OutFolder, GetsOneTraceAndASnapshotOfEachRun) {
  TemporaryFolder out;
  EXPECT_EQ(Tool().run(compare("--format perfetto,snapshot --out " + out.path().string())).code, 0);
  EXPECT_THAT(out.names(), UnorderedElementsAre("report.perfetto-trace", "mha.pickle", "mqa.pickle", "mha.headroom",
                                                "mqa.headroom"));
  EXPECT_THAT(text_of(out / "mqa.pickle"), StartsWith("\x80\x04}"));
}

TEST(Stdout, HoldsTheSnapshotOfOneRunAlone) {
  const Ended ended = Tool().run(compare("--format snapshot"));
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.err, "headroom: --format snapshot needs --out FOLDER: a snapshot is of one run, and there are 2\n");
}

TEST(OutFolder, GetsWhatWasAskedForAndARecordingOfEachRun) {
  TemporaryFolder out;
  const Ended ended = Tool().run(compare("--format json,html --out " + (out / "new/folder").string()));
  EXPECT_EQ(ended.code, 0);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(out / "new/folder"))
    names.push_back(entry.path().filename());
  EXPECT_THAT(names, UnorderedElementsAre("report.json", "report.html", "mha.headroom", "mqa.headroom"));
  EXPECT_THAT(ended.out, HasSubstr("mqa"));
  EXPECT_EQ(Json::parse(text_of(out / "new/folder/report.json")).at("runs").size(), 2u);
  EXPECT_THAT(text_of(out / "new/folder/report.html"), StartsWith("<!doctype html>"));
  EXPECT_EQ(read_recording(out / "new/folder/mqa.headroom").spec.attention, "mqa");
}

TEST(OutFolder, GetsEveryFileOfAFormat) {
  TemporaryFolder out;
  const Ended ended =
      Tool().run(compare("--format markdown,latex,csv,svg,pdf,png --quiet --out " + out.path().string()));
  EXPECT_EQ(ended.code, 0) << ended.err;
  std::vector<std::string> names{"report.md",  "comparison.tex", "mha.layers.tex", "mqa.layers.tex",
                                 "runs.csv",   "categories.csv", "layers.csv",     "tensors.csv",
                                 "events.csv", "mha.headroom",   "mqa.headroom"};
  for (const char* ending : {".svg", ".pdf", ".png"})
    for (const char* picture : {"comparison", "savings", "mha.timeline", "mqa.timeline"})
      names.push_back(std::string(picture) + ending);
  EXPECT_THAT(out.names(), testing::UnorderedElementsAreArray(names));
}

TEST(Stdout, HoldsTheFirstFileOfAFormatThatHasSeveral) {
  EXPECT_THAT(Tool().run(compare("--format csv")).out, StartsWith("run,model,attention,"));
  EXPECT_THAT(Tool().run(compare("--format svg")).out, AllOf(StartsWith("<svg "), HasSubstr("mqa")));
  EXPECT_THAT(Tool().run(compare("--format latex")).out, HasSubstr("\\label{tab:headroom-comparison}"));
  EXPECT_THAT(Tool().run(compare("--format pdf")).out, StartsWith("%PDF-"));
  EXPECT_THAT(Tool().run(compare("--format markdown")).out, StartsWith("# "));
}

TEST(Stdout, OnATerminalHoldsNoPicture) {
  Tool tool;
  tool.on_terminal = true;
  const Ended ended = tool.run(compare("--format png"));
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.out, HasSubstr("--format png is not for a terminal: --out FOLDER, or > FILE"));
}

// The same recordings in another folder, hour, time zone and language.
TEST(Documents, OfTheSameRecordingsHaveTheSameBytes) {
  TemporaryFolder recordings, first, second;
  Tool().run(compare("--quiet --out " + recordings.path().string()));
  std::string formats;
  for (const auto& row : cli::formats()) formats += (formats.empty() ? "" : ",") + std::string(row.name);
  const std::vector<std::string> report{
      "report", recordings / "mha.headroom", recordings / "mqa.headroom", "--format", formats, "--out"};
  const auto write = [&](Tool& tool, const TemporaryFolder& out) {
    std::vector<std::string> arguments = report;
    arguments.push_back(out.path().string());
    tool.folder = out.path();
    const Ended ended = tool.run(arguments);
    EXPECT_EQ(ended.code, 0) << ended.err;
    return ended.out;
  };
  Tool here, elsewhere;
  here.environment.insert({{"TZ", "UTC"}, {"LC_ALL", "C"}});
  elsewhere.environment.insert({{"TZ", "Asia/Kathmandu"}, {"LC_ALL", "de_DE.UTF-8"}, {"SOURCE_DATE_EPOCH", "1"}});
  EXPECT_EQ(write(here, first), write(elsewhere, second));
  ASSERT_THAT(first.names(), testing::UnorderedElementsAreArray(second.names()));
  EXPECT_GE(first.names().size(), 25u);
  for (const std::string& name : first.names()) {
    const std::string text = text_of(first / name);
    EXPECT_TRUE(text == text_of(second / name)) << name << " differs";
    EXPECT_EQ(text.find(first.path().string()), std::string::npos) << name << " names its folder";
    EXPECT_EQ(text.find(recordings.path().string()), std::string::npos) << name << " names the folder of a recording";
  }
}

TEST(OutFolder, WithoutFormatGetsTheRecordingsAndStdoutTheTable) {
  TemporaryFolder out;
  const Ended ended = Tool().run(compare("--out " + out.path().string()));
  EXPECT_THAT(out.names(), UnorderedElementsAre("mha.headroom", "mqa.headroom"));
  EXPECT_EQ(ended.out, Tool().run(compare("")).out);
}

TEST(OutFolder, QuietKeepsTheTableFromStdoutUnlessAskedFor) {
  TemporaryFolder out;
  EXPECT_EQ(Tool().run(compare("--quiet --format json --out " + out.path().string())).out, "");
  EXPECT_EQ(Tool().run(compare("--quiet --out " + out.path().string())).out, "");
  EXPECT_NE(Tool().run(compare("--quiet --format terminal,json --out " + out.path().string())).out, "");
}

TEST(OutFolder, IsNotMadeWhenTheCommandLineIsWrong) {
  TemporaryFolder out;
  EXPECT_EQ(Tool().run(compare("--dtype fp8 --out " + (out / "new").string())).code, 2);
  EXPECT_THAT(out.names(), IsEmpty());
}

TEST(OutFolder, ThatCannotBeWrittenIsRefusedBeforeTheRun) {
  TemporaryFolder out;
  std::ofstream(out / "file") << "text";
  for (const std::string& folder :
       {(out / "file").string(), (out / "file/deeper").string(), std::string("/proc/headroom")}) {
    SCOPED_TRACE(folder);
    Tool tool;
    const Ended ended = tool.run(compare("--out " + folder));
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, AllOf(StartsWith("headroom: "), HasSubstr(folder)));
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1);
    EXPECT_EQ(tool.workers(0).size(), 0u);
  }
}

TEST(OutFolder, LeavesOutTheRecordingOfARunThatFailed) {
  TemporaryFolder out;
  Tool tool;
  tool.fake("mqa=segv");
  EXPECT_EQ(tool.run(compare("--format json --out " + out.path().string())).code, 3);
  EXPECT_THAT(out.names(), UnorderedElementsAre("mha.headroom", "report.json"));
}

TEST(OutFolder, KeepsTheRecordingOfARunThatRanOutOfMemory) {
  TemporaryFolder out;
  Tool tool;
  tool.fake("mqa=oom");
  EXPECT_EQ(tool.run(compare("--out " + out.path().string())).code, 3);
  EXPECT_EQ(read_recording(out / "mqa.headroom").outcome.kind, OutcomeKind::oom);
}

TEST(OutFolder, ModelNamedLikeAPathCannotWriteElsewhere) {
  TemporaryFolder out;
  std::ofstream(out / "config.json")
      << R"({"model_type": "gpt2", "_name_or_path": "../../evil/x\u001b", "vocab_size": 100,
      "n_positions": 128, "n_embd": 64, "n_head": 4, "n_layer": 2})";
  const Ended ended = Tool().run({"profile", out / "config.json", "--device", "cpu", "--out", out / "results"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(out / "results"))
    names.push_back(entry.path().filename());
  ASSERT_EQ(names.size(), 1u);
  EXPECT_THAT(names[0], testing::MatchesRegex("[-A-Za-z0-9_][-A-Za-z0-9._]*\\.headroom"));
  EXPECT_THAT(out.names(), UnorderedElementsAre("config.json", "results"));
}

// Every file is limited to some bytes: the small recordings fit, the page does not.
TEST(FullDisk, LeavesNoFileHalfWrittenAndTheOldOneAsItWas) {
  TemporaryFolder out;
  std::ofstream(out / "report.html") << "the old page";
  Tool tool;
  tool.before_exec = [] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
  };
  const Ended ended = tool.run(compare("--format html --out " + out.path().string()));
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, AllOf(StartsWith("headroom: "), HasSubstr("report.html")));
  EXPECT_THAT(out.names(), UnorderedElementsAre("report.html", "mha.headroom", "mqa.headroom"));
  EXPECT_EQ(text_of(out / "report.html"), "the old page");
  EXPECT_THAT(ended.out, HasSubstr("mqa")) << "the table is lost";
}

TEST(FullDisk, OfARealFileSystemLeavesNothingHalfWritten) {
  TemporaryFolder out;
  if (mount("tmpfs", out.path().c_str(), "tmpfs", 0, "size=16k") != 0) GTEST_SKIP() << "only root may mount";
  Tool tool;
  const Ended ended = tool.run(compare("--format html --out " + out.path().string()));
  const auto names = out.names();
  umount2(out.path().c_str(), MNT_DETACH);
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("No space left on device"));
  for (const auto& name : names) EXPECT_THAT(name, testing::EndsWith(".headroom"));
}

TEST(Terminal, ShowsProgressOnItsOneLineAndClearsIt) {
  Tool tool;
  tool.on_terminal = true;
  tool.fake("slow");
  const Ended ended = tool.run(compare("--jobs 1"));
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.out, HasSubstr("\r\x1b[K0 of 2 done · mha: starting"));
  const auto last = ended.out.rfind("\r\x1b[K");
  ASSERT_NE(last, std::string::npos);
  EXPECT_THAT(ended.out.substr(last), Not(HasSubstr(" done")));
}

TEST(Terminal, QuietShowsNoProgress) {
  Tool tool;
  tool.on_terminal = true;
  tool.fake("slow");
  EXPECT_THAT(tool.run(compare("--quiet")).out, Not(HasSubstr("\x1b[K")));
}

struct ColorCase {
  bool terminal;
  std::map<std::string, std::string> environment;
  std::string flag;
  bool colored;
};

TEST(Terminal, ColorIsForTerminalsUnlessToldOtherwise) {
  const std::map<std::string, std::string> xterm{{"TERM", "xterm"}};
  const std::vector<ColorCase> cases{{true, xterm, "", true},
                                     {false, xterm, "", false},
                                     {true, {{"TERM", "dumb"}}, "", false},
                                     {true, {}, "", false},
                                     {true, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}, "", false},
                                     {true, {{"TERM", "xterm"}, {"NO_COLOR", ""}}, "", true},
                                     {true, xterm, "--color never", false},
                                     {false, {}, "--color always", true},
                                     {true, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}, "--color always", true}};
  for (const auto& expected : cases) {
    Tool tool;
    tool.on_terminal = expected.terminal;
    tool.environment.insert(expected.environment.begin(), expected.environment.end());
    const Ended ended = tool.run(compare("--quiet " + expected.flag));
    EXPECT_EQ(ended.out.find("\x1b[") != std::string::npos, expected.colored)
        << (expected.terminal ? "terminal, " : "pipe, ") << expected.flag << "\n"
        << ended.out;
  }
}

// Columns a line takes, escape sequences and continuation bytes not counted.
std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0, columns = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r')
      columns = 0;
    else if ((c & 0xC0) != 0x80)
      ++columns;
    widest = std::max(widest, columns);
  }
  return widest;
}

TEST(Terminal, TheTableStaysWithinTheWidth) {
  Tool given, variable, device;
  EXPECT_LE(widest_line(given.run(compare("--width 60")).out), 60u);
  variable.environment["COLUMNS"] = "50";
  EXPECT_LE(widest_line(variable.run(compare("")).out), 50u);
  device.on_terminal = true;
  EXPECT_LE(widest_line(device.run(compare("--quiet")).out), 80u);
}

TEST(Report, ShowsRecordingsAsTheRunThatMadeThemDid) {
  TemporaryFolder out;
  const Ended compared = Tool().run(compare("--format json --out " + out.path().string()));
  const std::string files = (out / "mha.headroom").string() + " " + (out / "mqa.headroom").string();
  EXPECT_EQ(Tool().run(words("report --format json " + files)).out, text_of(out / "report.json"));
  EXPECT_EQ(Tool().run(words("report " + files)).out, compared.out);
}

TEST(Report, OfOneRecordingHasNoComparison) {
  TemporaryFolder out;
  Tool().run(compare("--out " + out.path().string()));
  const Ended ended = Tool().run({"report", out / "mqa.headroom", "--format", "json"});
  const Json report = Json::parse(ended.out);
  EXPECT_EQ(report.at("runs").at(0).at("label"), "mqa");
  EXPECT_FALSE(report.contains("comparison") && !report.at("comparison").is_null());
}

TEST(Report, RecordingsOfOneNameAreToldApartByTheirPaths) {
  TemporaryFolder one, two;
  Tool().run(compare("--out " + one.path().string()));
  Tool().run(compare("--out " + two.path().string()));
  const std::string first = one / "mqa.headroom", second = two / "mqa.headroom";
  const Json report = Json::parse(Tool().run({"report", first, second, "--format", "json"}).out);
  EXPECT_EQ(report.at("runs").at(0).at("label"), first);
  EXPECT_EQ(report.at("runs").at(1).at("label"), second);
}

TEST(Report, FilesOfOddNamesAreShownWithoutTheOddBytes) {
  TemporaryFolder out;
  Tool().run(compare("--out " + out.path().string()));
  std::filesystem::rename(out / "mqa.headroom", out / "\xff\x1b[31m.headroom");
  const Ended ended = Tool().run({"report", out / "\xff\x1b[31m.headroom", "--format", "json"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(Json::parse(ended.out).at("runs").at(0).at("label"), "\\xff\\x1b[31m");
}

TEST(Report, DamagedRecordingsAreRefused) {
  TemporaryFolder out;
  Tool().run(compare("--out " + out.path().string()));
  const std::string whole = text_of(out / "mqa.headroom");
  std::ofstream(out / "half.headroom") << whole.substr(0, whole.size() / 2);
  std::ofstream(out / "empty.headroom");
  std::ofstream(out / "text.headroom") << "not a recording";
  for (const std::string name : {"half", "empty", "text"}) {
    const std::string path = out / (name + ".headroom");
    const Ended ended = Tool().run({"report", path});
    EXPECT_EQ(ended.code, 2) << name;
    EXPECT_THAT(ended.err, AllOf(StartsWith("headroom: "), HasSubstr(path)));
    EXPECT_EQ(ended.out, "");
  }
}

}  // namespace
}  // namespace headroom::cli_test
