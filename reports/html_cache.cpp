#include "reports/html_cache.h"

#include "reports/summary.h"
#include "reports/summary_cache.h"

namespace headroom {
namespace {

constexpr std::size_t kStepLimit = 1000;

Json known_or_null(std::int64_t bytes) { return bytes == kUnknownBytes ? Json(nullptr) : Json(bytes); }

Json rows_of(const Breakdown& run) {
  Json out = Json::array();
  for (const CacheRow& row : cache_rows(run)) {
    const CacheLayer& layer = row.of_one;
    out.push_back({{"name", row.name},
                   {"count", row.layer_count},
                   {"prompt", layer.prompt_bytes},
                   {"bytes", layer.bytes},
                   {"per_token", known_or_null(layer.bytes_per_token)},
                   {"expected", known_or_null(layer.expected_bytes_per_token)},
                   {"growth", growth_text(layer.growth)}});
  }
  return out;
}

Json steps_of(const Breakdown& run) {
  Json out = Json::array();
  for (const CacheStep& step : thinned(run.cache, kStepLimit))
    out.push_back({{"step", step.step},
                   {"name", moment(step.phase, step.step)},
                   {"phase", static_cast<int>(step.phase)},
                   {"tokens", step.tokens},
                   {"cache", step.cache_bytes},
                   {"allocated", step.allocated_bytes},
                   {"peak", step.peak_bytes},
                   {"layer", layer_path(run, step.peak_layer)}});
  return out;
}

Json fit_of(const ReportRun& run) {
  Json out = Json::array();
  if (!run.fit) return out;
  if (!run.fit->not_searched.empty())
    return Json::array({{{"name", "What fits"}, {"text", run.fit->not_searched}, {"value", nullptr}}});
  for (const FoundSize& found : run.fit->sizes) {
    const bool known = found.problem.empty() && found.largest.value;
    out.push_back({{"name", size_name(found.size)},
                   {"text", found_text(run.breakdown, found)},
                   {"value", known ? Json(*found.largest.value) : Json(nullptr)}});
  }
  return out;
}

Json peak_of(const Breakdown& run, Phase phase) {
  const CacheStep* step = run.cache.highest(phase);
  return step ? Json(step->peak_bytes) : Json(nullptr);
}

}  // namespace

Json cache_data(const ReportRun& report_run) {
  const Breakdown& run = report_run.breakdown;
  if (!run.cache.any()) return nullptr;
  return {{"kind", cache_kind(run.spec)},
          {"sequences", run.cache.sequences},
          {"per_token", cache_bytes_per_token(run)},
          {"basis", per_token_basis(run)},
          {"bytes", run.cache.bytes},
          {"prefill_peak", peak_of(run, Phase::prefill)},
          {"decode_peak", peak_of(run, Phase::decode)},
          {"verdict", peak_verdict(run)},
          {"rows", rows_of(run)},
          {"steps", steps_of(run)},
          {"fit", fit_of(report_run)}};
}

}  // namespace headroom
