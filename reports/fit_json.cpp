#include "base/json.h"
#include "reports/fit_words.h"

namespace headroom {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json categories(const CategoryBytes& bytes) {
  Json out = Json::object();
  for (std::size_t i = 0; i < bytes.size(); ++i)
    out[std::string(to_name(kCategoryNames, static_cast<Category>(i)))] = bytes[i];
  return out;
}

// Of a run that fits its peak, of one that ran out of memory what it held at most.
Json peak(const RunSummary& run) {
  return {{"allocated_bytes", run.allocated_bytes},
          {"reserved_bytes", run.reserved_bytes},
          {"phase", to_name(kPhaseNames, run.phase)},
          {"step", run.step},
          {"layer", text_or_null(run.layer)},
          {"categories", categories(run.categories)},
          {"heaviest_layer", {{"path", text_or_null(run.heaviest_layer)}, {"bytes", run.heaviest_bytes}}}};
}

Json out_of_memory(const SearchResult& result) {
  if (!result.next || !result.next_value) return nullptr;
  const RunSummary& run = *result.next;
  return {{"value", *result.next_value},
          {"requested_bytes", run.failed_request_bytes},
          {"free_bytes", run.free_bytes},
          {"phase", text_or_null(run.failed_phase)},
          {"layer", text_or_null(run.failed_layer)},
          {"category", to_name(kCategoryNames, run.heaviest_category())},
          {"held", peak(run)}};
}

Json search(const SearchResult& result) {
  const bool known = result.found.problem.empty();
  Json odd = Json::array();
  for (const OutOfOrder& pair : result.out_of_order) odd.push_back({{"fails", pair.fails}, {"fits", pair.fits}});
  return {{"value", result.found.largest.value ? Json(*result.found.largest.value) : Json(nullptr)},
          {"least", result.found.least},
          {"limited_by", known ? Json(to_name(kFitLimitNames, limit_of(result))) : Json(nullptr)},
          {"peak", result.largest ? peak(*result.largest) : Json(nullptr)},
          {"left_bytes", result.largest ? Json(result.largest->left_bytes()) : Json(nullptr)},
          {"out_of_memory", out_of_memory(result)},
          {"out_of_order", std::move(odd)},
          {"problem", text_or_null(result.found.problem)}};
}

Json change(const TriedChange& tried) {
  const bool fits = tried.run && tried.run->fits();
  return {{"kind", to_name(kChangeKindNames, tried.kind)},
          {"flags", tried.flags},
          {"fits", tried.run ? Json(fits) : Json(nullptr)},
          {"peak", fits ? peak(*tried.run) : Json(nullptr)},
          {"saved_bytes", tried.saved_bytes ? Json(*tried.saved_bytes) : Json(nullptr)},
          {"largest", tried.search ? search(*tried.search) : Json(nullptr)},
          {"problem", text_or_null(tried.problem)}};
}

Json device(const FitReport& report, const DeviceFit& fit) {
  Json out{{"device", fit.device},
           {"device_name", fit.device_name},
           {"device_bytes", fit.device_bytes},
           {"solve", to_name(kFitSizeNames, report.size)}};
  out.update(search(fit.result));
  Json changes = Json::array();
  for (const TriedChange& tried : fit.changes) changes.push_back(change(tried));
  out["tried_at"] = fit.changes.empty() ? Json(nullptr) : Json(fit.tried_at);
  out["changes"] = std::move(changes);
  return out;
}

}  // namespace

std::string write_fit_json(const FitReport& report) {
  Json out{{"schema", "headroom.fit/1"},
           {"headroom_version", report.headroom_version},
           {"command", report.command},
           {"model", report.model_name},
           {"solve", to_name(kFitSizeNames, report.size)},
           {"heads_keep", text_or_null(report.heads_keep)},
           {"kind", "virtual"},
           {"spec", to_json(report.spec)},
           {"results", Json::array()}};
  for (const DeviceFit& fit : report.devices) out["results"].push_back(device(report, fit));
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom
