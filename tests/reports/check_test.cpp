#include "reports/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "reports/check_words.h"
#include "reports/text.h"
#include "tests/reports/check_sample.h"
#include "tests/reports/golden.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::Not;
using testing::SizeIs;
using testing_support::message_of;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST(Check, FormsAreAsTheyWere) {
  for (const auto& [report, name] :
       {std::pair(check_sample::all(), "check"), std::pair(check_sample::hostile(), "check_hostile")}) {
    const std::string file = name;
    expect_golden(write_check_terminal(report, {80, false}), file + "_80.txt");
    expect_golden(write_check_terminal(report, {120, true}), file + "_120_color.txt");
    expect_golden(write_check_json(report), file + ".json");
    expect_golden(write_check_junit(report), file + ".junit.xml");
    expect_golden(write_check_sarif(report), file + ".sarif");
    expect_golden(write_check_github(report), file + ".github.txt");
    expect_golden(write_check_gitlab(report), file + ".gitlab.json");
    expect_golden(write_check_markdown(report), file + ".md");
  }
  expect_golden(write_check_terminal(check_sample::kept(), {80, false}), "check_kept_80.txt");
}

TEST(Check, HostileNamesStayWithinTheirForm) {
  const CheckReport report = check_sample::hostile();
  for (const std::string& line : lines_of(write_check_github(report)))
    EXPECT_THAT(line, testing::MatchesRegex("::(error|warning) file=.*"));
  EXPECT_THAT(lines_of(write_check_github(report)), SizeIs(4));
  const std::string xml = write_check_junit(report), markdown = write_check_markdown(report),
                    table = write_check_terminal(report, {100, false});
  EXPECT_THAT(
      xml, AllOf(Not(HasSubstr("<b>")), Not(HasSubstr("\xEF\xBF\xBF")), Not(HasSubstr("\x1b")), Not(HasSubstr("]]>"))));
  EXPECT_THAT(table, Not(HasSubstr("\x1b")));
  EXPECT_THAT(markdown, Not(HasSubstr("\n::error")));
  EXPECT_THAT(markdown.substr(0, markdown.find("<details>")), AllOf(Not(HasSubstr("@team")), Not(HasSubstr("<b>"))));
}

TEST(Check, LinesOfATableKeepToTheirWidth) {
  for (const int width : {40, 80, 120})
    for (const std::string& line : lines_of(write_check_terminal(check_sample::all(), {width, false})))
      EXPECT_TRUE(line.starts_with("    ") || display_width(line) <= static_cast<std::size_t>(width)) << line;
}

TEST(Check, AnnotationsAreTenAtMostAndTheGravestFirst) {
  const auto lines = lines_of(write_check_github(check_sample::many()));
  EXPECT_THAT(lines, SizeIs(10));
  EXPECT_THAT(lines, Each(HasSubstr("::error")));
  EXPECT_THAT(lines[0], HasSubstr(" 599"));
  EXPECT_THAT(lines[9], HasSubstr("(and 990 more: see the step's summary)"));
  EXPECT_THAT(write_check_github(check_sample::kept()), IsEmpty());
}

TEST(Check, ACommentIsNeverTooLong) {
  EXPECT_THAT(write_check_markdown(check_sample::many()).size(), Le(65'000u));
  EXPECT_THAT(write_check_markdown(check_sample::many()), HasSubstr("more are not explained here"));
}

TEST(Check, FingerprintsOutliveLinesAndFigures) {
  CheckReport report = check_sample::all();
  const auto before = check::findings_of(report);
  for (CheckedBudget& budget : report.budgets) {
    ++budget.line;
    for (JudgedLimit& limit : budget.limits) ++limit.limit.line, ++limit.check.figure.value;
  }
  const auto after = check::findings_of(report);
  ASSERT_EQ(before.size(), after.size());
  std::set<std::string> distinct;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].fingerprint, after[i].fingerprint);
    distinct.insert(before[i].fingerprint);
  }
  EXPECT_EQ(distinct.size(), before.size());
}

TEST(Check, ExitCodeIsTheGravest) {
  CheckReport report = check_sample::kept();
  EXPECT_EQ(exit_code_of(report), ExitCode::done);
  report.budgets.push_back(check_sample::warns());
  EXPECT_EQ(exit_code_of(report), ExitCode::done);
  report.strict = true;
  EXPECT_EQ(exit_code_of(report), ExitCode::over_budget);
  report.strict = false;
  report.budgets.push_back(check_sample::over());
  EXPECT_EQ(exit_code_of(report), ExitCode::over_budget);
  report.budgets.push_back(check_sample::out_of_memory());
  EXPECT_EQ(exit_code_of(report), ExitCode::could_not_measure);
}

TEST(Check, WhatIsToBePastedKeepsWhatWasSaid) {
  CheckedBudget over = check_sample::over();
  EXPECT_EQ(check::paste_of(over.limits[0]),
            "peak = { fail = \"2566MiB\", reason = \"fits beside the \\\"data loader\\\"\" }");
  EXPECT_EQ(check::paste_of(over.limits[1]), "") << "growth takes a new baseline";
  JudgedLimit& layer = over.limits[1];
  layer.check.growth.reset();
  layer.limit.levels = {.warn = 500, .fail = 900, .fail_growth = Growth{25'000, true}};
  EXPECT_EQ(check::paste_of(layer), "layer.\"encoder.*\" = { fail = 900, warn = 700, growth = \"2.5%\", self = true }");
  EXPECT_EQ(check::paste_of(over.limits[2]), "parameters = 120000000");
}

TEST(Check, ALevelThatHoldsIsPastedAsItWas) {
  CheckedBudget over = check_sample::over();
  JudgedLimit& peak = over.limits[0];
  peak.limit.reason.clear();
  peak.limit.levels = {.warn = 2ll << 30, .fail = 4ll << 30};
  EXPECT_EQ(check::paste_of(peak), "peak = { fail = \"4GiB\", warn = \"2566MiB\" }");
  peak.limit.levels = {.warn = 2ll << 30, .fail = (4ll << 30) + 1};
  EXPECT_EQ(check::paste_of(peak), "peak = { fail = 4294967297, warn = \"2566MiB\" }");
  EXPECT_EQ(check::level_toml({.kind = MetricKind::kv_per_token}, 73'728), "\"72KiB\"");
  EXPECT_EQ(check::level_toml({.kind = MetricKind::parameters}, 1 << 20), "1048576");
}

TEST(Check, WhatIsNotListedIsSummedInTheSameWords) {
  CheckReport report = check_sample::all();
  CheckedBudget& over = report.budgets[0];
  for (int i = 0; i < 8; ++i) over.cells.push_back({"layer." + std::to_string(i), Category::activation, {0, 1 << 20}});
  for (const std::string& text : {write_check_terminal(report, {100, false}), write_check_markdown(report)})
    EXPECT_THAT(text, HasSubstr("and 2 others, +2.00 MiB together"));
  over.peak.reset();
  for (const std::string& text : {write_check_terminal(report, {100, false}), write_check_markdown(report)})
    EXPECT_THAT(text, HasSubstr("and 2 others, 2.00 MiB together"));
}

TEST(Check, ACommentHasWhatATerminalHas) {
  const CheckReport report = check_sample::all();
  for (const std::string& text : {write_check_terminal(report, {140, false}), write_check_markdown(report)})
    for (const char* said : {"over by 518 MiB", "virtual NVIDIA H100 80GB HBM3 · peak in backward of step 2 at loss",
                             "What changed since the baseline", "The largest tensors at the peak", "aten::addmm"})
      EXPECT_THAT(text, HasSubstr(said));
}

TEST(Check, ASummaryOfHtmlHasNoBackslashes) {
  const std::string markdown = write_check_markdown(check_sample::all());
  EXPECT_THAT(markdown,
              AllOf(HasSubstr("<summary>❌ bert-base[batch=8]</summary>"), HasSubstr("| ❌ | bert-base\\[batch=8\\] |")));
}

TEST(Check, ATableSaysWhichColumnsItHasNot) {
  EXPECT_THAT(write_check_terminal(check_sample::all(), {80, false}), HasSubstr("Not shown at this width: "));
  EXPECT_THAT(write_check_terminal(check_sample::all(), {200, false}), Not(HasSubstr("Not shown")));
}

class BaselineFile : public testing::Test {
 protected:
  Baseline read(const std::string& text) {
    write_file(folder / "b.json", text);
    return read_baseline(folder / "b.json");
  }
  std::string refusal(const std::string& text) {
    return message_of(ExitCode::bad_input, [&] { read(text); });
  }
  testing_support::TemporaryFolder folder;
};

TEST_F(BaselineFile, ReadsBackTheSame) {
  const Baseline written = check_sample::baseline(), again = read(write_baseline(written));
  EXPECT_EQ(again.figures, written.figures);
  EXPECT_EQ(again.layers, written.layers);
  EXPECT_EQ(incomparable(written, again), "");
  EXPECT_EQ(write_baseline(again), write_baseline(written));
  expect_golden(write_baseline(written), "baseline.json");
}

TEST_F(BaselineFile, OfOtherConditionsIsNotCompared) {
  const Baseline now = check_sample::baseline();
  Baseline before = now;
  before.torch_version = "2.9.0";
  before.device = "measured NVIDIA A100";
  before.allocator_settings = "PYTORCH_CUDA_ALLOC_CONF=x";
  EXPECT_EQ(
      incomparable(before, now),
      "device measured NVIDIA A100 then, virtual NVIDIA H100 80GB HBM3 now; Torch 2.9.0 then, 2.11.0 now; allocator "
      "settings PYTORCH_CUDA_ALLOC_CONF=x then, none now");
  before = now;
  before.command += " --batch 2";
  EXPECT_THAT(incomparable(before, now), HasSubstr("the run headroom profile bert-base --batch 2 then"));
}

TEST_F(BaselineFile, DamageIsRefused) {
  const std::string whole = write_baseline(check_sample::baseline());
  std::string other = whole;
  other.replace(other.find("baseline/1"), 10, "baseline/2");
  EXPECT_THAT(refusal(other), AllOf(HasSubstr("'headroom.baseline/2'"), HasSubstr("--update-baseline")));
  for (const auto& [from, to] :
       std::initializer_list<std::pair<const char*, const char*>>{{"6000", "-1"},
                                                                  {"6000", "\"6000\""},
                                                                  {"6000", "6e3"},
                                                                  {"6000", "18446744073709551615"},
                                                                  {"\"activation\"", "\"activaton\""},
                                                                  {"\"torch\"", "\"troch\""}}) {
    std::string damaged = whole;
    damaged.replace(damaged.find(from), std::string(from).size(), to);
    EXPECT_THAT(refusal(damaged), HasSubstr("b.json")) << to;
  }
  EXPECT_THAT(refusal(whole.substr(0, whole.size() / 2)), HasSubstr("b.json"));
}

TEST_F(BaselineFile, ChangesOfCellsSumToThoseOfThePeak) {
  LayerCells before = check_sample::baseline().layers, now = before;
  now["head"][Category::parameter] += 7;
  now["new"][Category::other] = 100;
  now.erase("encoder.0–1");
  const auto cells = changed_cells(before, now);
  ASSERT_THAT(cells, SizeIs(3));
  EXPECT_EQ(cells[0].layers, "new");
  EXPECT_EQ(cells[2].bytes.delta(), -5000);
  EXPECT_EQ(cells[0].bytes.delta() + cells[1].bytes.delta() + cells[2].bytes.delta(), 107 - 5000);
}

TEST_F(BaselineFile, AnUpdateSaysWhatChanged) {
  const Baseline now = check_sample::baseline();
  Baseline before = now;
  before.figures = {{"peak", 5000}, {"parameters", 250}, {"reserved", 5}};
  before.torch_version = "2.9.0";
  expect_golden(
      write_update_terminal({{"b/bert-base.json", before, now}, {"b/new.json", {}, now}, {"b/same.json", now, now}},
                            {80, false}),
      "check_update_80.txt");
}

}  // namespace
}  // namespace headroom
