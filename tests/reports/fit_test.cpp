// What headroom fit says, in every format.
#include "reports/fit.h"

#include <gmock/gmock.h>

#include <sstream>

#include "base/json.h"
#include "reports/fit_words.h"
#include "reports/text.h"
#include "tests/reports/fit_sample.h"
#include "tests/reports/golden.h"

namespace headroom {
namespace {

using synthetic::two_devices;
using testing::HasSubstr;
using testing::Not;

std::string terminal(const FitReport& report, int width) { return write_fit_terminal(report, {width, false}); }

TEST(FitReport, LooksAsItShould) {
  for (const int width : {80, 120})
    expect_golden(terminal(two_devices(), width), "fit-" + std::to_string(width) + ".txt");
  expect_golden(write_fit_markdown(two_devices()), "fit.md");
  expect_golden(write_fit_csv(two_devices()), "fit.csv");
}

TEST(FitReport, NoLineIsWiderThanTheTerminal) {
  for (const int width : {40, 60, 80, 100, 150, 300}) {
    std::istringstream lines(terminal(two_devices(), width));
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(display_width(line), static_cast<std::size_t>(width)) << line;
  }
}

TEST(FitReport, AProblemTakesThePlaceOfAValue) {
  FitReport report = two_devices();
  report.devices[1].result = {};
  report.devices[1].result.found.problem = "the search was interrupted";
  EXPECT_THAT(terminal(report, 100), HasSubstr("virtual:t4-16gb: the search was interrupted."));
  const Json one = Json::parse(write_fit_json(report))["results"][1];
  EXPECT_EQ(one["limited_by"], nullptr);
  EXPECT_EQ(one["problem"], "the search was interrupted");
}

TEST(FitReport, WhereNotMemoryIsTheLimitItSaysWhat) {
  FitReport report = two_devices();
  report.devices[0].result.found.largest.is_high = true;
  report.devices[0].result.found.limit = FitLimit::positions;
  EXPECT_THAT(terminal(report, 120), HasSubstr("the model's positions: all fit"));
  EXPECT_EQ(Json::parse(write_fit_json(report))["results"][0]["limited_by"], "positions");
}

TEST(FitReport, LayersAreCountedAsPeopleDo) {
  FitReport report = two_devices();
  report.size = FitSize::layers;
  const std::string text = write_fit_terminal(report, {200, false});
  EXPECT_THAT(text, HasSubstr("with 13 layers the run was out of memory"));
  EXPECT_THAT(text, HasSubstr("tried at 12 layers ("));
  EXPECT_EQ(amount_text(FitSize::heads, 1), "1 head");
  EXPECT_EQ(amount_text(FitSize::seq, 4096), "seq 4,096");
}

TEST(FitReport, EveryRowOfTheCsvHasAllColumns) {
  std::istringstream lines(write_fit_csv(two_devices()));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(std::ranges::count(line, ','), 16);
  while (std::getline(lines, line))
    if (line.find('"') == std::string::npos) {
      EXPECT_EQ(std::ranges::count(line, ','), 16) << line;
    }
}

TEST(FitReport, HostileNamesStayText) {
  EXPECT_THAT(write_fit_markdown(two_devices()), Not(HasSubstr("|<b>")));
  FitReport report = two_devices();
  report.model_name = "a\x1b[31m\xff";
  EXPECT_THAT(terminal(report, 100), Not(HasSubstr("\x1b")));
  EXPECT_TRUE(Json::accept(write_fit_json(report)));
}

}  // namespace
}  // namespace headroom
