#include "base/json.h"

#include <gmock/gmock.h>

#include "tests/reports/golden.h"
#include "tests/reports/synthetic.h"

namespace headroom {
namespace {

Json json(const Report& report) { return Json::parse(write_json(report)); }

std::int64_t total(const Json& object) {
  std::int64_t out = 0;
  for (const auto& [key, value] : object.items()) out += value.get<std::int64_t>();
  return out;
}

std::int64_t total(const Json& array, const char* key) {
  std::int64_t out = 0;
  for (const Json& row : array) out += row.at(key).get<std::int64_t>();
  return out;
}

void expect_no_floats(const Json& value, const std::string& path) {
  if (value.is_structured())
    for (const auto& [key, member] : value.items()) expect_no_floats(member, path + "/" + key);
  const bool may_be =
      path.ends_with("_percent") || path.ends_with("/dropout") || path.ends_with("/value") || path.find("/config/") != std::string::npos;
  EXPECT_FALSE(value.is_number_float() && !may_be) << path;
}

TEST(Json, TinyRunIsWrittenExactly) {
  expect_golden(write_json(synthetic::report_of({synthetic::tiny()})), "tiny.json");
}

TEST(Json, ComparisonIsWrittenExactly) {
  expect_golden(
      write_json(synthetic::report_of({synthetic::tiny("a"), synthetic::out_of_memory(), synthetic::failed()})),
      "failures.json");
}

TEST(Json, TheSameReportIsTheSameBytes) {
  EXPECT_EQ(write_json(synthetic::seven_variants()), write_json(synthetic::seven_variants()));
}

TEST(Json, CategoriesLayersAndTensorsSumToThePeak) {
  for (const auto& [name, report] : synthetic::all_reports()) {
    const Json document = json(report);
    for (const Json& run : document.at("runs")) {
      const auto peak = run.at("peak").at("allocated_bytes").get<std::int64_t>();
      const Json& at_peak = run.at("at_peak");
      EXPECT_EQ(total(at_peak.at("categories")), peak) << name;
      EXPECT_EQ(total(at_peak.at("layers"), "bytes"), peak) << name;
      EXPECT_EQ(total(at_peak.at("tensors"), "bytes") + at_peak.at("smaller_tensors").at("bytes").get<std::int64_t>(),
                peak)
          << name;
      for (const Json& layer : at_peak.at("layers"))
        EXPECT_EQ(total(layer.at("categories")), layer.at("bytes")) << name;
      for (const Json& step : run.at("steps"))
        EXPECT_EQ(total(step.at("categories")), step.at("allocated_bytes")) << name;
    }
  }
}

TEST(Json, MemoryIsNeverAFloat) {
  for (const auto& [name, report] : synthetic::all_reports()) expect_no_floats(json(report), name);
}

TEST(Json, OneRunHasNoComparison) {
  Report report = synthetic::report_of({synthetic::tiny(), synthetic::tiny()});
  EXPECT_TRUE(json(report).contains("comparison"));
  report.runs.pop_back();
  EXPECT_FALSE(json(report).contains("comparison"));
}

TEST(Json, SavingsAgainstNothingAreNull) {
  synthetic::Run empty("empty");
  const Json document = json(synthetic::report_of({empty.finish(), synthetic::tiny()}));
  const Json& row = document.at("comparison").at("rows").at(1);
  EXPECT_TRUE(row.at("peak_saving_percent").is_null());
  EXPECT_TRUE(row.at("kv_cache_saving_percent").is_null());
  EXPECT_TRUE(document.at("runs").at(0).at("peak").at("phase").is_null());
}

TEST(Json, SavingsAreNumbersInTheOrderOfTheRuns) {
  const Json document = json(synthetic::seven_variants());
  const Json& comparison = document.at("comparison");
  EXPECT_EQ(comparison.at("baseline"), "mha");
  ASSERT_EQ(comparison.at("rows").size(), document.at("runs").size());
  for (std::size_t i = 0; i < document.at("runs").size(); ++i)
    EXPECT_EQ(comparison.at("rows").at(i).at("label"), document.at("runs").at(i).at("label"));
  EXPECT_DOUBLE_EQ(comparison.at("rows").at(1).at("attention_saving_percent").get<double>(), 50.0);
  EXPECT_DOUBLE_EQ(comparison.at("rows").at(0).at("peak_saving_percent").get<double>(), 0.0);
}

TEST(Json, AllButTheLargestTensorsAreCounted) {
  const Json at_peak = json(synthetic::seven_variants()).at("runs").at(0).at("at_peak");
  EXPECT_EQ(at_peak.at("tensors").size(), 100u);
  EXPECT_GT(at_peak.at("smaller_tensors").at("count").get<int>(), 0);
}

TEST(Json, ClosedFormsSayWhetherTheyHold) {
  synthetic::Run r("odd");
  r.alloc(LayerId::root, Category::parameter, 512);
  r.closed_form("activation_bytes", "a", "x", 100, 101);
  r.closed_form("activation_bytes", "b", "x", 100, 100);
  r.closed_form("kv_cache_bytes_per_token", "model", "x", 100, -1);
  const Json forms = json(synthetic::report_of({r.finish()})).at("runs").at(0).at("closed_forms");
  EXPECT_EQ(forms.at(0).at("equal"), false);
  EXPECT_EQ(forms.at(1).at("equal"), true);
  EXPECT_TRUE(forms.at(2).at("equal").is_null());
  EXPECT_TRUE(forms.at(2).at("recorded_bytes").is_null());
}

TEST(Json, EndsInOneNewline) { EXPECT_TRUE(write_json(synthetic::report_of({})).ends_with("}\n")); }

TEST(Json, TheCacheOfARunThatGeneratesAddsUp) {
  const Json run = Json::parse(write_json(synthetic::report_of({synthetic::generation_with_fit()})))["runs"][0];
  const Json& cache = run["kv_cache"];
  std::int64_t layers = 0, per_token = 0;
  for (const Json& layer : cache["layers"]) {
    layers += layer["bytes"].get<std::int64_t>();
    per_token += layer["bytes_per_token"].get<std::int64_t>();
  }
  EXPECT_EQ(layers, cache["bytes"]);
  EXPECT_EQ(per_token, cache["recorded_bytes_per_token"]);
  EXPECT_EQ(cache["bytes"].get<std::int64_t>(), 4 * (512 + 23) * per_token);
  EXPECT_EQ(cache["growth"].size(), 24u);
  EXPECT_EQ(std::max(cache["prefill_peak_bytes"], cache["decode_peak_bytes"]), run["peak"]["allocated_bytes"]);
  EXPECT_EQ(run["fit"]["results"][0]["limited_by"], "positions");
  EXPECT_EQ(run["fit"]["results"][1]["value"], 3120);
}

TEST(Json, OtherRunsHaveNoCacheAndNobodyAskedWhatFits) {
  const Json run = Json::parse(write_json(synthetic::report_of({synthetic::tiny()})))["runs"][0];
  EXPECT_TRUE(run["kv_cache"]["growth"].empty());
  EXPECT_EQ(run["fit"], nullptr);
}

}  // namespace
}  // namespace headroom
