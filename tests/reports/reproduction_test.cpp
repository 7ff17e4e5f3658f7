// The reproduction's documents: what they say of given figures, within their width, and pictures that any viewer reads.
#include "reports/reproduction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "reports/line_chart.h"
#include "reports/text.h"

namespace headroom {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;
using namespace reproduction;

SetUp bert() {
  SetUp s{"encoder-only", "BERT-base", 8, 512, 12, 64, 12, {}, {}};
  s.parameters = {{"sha", 8'847'360, 89'992'704}, {"mhe-add", 8'875'008, 90'020'352}, {"mha", 28'311'552, 109'482'240}};
  s.memory = {{"mhe-add", {50, 75}, 10, 10, 20, 400, 900, 90, 0}, {"mha", {100, 150}, 20, 20, 40, 500, 1000, 100, 0}};
  return s;
}

Reproduction sample() {
  Reproduction r{.headroom_version = "0.1.0",
                 .command = "headroom reproduce mhe",
                 .device = "NVIDIA H100",
                 .device_kind = "virtual"};
  for (const std::int64_t heads : {1, 4, 12, 32, 128})
    for (const char* name : {"mhe-add", "mhe-mul", "mha"})
      r.figure.push_back({name, heads, name == std::string("mha") ? 3 * heads * heads * 4096 : 3 * heads * 4160, 1});
  r.set_ups = {bert()};
  TrainingResult mha{.job = {},
                     .parameter_count = 500,
                     .attention_weight_count = 100,
                     .losses = {{10, 5.5}, {20, 2.5}},
                     .held_out_loss = 1.5,
                     .held_out_bytes = 50,
                     .held_out_words = 10,
                     .seconds = 61};
  TrainingResult sha = mha;
  sha.job.attention = "sha";
  sha.held_out_loss = 1.6;
  r.training = study({sha, mha}, 4'137'850);
  return r;
}

std::vector<std::size_t> widths_of(const std::string& text) {
  std::vector<std::size_t> widths;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    widths.push_back(display_width(text.substr(begin, end - begin)));
  return widths;
}

TEST(ReproductionTerminal, StaysWithinItsWidth) {
  for (const int width : {40, 80, 120})
    EXPECT_THAT(widths_of(write_reproduction_terminal(sample(), {width, false})),
                Each(testing::Le(std::size_t(width))));
}

TEST(ReproductionTerminal, SaysWhatIsSavedAndThatTheDeviceIsVirtual) {
  const std::string text = write_reproduction_terminal(sample(), {120, false});
  for (const char* words :
       {"68.65 %", "0.003125", "NVIDIA H100 (virtual)", "1,769,472", "encoder-only: BERT-base", "50.00 %"})
    EXPECT_THAT(text, HasSubstr(words));
  EXPECT_THAT(text, HasSubstr("none is quoted"));
}

TEST(ReproductionJson, HasSavingsAsSharesOfMha) {
  const Json json = parse_json(write_reproduction_json(sample()), "the document");
  const Json& set_up = json["set_ups"][0];
  EXPECT_EQ(set_up["memory"][0]["bytes"]["attention_kept"], 50);
  EXPECT_DOUBLE_EQ(set_up["memory"][0]["saving_against_mha"]["attention_kept"], 0.5);
  EXPECT_TRUE(set_up["memory"][0]["saving_against_mha"]["cache_per_token"].is_null());
  EXPECT_NEAR(set_up["parameters"][1]["ratio_to_sha_minus_1"], 0.003125, 1e-12);
  EXPECT_TRUE(json["training"]["rows"][0]["prr"]["deviation"].is_null());
}

TEST(ReproductionJson, WithoutMhaThereAreNoSavings) {
  Reproduction r = sample();
  r.set_ups[0].parameters.pop_back();
  r.set_ups[0].memory.pop_back();
  const Json json = parse_json(write_reproduction_json(r), "the document");
  EXPECT_TRUE(json["set_ups"][0]["parameters"][0]["saving_against_mha"].is_null());
  EXPECT_TRUE(json["set_ups"][0]["memory"][0]["saving_against_mha"]["parameters"].is_null());
}

TEST(ReproductionMarkdown, HasATableForEachPartAndNamesWhatIsMissing) {
  Reproduction r = sample();
  r.failures = {"encoder-only, mqa, train: out of memory"};
  const std::string page = write_reproduction_markdown(r);
  for (const char* words : {"| 12 | 149,760 | 149,760 | 1,769,472 |", "](parameters.svg)", "](losses.svg)", "(50.00 %)",
                            "- Missing: encoder-only, mqa, train: out of memory"})
    EXPECT_THAT(page, HasSubstr(words));
}

TEST(ReproductionCsv, HasARowForEachMechanismAndNumberOfHeads) {
  const std::string csv = write_parameters_csv(sample());
  EXPECT_EQ(std::ranges::count(csv, '\n'), 16);
  EXPECT_THAT(csv, HasSubstr("mha,128,64,8192,201326592,1\n"));
}

TEST(ParametersPicture, NamesLinesThatLieOnEachOtherTogether) {
  const std::string svg = write_parameters_svg(sample());
  EXPECT_THAT(svg, HasSubstr(">mhe-add, mhe-mul</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(">mhe-mul</text>")));
}

TEST(LineChartTest, IsOfItsPointsAlone) {
  const LineChart chart{"t", "x", "y", Scale::logarithmic, Scale::logarithmic, {{"line", {{1, 10}, {4, 1000}}}}};
  // From 2^0 to 2^2 over 76 … 612, from 10^1 to 10^3 over 404 … 48.
  EXPECT_THAT(write_svg(chart), HasSubstr("points=\"76.0,404.0 612.0,48.0 \""));
}

TEST(LineChartTest, CannotBeBrokenByNames) {
  const LineChart chart{"<script>\"&", "x", "y", Scale::linear, Scale::linear, {{"</svg>", {{0, 0}, {1, 1}}}}};
  const std::string svg = write_svg(chart);
  EXPECT_THAT(svg, Not(HasSubstr("<script>")));
  EXPECT_THAT(svg, HasSubstr("&lt;script&gt;&quot;&amp;"));
  EXPECT_EQ(svg.find("</svg>"), svg.size() - 7);
}

TEST(LineChartTest, OfOnePointOrNoneIsAChart) {
  for (const Scale scale : {Scale::linear, Scale::logarithmic})
    for (const auto& points : {std::vector<std::pair<double, double>>{}, {{8, 100}}}) {
      const std::string svg = write_svg({"t", "x", "y", scale, scale, {{"line", points}}});
      EXPECT_THAT(svg, Not(HasSubstr("nan")));
      EXPECT_THAT(svg, Not(HasSubstr("inf")));
    }
}

TEST(LineChartTest, NamesDoNotCoverEachOther) {
  LineChart chart{"t", "x", "y", Scale::linear, Scale::linear, {}};
  for (int i = 0; i < 8; ++i) chart.lines.push_back({"line" + std::to_string(i), {{0, 0}, {1, 1 + i * 1e-4}}});
  const std::string svg = write_svg(chart);
  std::vector<double> heights;
  for (int i = 0; i < 8; ++i) {
    const auto name = svg.find(">line" + std::to_string(i) + "<"), y = svg.rfind(" y=\"", name);
    heights.push_back(std::stod(svg.substr(y + 4)));
  }
  std::ranges::sort(heights);
  for (std::size_t i = 1; i < heights.size(); ++i) EXPECT_GE(heights[i] - heights[i - 1], 14.9);
  EXPECT_GE(heights.front(), 48);
  EXPECT_LE(heights.back(), 408.1);
}

}  // namespace
}  // namespace headroom
