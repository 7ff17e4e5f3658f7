#include "reports/diff_report.h"

#include <gmock/gmock.h>

#include <sstream>

#include "base/json.h"
#include "reports/report_run.h"
#include "reports/text.h"
#include "tests/recording_text.h"
#include "tests/reports/diff_sample.h"
#include "tests/reports/golden.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using synthetic::diff_of;
using synthetic::diff_recording;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing_support::message_of;

// The two sides as report.json documents.
std::string report_of(const std::vector<Recording>& recordings) {
  Report report{"0.1.0", {}, {}};
  for (std::size_t i = 0; i < recordings.size(); ++i)
    report.runs.push_back(make_report_run(recordings[i], i == 0 ? "first" : "second", ExitCode::bad_input));
  return write_json(report);
}

TEST(DiffReportTest, LooksAsItShould) {
  const DiffReport report = diff_of(diff_recording(false), diff_recording(true));
  for (const int width : {40, 80, 120})
    expect_golden(write_diff_terminal(report, {width, false}, 12), "diff-" + std::to_string(width) + ".txt");
  expect_golden(write_diff_markdown(report, 3), "diff.md");
  expect_golden(write_diff_json(report), "diff.json");
  expect_golden(write_diff_csv(report), "diff.csv");
}

TEST(DiffReportTest, NoLineIsWiderThanTheTerminal) {
  const DiffReport report = diff_of(diff_recording(false), diff_recording(true));
  for (const int width : {40, 57, 80, 120, 200}) {
    std::istringstream lines(write_diff_terminal(report, {width, false}, kAllRows));
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(display_width(line), static_cast<std::size_t>(width)) << line;
  }
}

TEST(DiffReportTest, OfARunWithItselfIsEmpty) {
  const DiffReport report = diff_of(diff_recording(true), diff_recording(true));
  EXPECT_THAT(changed_layers(report), IsEmpty());
  EXPECT_THAT(changed_tensors(report), IsEmpty());
  EXPECT_THAT(write_diff_terminal(report, {}, 12),
              AllOf(HasSubstr("made of the same"), Not(HasSubstr("that changed most"))));
  EXPECT_EQ(Json::parse(write_diff_json(report)).at("equal"), true);
}

TEST(DiffReportTest, RowsOfTheTableSumToThePeaks) {
  const DiffReport report = diff_of(diff_recording(false), diff_recording(true));
  std::istringstream lines(write_diff_csv(report));
  std::string line;
  std::getline(lines, line);
  Change sum;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string layer, category, before, after;
    for (std::string* field : {&layer, &category, &before, &after}) std::getline(fields, *field, ',');
    sum += {std::stoll(before), std::stoll(after)};
  }
  EXPECT_EQ(sum, report.diff.peak);
}

TEST(DiffReportTest, TensorsThatChangedAlikeAreOneRow) {
  const auto rows = changed_tensors(diff_of(diff_recording(false), diff_recording(true)));
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows[0].count, 2u);
  EXPECT_EQ(rows[0].path, "layer.0–1");
  EXPECT_EQ(rows[0].bytes.delta(), 2 * 8192);
}

TEST(DiffReportTest, ReportsSayTheSameButForTensors) {
  const Recording before = diff_recording(false), after = diff_recording(true);
  const DiffReport recorded = diff_of(before, after);
  const DiffReport read =
      make_diff_report(read_report_run(report_of({before}), "a.json", ""), "before.headroom",
                       read_report_run(report_of({after, before}), "b.json", "first"), "after.headroom", false);
  EXPECT_EQ(write_diff_csv(read), write_diff_csv(recorded));
  EXPECT_EQ(read.diff.categories, recorded.diff.categories);
  EXPECT_EQ(read.diff.peak_reserved, recorded.diff.peak_reserved);
  EXPECT_EQ(read.diff.settings.size(), recorded.diff.settings.size());
  EXPECT_THAT(write_diff_terminal(read, {}, 12), HasSubstr("Tensors are not compared"));
  EXPECT_TRUE(Json::parse(write_diff_json(read)).at("tensors").is_null());
}

TEST(DiffReader, SaysWhichRunsThereAreAndWhatIsWrong) {
  const std::string two = report_of({diff_recording(false), diff_recording(true)});
  const auto refusal = [](const std::string& text, const std::string& label) {
    return message_of(ExitCode::bad_input, [&] { read_report_run(text, "r.json", label); });
  };
  EXPECT_THAT(refusal(two, ""), HasSubstr("r.json: has 2 runs, and --run LABEL says which: first, second"));
  EXPECT_THAT(refusal(two, "fisrt"), HasSubstr("unknown run 'fisrt'; did you mean 'first'?"));
  EXPECT_THAT(refusal("{\"schema\": \"headroom.sweep/1\"}", ""), HasSubstr("expected headroom.report/1"));
  std::string wrong = two;
  const auto at = wrong.find("\"bytes\": ", wrong.find("\"layers\": ")) + 9;
  EXPECT_THAT(refusal(wrong.insert(at, "7"), "first"), HasSubstr("do not sum to its peak"));
}

TEST(DiffReader, AnyBytesAreARunOrOneMessage) {
  const std::string whole = report_of({diff_recording(true)});
  std::uint32_t state = 3;
  const auto next = [&] { return (state = state * 1664525 + 1013904223) >> 8; };
  for (int i = 0; i < 150; ++i) {
    std::string text = whole;
    for (int k = 0; k < 1 + i % 3; ++k) text[next() % text.size()] = "0{}[]\",:-9ex\n"[next() % 13];
    try {
      const Breakdown run = read_report_run(text, "x", "");
      (void)write_diff_json(make_diff_report(run, "a", run, "b", false));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_input);
    }
  }
}

TEST(DiffReportTest, RunThatDidNotEndWellIsNotPassedOff) {
  Recording oom = diff_recording(true);
  oom.outcome.kind = OutcomeKind::oom;
  EXPECT_THAT(write_diff_terminal(diff_of(diff_recording(true), oom), {}, 12),
              HasSubstr("after.headroom ran out of memory: its peak is what it came to."));
}

}  // namespace
}  // namespace headroom
