#include "reports/json_cache.h"

#include "reports/summary.h"

namespace headroom {
namespace {

constexpr std::size_t kStepLimit = 2000;

Json known_or_null(std::int64_t bytes) { return bytes == kUnknownBytes ? Json(nullptr) : Json(bytes); }

Json layers(const Breakdown& run) {
  Json out = Json::array();
  for (const CacheLayer& layer : run.cache.layers)
    out.push_back({{"path", layer_path(run, layer.layer)},
                   {"growth", to_name(kCacheGrowthNames, layer.growth)},
                   {"prompt_bytes", layer.prompt_bytes},
                   {"bytes", layer.bytes},
                   {"block_bytes", layer.block_bytes},
                   {"bytes_per_token", known_or_null(layer.bytes_per_token)},
                   {"expected_bytes_per_token", known_or_null(layer.expected_bytes_per_token)}});
  return out;
}

Json growth(const Breakdown& run) {
  Json out = Json::array();
  for (const CacheStep& step : thinned(run.cache, kStepLimit))
    out.push_back({{"step", step.step},
                   {"phase", to_name(kPhaseNames, step.phase)},
                   {"token_count", step.tokens},
                   {"bytes", step.cache_bytes},
                   {"allocated_bytes", step.allocated_bytes},
                   {"peak_bytes", step.peak_bytes},
                   {"peak_layer", layer_path(run, step.peak_layer)}});
  return out;
}

Json peak_of(const Breakdown& run, Phase phase) {
  const CacheStep* step = run.cache.highest(phase);
  return step ? Json(step->peak_bytes) : Json(nullptr);
}

Json size(const FoundSize& found) {
  const bool known = found.problem.empty() && found.largest.value;
  const bool ended = known && found.largest.is_high;
  return {{"solve", to_name(kFitSizeNames, found.size)},
          {"value", known ? Json(*found.largest.value) : Json(nullptr)},
          {"limited_by", known ? Json(to_name(kFitLimitNames, ended ? found.limit : FitLimit::memory)) : Json(nullptr)},
          {"run_count", found.largest.probe_count},
          {"problem", found.problem.empty() ? Json(nullptr) : Json(found.problem)}};
}

}  // namespace

Json kv_cache_json(const Breakdown& run) {
  return {{"bytes_per_token", cache_bytes_per_token(run)},
          {"recorded_bytes_per_token", run.cache.any() ? known_or_null(run.cache.bytes_per_token) : Json(nullptr)},
          {"bytes", kv_cache_bytes(run)},
          {"sequence_count", run.cache.sequences},
          {"prompt_token_count", run.cache.prompt_tokens},
          {"prefill_peak_bytes", peak_of(run, Phase::prefill)},
          {"decode_peak_bytes", peak_of(run, Phase::decode)},
          {"layers", layers(run)},
          {"growth", growth(run)}};
}

Json fit_json(const std::optional<Fit>& fit) {
  if (!fit) return nullptr;
  Json results = Json::array();
  for (const FoundSize& found : fit->sizes) results.push_back(size(found));
  return {{"not_searched", fit->not_searched.empty() ? Json(nullptr) : Json(fit->not_searched)},
          {"results", std::move(results)}};
}

}  // namespace headroom
