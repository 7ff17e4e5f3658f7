#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "base/json.h"
#include "benchmarks/made_up_recording.h"
#include "reports/html_data.h"
#include "reports/report_run.h"
#include "reports/text.h"
#include "tests/reports/synthetic.h"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::string embedded_data(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t start = page.find(open) + open.size();
  return page.substr(start, page.find("</script>", start) - start);
}

TEST(Html, NothingIsFetchedFromAnywhere) {
  for (const auto& [name, report] : synthetic::all_reports()) {
    const std::string page = write_html(report);
    EXPECT_THAT(page, Not(HasSubstr("http:"))) << name;
    EXPECT_THAT(page, Not(HasSubstr("https:"))) << name;
    EXPECT_THAT(page, Not(HasSubstr("@import"))) << name;
    EXPECT_THAT(page, Not(HasSubstr("fetch("))) << name;
    EXPECT_THAT(page, Not(HasSubstr(" src="))) << name;
    for (std::size_t at = page.find(" href=\""); at != std::string::npos; at = page.find(" href=\"", at + 1))
      EXPECT_TRUE(page.compare(at + 7, 1, "#") == 0 || page.compare(at + 7, 5, "data:") == 0) << page.substr(at, 80);
    EXPECT_THAT(page, HasSubstr("default-src 'none'")) << name;
  }
}

TEST(Html, HostileTextsNeverBecomeMarkup) {
  const std::string plain = write_html(synthetic::report_of({synthetic::tiny()}));
  for (const Report& report : {synthetic::report_of({synthetic::hostile()}),
                               synthetic::report_of({synthetic::hostile(), synthetic::tiny()})}) {
    const std::string page = write_html(report);
    EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
    EXPECT_EQ(count(page, "<script"), count(plain, "<script"));
    EXPECT_EQ(count(page, "</script"), count(plain, "</script"));
    EXPECT_EQ(count(page, "</style"), count(plain, "</style"));
    EXPECT_EQ(count(page, "<!--"), 0u);
    EXPECT_EQ(count(page, "id=\"data\""), 1u);
  }
}

TEST(Html, HostileTextsComeThroughTheDataUnchanged) {
  const Json data = Json::parse(embedded_data(write_html(synthetic::report_of({synthetic::hostile()}))));
  EXPECT_THAT(data.at("runs").at(0).at("layers").at(1).at("path").get<std::string>(),
              HasSubstr("<script>alert(1)</script><!--"));
}

TEST(Html, ThePageIsValidUtf8) {
  for (const auto& [name, report] : synthetic::all_reports()) {
    std::string page = write_html(report);
    std::erase(page, '\n');
    EXPECT_EQ(printable(page), page) << name;
  }
}

TEST(Html, EveryMarkOfThePageIsFilledIn) {
  const std::string page = write_html(synthetic::report_of({synthetic::tiny()}));
  EXPECT_THAT(page, Not(HasSubstr("{{")));
  EXPECT_THAT(page, HasSubstr("<title>Headroom: tiny</title>"));
}

TEST(Html, WithoutScriptsThePageHoldsTheTerminalReport) {
  EXPECT_THAT(write_html(synthetic::seven_variants()),
              HasSubstr("The peak is in backward of step 2 at loss for every variant."));
}

TEST(Html, SevenVariantsStayBelowOneAndAHalfMegabytes) {
  Report report = synthetic::seven_variants();
  for (ReportRun& run : report.runs) {  // as many points as a caller may pass
    std::vector<TimelinePoint> dense;
    while (dense.size() < 5000) dense.insert(dense.end(), run.timeline.begin(), run.timeline.end());
    run.timeline = dense;
  }
  EXPECT_LT(write_html(report).size(), 1'500'000u);
}

TEST(Html, AMillionLaunchesStayBelowOneMegabyte) {
  ReportRun run = synthetic::traced(true);
  Recording r;
  r.environment.device_kind = DeviceKind::cuda;
  r.layers = run.breakdown.layers;
  r.activity.level = TraceLevel::full;
  r.activity.shapes.resize(50);
  for (int i = 0; i < 2'000; ++i)
    r.strings.push_back("void kernel_" + std::to_string(i) + std::string(200, 'x') + "<float>(int)");
  Activities& a = r.activity.activities;
  constexpr std::uint32_t kLaunches = 1'000'000;
  for (std::uint32_t i = 0; i < kLaunches; ++i) {
    a.kind.push_back(ActivityKind::kernel);
    a.start_ns.push_back(10 * std::int64_t{i});
    a.duration_ns.push_back(7);
    a.name.push_back(StringId{1 + i % 2'000});
    a.detail.push_back(i % 50);
    a.layer.push_back(LayerId{i % static_cast<std::uint32_t>(r.layers.size())});
    a.phase.push_back(Phase(1 + i % 3));
  }
  a.bytes.resize(kLaunches);
  a.address.resize(kLaunches);
  a.stream.resize(kLaunches);
  run.breakdown.device = add_up_activity(r);
  run.breakdown.strings = r.strings;
  for (Allocation& allocation : run.breakdown.allocations) allocation.op = allocation.tensor = StringId::none;
  EXPECT_EQ(run.breakdown.device.total.kernels.count, kLaunches);
  EXPECT_LT(write_html(synthetic::report_of({run})).size(), 1'000'000u);
}

TEST(Html, AMillionEventsStayBelowFiveMegabytes) {
  const Recording recording = benchmarks::MadeUpRecording().make(1'000'000, 0);
  const ReportRun run = make_report_run(recording, "long", ExitCode::could_not_measure);
  const Report report = synthetic::report_of({run});
  EXPECT_LT(write_html(report).size(), 5'000'000u);
  std::size_t near = 0;
  for (const TimelinePoint& point : run.timeline)
    near += std::abs(point.event - run.breakdown.peak.event) <= kEventsNearPeak;
  EXPECT_GT(near, static_cast<std::size_t>(kEventsNearPeak)) << "the events around the peak are missing";
  EXPECT_TRUE(std::ranges::is_sorted(run.timeline, {}, &TimelinePoint::event));
  EXPECT_LE(html_data(report).at("runs").at(0).at("timeline").at("event").size(), 4'000u);
}

TEST(Html, CellsOfTheTableSumToThePeak) {
  for (const auto& [name, report] : synthetic::all_reports()) {
    const Json data = html_data(report);
    for (const Json& run : data.at("runs")) {
      std::int64_t total = 0;
      for (const Json& layer : run.at("cells"))
        for (const Json& bytes : layer) total += bytes.get<std::int64_t>();
      EXPECT_EQ(total, run.at("peak").at("allocated").get<std::int64_t>()) << name;
    }
  }
}

// What data.js does with a column of changes.
std::vector<std::int64_t> decoded(const Json& changes, std::size_t count) {
  std::vector<std::int64_t> out(count, 0);
  std::size_t at = 0;
  for (std::size_t i = 0; i < changes.size(); i += 2) {
    at += changes.at(i).get<std::size_t>();
    for (std::size_t k = at; k < count; ++k) out[k] += changes.at(i + 1).get<std::int64_t>();
  }
  return out;
}

TEST(Html, TimelineDecodesToWhatWasRecorded) {
  const ReportRun run = synthetic::tiny();
  const Json data = html_data(synthetic::report_of({run})).at("runs").at(0);
  const std::size_t points = run.timeline.size();
  ASSERT_EQ(data.at("timeline").at("event").size(), points);
  for (std::size_t c = 0; c < kCategoryCount; ++c) {
    const auto column = decoded(data.at("timeline").at("categories").at(c), points);
    for (std::size_t i = 0; i < points; ++i) EXPECT_EQ(column[i], run.timeline[i].categories[c]);
  }
  const auto reserved = decoded(data.at("timeline").at("reserved"), points);
  for (std::size_t i = 0; i < points; ++i) EXPECT_EQ(reserved[i], run.timeline[i].reserved_bytes);
}

TEST(Html, EventsOfTheTimelineNameTheirBlock) {
  const Json run = html_data(synthetic::report_of({synthetic::tiny()})).at("runs").at(0);
  const auto site = run.at("timeline").at("site").at(3).get<int>();  // the scratch block is allocated …
  EXPECT_GT(site, 0);
  EXPECT_EQ(run.at("timeline").at("site").at(4), -site);  // … and freed
  const Json& of = run.at("sites").at(static_cast<std::size_t>(site - 1));
  EXPECT_EQ(of.at(0), 2048);
  EXPECT_EQ(run.at("strings").at(of.at(2).get<std::size_t>()), "aten::_softmax");
}

TEST(Html, ThinningKeepsThePeakAndTheOrder) {
  const std::vector<TimelinePoint> all = synthetic::seven_variants().runs.front().timeline;
  const auto total = [](const TimelinePoint& p) {
    return std::accumulate(p.categories.begin(), p.categories.end(), std::int64_t{0});
  };
  const auto highest = [&](const std::vector<TimelinePoint>& points) {
    std::int64_t most = 0;
    for (const TimelinePoint& p : points) most = std::max(most, total(p));
    return most;
  };
  for (const std::size_t most : {2u, 3u, 10u, 100u, 5000u}) {
    const std::vector<TimelinePoint> kept = thinned(all, most);
    EXPECT_LE(kept.size(), std::max<std::size_t>(most, 2));
    EXPECT_EQ(highest(kept), highest(all));
    EXPECT_TRUE(
        std::is_sorted(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.event < b.event; }));
  }
  EXPECT_EQ(thinned(all, 1'000'000).size(), all.size());
  EXPECT_TRUE(thinned(std::vector<TimelinePoint>{}, 10).empty());
}

}  // namespace
}  // namespace headroom
