#include <gmock/gmock.h>

#include <sstream>

#include "reports/text.h"
#include "tests/reports/golden.h"
#include "tests/reports/synthetic.h"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string terminal(const Report& report, int width = 100, bool color = false) {
  return write_terminal(report, {width, color});
}

std::string without_colour(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b')
      i = text.find('m', i);
    else
      out += text[i];
  }
  return out;
}

// Bars are blocks in colour and letters without; both become "#".
std::string without_bars(std::string text) {
  for (std::size_t at = text.find("█"); at != std::string::npos; at = text.find("█")) text.replace(at, 3, "#");
  const auto is_letter = [](char c) { return std::string_view("PGOATKIWX#").find(c) != std::string_view::npos; };
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    if (is_letter(text[i]) && (is_letter(text[i + 1]) || text[i + 1] == ' ' || text[i + 1] == '\n')) text[i] = '#';
  return text;
}

TEST(Terminal, ComparisonLooksAsItShould) {
  for (const int width : {40, 80, 120, 200})
    expect_golden(terminal(synthetic::seven_variants(), width), "compare-" + std::to_string(width) + ".txt");
}

TEST(Terminal, ProfileLooksAsItShould) {
  const Report report = synthetic::report_of({synthetic::seven_variants().runs.front()});
  for (const int width : {40, 80, 120})
    expect_golden(terminal(report, width), "profile-" + std::to_string(width) + ".txt");
}

TEST(Terminal, ARunThatGeneratesLooksAsItShould) {
  for (const int width : {40, 80, 140})
    expect_golden(terminal(synthetic::report_of({synthetic::generation_with_fit()}), width),
                  "generate-" + std::to_string(width) + ".txt");
  for (const int width : {80, 140})
    expect_golden(terminal(synthetic::generations(), width), "generations-" + std::to_string(width) + ".txt");
}

TEST(Terminal, FailuresLookAsTheyShould) {
  expect_golden(terminal(synthetic::report_of({synthetic::tiny(), synthetic::out_of_memory(), synthetic::failed()})),
                "failures.txt");
}

TEST(Terminal, AProgramLooksAsItShould) {
  expect_golden(terminal(synthetic::report_of({synthetic::program()})), "program.txt");
  const Report ranks{"0.1.0", {synthetic::program("train.rank0"), synthetic::program("train.rank1")}, {}};
  expect_golden(terminal(ranks), "program-ranks.txt");
}

TEST(Terminal, WhatTheDriverSawLooksAsItShould) {
  for (const int width : {40, 100, 160})
    expect_golden(terminal(synthetic::report_of({synthetic::traced(true)}), width),
                  "traced-" + std::to_string(width) + ".txt");
  expect_golden(terminal(synthetic::report_of({synthetic::traced(false)})), "traced-virtual.txt");
}

TEST(Terminal, AVirtualDeviceHasCountsAndNoTimes) {
  const std::string text = terminal(synthetic::report_of({synthetic::traced(false)}), 160);
  EXPECT_THAT(text, HasSubstr("not executed: no times"));
  EXPECT_THAT(text, HasSubstr("used, as modelled"));
  EXPECT_THAT(text, Not(HasSubstr("Kernels ran")));
  EXPECT_THAT(text, Not(HasSubstr(" ms")));
}

TEST(Terminal, WhatWasLostIsSaidInProfileAndComparison) {
  for (const Report& report : {synthetic::report_of({synthetic::traced(true)}),
                               synthetic::report_of({synthetic::traced(true), synthetic::untraceable()})}) {
    const std::string text = terminal(report, 200);
    EXPECT_THAT(text, HasSubstr("! mha: 12 records of the driver's activity were lost"));
    EXPECT_THAT(text, HasSubstr("! mha: GPU counters not permitted"));
    EXPECT_THAT(text, HasSubstr("- mha: 3 records lie before"));
  }
  EXPECT_THAT(terminal(synthetic::report_of({synthetic::untraceable()}), 200), HasSubstr("! untraceable: CUPTI off"));
}

TEST(Terminal, NoLineIsWiderThanTheTerminal) {
  for (const auto& [name, report] : synthetic::all_reports())
    for (int width = 40; width <= 200; ++width) {
      std::istringstream lines(terminal(report, width));
      for (std::string line; std::getline(lines, line);)
        ASSERT_LE(display_width(line), static_cast<std::size_t>(width)) << name << ": " << line;
    }
}

TEST(Terminal, ColourChangesNoCharacter) {
  for (const auto& [name, report] : synthetic::all_reports())
    EXPECT_EQ(without_bars(without_colour(terminal(report, 100, true))), without_bars(terminal(report, 100, false)))
        << name;
}

TEST(Terminal, NoEscapeSequenceWithoutColour) {
  for (const auto& [name, report] : synthetic::all_reports())
    EXPECT_THAT(terminal(report), Not(HasSubstr("\x1b"))) << name;
}

TEST(Terminal, SaysVirtualOrMeasured) {
  EXPECT_THAT(terminal(synthetic::seven_variants()), HasSubstr("virtual NVIDIA H100"));
  EXPECT_THAT(terminal(synthetic::report_of({synthetic::tiny()})), HasSubstr("measured Some CPU"));
}

TEST(Terminal, FoldedLayersStillSumToThePeak) {
  const std::string text = terminal(synthetic::report_of({synthetic::seven_variants().runs.front()}), 200);
  EXPECT_THAT(text, HasSubstr("layer.0–11 ×12"));
  EXPECT_THAT(text, HasSubstr("sum                       2.23 GiB  100.0 %"));
}

TEST(Terminal, AClosedFormThatDisagreesIsShownWithTheDifference) {
  synthetic::Run r("odd");
  r.alloc(LayerId::root, Category::parameter, 512);
  r.closed_form("activation_bytes", "block.attention", "4·B·T·d_m", 100, 101);
  r.closed_form("activation_bytes", "block.ffn", "4·B", 100, 100);
  r.closed_form("kv_cache_bytes_per_token", "model", "2·n·d", 100, -1);
  const std::string text = terminal(synthetic::report_of({r.finish()}), 200);
  EXPECT_THAT(text, HasSubstr("CLOSED FORMS: 1 of 2 differ"));
  EXPECT_THAT(text,
              HasSubstr("odd activation_bytes of block.attention: closed form 4·B·T·d_m = 100, recorded 101 (+1 B)"));
  EXPECT_THAT(text, Not(HasSubstr("all 2 equal")));
}

TEST(Terminal, DroppedEventsAreShown) {
  synthetic::Run r("lossy");
  r.alloc(LayerId::root, Category::parameter, 512);
  r.run.dropped_event_count = 1234;
  EXPECT_THAT(terminal(synthetic::report_of({r.finish()})), HasSubstr("lossy: 1,234 events were dropped"));
}

TEST(Terminal, OutOfMemoryNamesTheRequestAndWhatWasFree) {
  const std::string text = terminal(synthetic::report_of({synthetic::tiny(), synthetic::out_of_memory()}), 200);
  EXPECT_THAT(
      text,
      HasSubstr("big ran out of memory in forward at encoder.layer.0.attention: asked for 8.00 GiB (8,589,934,592), "
                "free 512 MiB (536,870,912)"));
}

TEST(Terminal, OutOfMemoryInTheBuildSaysWhereTheParametersAre) {
  ReportRun run = synthetic::out_of_memory();
  EXPECT_THAT(terminal(synthetic::report_of({run}), 400), Not(HasSubstr("not built to the end")));
  run.breakdown.outcome.phase = "build";
  EXPECT_THAT(terminal(synthetic::report_of({run}), 400),
              HasSubstr("not built to the end: the parameters so far count"));
}

TEST(Terminal, KeptForBackwardIsTheBytesThatItsSavingIsOf) {
  const std::string text = terminal(synthetic::report_of({synthetic::tiny()}), 200);
  EXPECT_THAT(text, HasSubstr("Backward keeps  9.77 KiB (10,000)"));
  EXPECT_THAT(text, HasSubstr("Kept for backward is what the last step's operators requested"));
}

TEST(Terminal, SavingsOfRunsThatDifferInMoreThanAttentionAreMarked) {
  ReportRun other = synthetic::tiny("half");
  other.breakdown.spec.dtype = Dtype::bf16;
  other.breakdown.spec.seq = 64;
  EXPECT_THAT(terminal(synthetic::report_of({synthetic::tiny("full"), other}), 200),
              HasSubstr("! The runs differ in batch or seq, dtype: their savings are not of the attention mechanism"));
  EXPECT_THAT(terminal(synthetic::seven_variants(), 200), Not(HasSubstr("The runs differ")));
}

TEST(Terminal, ABaselineWithoutAPeakIsNamed) {
  const Report report = synthetic::report_of({synthetic::out_of_memory(), synthetic::tiny()});
  EXPECT_THAT(terminal(report, 200), HasSubstr("! No savings: the baseline, big, has no peak to compare with."));
}

TEST(Terminal, NoGradientAtTheTrainingPeakIsExplained) {
  synthetic::Run r("early");
  r.alloc(LayerId::root, Category::parameter, 512);
  EXPECT_THAT(terminal(synthetic::report_of({r.finish(), synthetic::tiny()}), 200), HasSubstr("Gradients are 0 where"));
}

TEST(Terminal, RunsThatDifferSayHow) {
  ReportRun other = synthetic::tiny("half");
  other.breakdown.spec.dtype = Dtype::bf16;
  const std::string text = terminal(synthetic::report_of({synthetic::tiny("full"), other}));
  EXPECT_THAT(text, HasSubstr("full: fp32\nhalf: bf16\n"));
}

TEST(Terminal, ABaselineWithNothingHasNoSavings) {
  synthetic::Run empty("empty");
  EXPECT_THAT(terminal(synthetic::report_of({empty.finish(), synthetic::tiny()})), Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace headroom
