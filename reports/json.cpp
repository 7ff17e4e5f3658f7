// write_json: headroom.report/1. Order of keys is the order written here; the schema has the meaning of each.
#include "base/json.h"

#include <cmath>

#include "analysis/sources.h"
#include "reports/json_cache.h"
#include "reports/json_device.h"
#include "reports/report.h"
#include "reports/summary.h"

namespace headroom {
namespace {

constexpr std::size_t kTensorLimit = 100;  // largest tensors listed one by one; the rest is one count and one sum

template <class E, std::size_t N>
std::string name(const std::array<Named<E>, N>& table, E value) {
  return std::string(to_name(table, value));
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json all_categories(const CategoryBytes& bytes) {
  Json out = Json::object();
  for (std::size_t i = 0; i < kCategoryCount; ++i) out[name(kCategoryNames, static_cast<Category>(i))] = bytes[i];
  return out;
}

Json nonzero_categories(const CategoryBytes& bytes) {
  Json out = Json::object();
  for (std::size_t i = 0; i < kCategoryCount; ++i)
    if (bytes[i] != 0) out[name(kCategoryNames, static_cast<Category>(i))] = bytes[i];
  return out;
}

Json environment(const Environment& e) {
  return {{"headroom_version", e.headroom_version},
          {"torch_version", e.torch_version},
          {"cuda_version", e.cuda_version},
          {"driver_version", e.driver_version},
          {"device_kind", name(kDeviceKindNames, e.device_kind)},
          {"device_name", e.device_name},
          {"compute_capability", e.compute_capability},
          {"device_total_bytes", e.device_total_bytes},
          {"allocator_settings", e.allocator_settings}};
}

Json outcome(const Outcome& o) {
  Json out{{"kind", name(kOutcomeNames, o.kind)}};
  if (o.kind == OutcomeKind::ok) return out;
  out["message"] = o.message;
  if (o.kind == OutcomeKind::error) return out;
  out["failed_request_bytes"] = o.failed_request_bytes;
  out["free_bytes"] = o.free_bytes;
  out["allocated_bytes"] = o.allocated_bytes;
  out["reserved_bytes"] = o.reserved_bytes;
  out["phase"] = text_or_null(o.phase);
  out["layer"] = text_or_null(o.layer);
  return out;
}

Json model(const ModelSummary& m) {
  return {{"name", m.name},
          {"attention", m.attention},
          {"parameter_count", m.parameter_count},
          {"attention_parameter_count", m.attention_parameter_count},
          {"config", m.config}};
}

// Where and when a peak was; null where nothing was ever allocated.
void add_place(Json& out, const Breakdown& run, const PeakView& peak) {
  const bool any = peak.event >= 0;
  out["phase"] = any ? Json(name(kPhaseNames, peak.phase)) : Json(nullptr);
  out["layer"] = any ? text_or_null(layer_path(run, peak.layer)) : Json(nullptr);
  out["step"] = any ? Json(peak.step) : Json(nullptr);
  out["event"] = any ? Json(peak.event) : Json(nullptr);
  out["time_ns"] = any ? Json(peak.time_ns) : Json(nullptr);
}

Json peak(const Breakdown& run) {
  Json out{{"allocated_bytes", run.peak.allocated_bytes},
           {"requested_bytes", run.peak_requested_bytes},
           {"reserved_bytes", run.peak_reserved_bytes}};
  add_place(out, run, run.peak);
  return out;
}

Json tensor(const Breakdown& run, const Allocation& a) {
  return {{"bytes", a.block_bytes},
          {"requested_bytes", a.requested_bytes},
          {"category", name(kCategoryNames, a.category)},
          {"layer", text_or_null(layer_path(run, a.layer))},
          {"tensor", text_or_null(text_of(run, a.tensor))},
          {"operator", text_or_null(text_of(run, a.op))},
          {"phase", name(kPhaseNames, a.phase)},
          {"step", a.step},
          {"source_line", text_or_null(text_of(run, a.source))}};
}

Json source_lines(const Breakdown& run) {
  Json out = Json::array();
  for (const SourceBytes& row : sources_at_peak(run))
    out.push_back({{"line", text_or_null(text_of(run, row.source))},
                   {"bytes", row.bytes},
                   {"block_count", row.block_count},
                   {"categories", nonzero_categories(row.categories)}});
  return out;
}

void add_tensors(Json& out, const Breakdown& run) {
  Json tensors = Json::array();
  std::int64_t rest = 0;
  for (std::size_t i = 0; i < run.peak.live.size(); ++i) {
    const Allocation& a = run.allocations.at(static_cast<std::size_t>(run.peak.live[i]));
    if (i < kTensorLimit)
      tensors.push_back(tensor(run, a));
    else
      rest += a.block_bytes;
  }
  const std::size_t rest_count = run.peak.live.size() - tensors.size();
  out["tensors"] = std::move(tensors);
  out["smaller_tensors"] = {{"count", rest_count}, {"bytes", rest}};
}

Json at_peak(const Breakdown& run) {
  Json out{{"allocated_bytes", run.peak.allocated_bytes},
           {"requested_bytes", run.peak.requested_bytes},
           {"reserved_bytes", run.peak.reserved_bytes},
           {"categories", all_categories(run.peak.categories)}};
  Json layers = Json::array();
  for (const LayerBytes& l : run.peak.layers)
    layers.push_back(
        {{"path", layer_path(run, l.layer)}, {"bytes", l.bytes}, {"categories", nonzero_categories(l.categories)}});
  out["layers"] = std::move(layers);
  out["source_lines"] = source_lines(run);
  add_tensors(out, run);
  return out;
}

Json layer_row(const Breakdown& run, const LayerRow& r) {
  const auto index = static_cast<std::size_t>(r.layer);
  const LayerKind kind = index < run.layers.size() ? run.layers[index].kind : LayerKind::other;
  return {{"path", layer_path(run, r.layer)},
          {"kind", name(kLayerKindNames, kind)},
          {"parameter_bytes", r.parameter_bytes},
          {"gradient_bytes", r.gradient_bytes},
          {"optimizer_state_bytes", r.optimizer_state_bytes},
          {"activation_bytes", r.activation_bytes},
          {"activation_requested_bytes", r.activation_requested_bytes},
          {"temporary_peak_bytes", r.temporary_peak_bytes},
          {"kv_cache_bytes", r.kv_cache_bytes},
          {"forward_peak_bytes", r.forward_peak_bytes},
          {"backward_peak_bytes", r.backward_peak_bytes}};
}

Json layers(const Breakdown& run) {
  Json out = Json::array();
  for (const LayerRow& row : run.layer_rows) out.push_back(layer_row(run, row));
  return out;
}

Json steps(const Breakdown& run) {
  Json out = Json::array();
  for (const StepView& view : run.steps) {
    Json step{{"number", view.step},
              {"allocated_bytes", view.peak.allocated_bytes},
              {"requested_bytes", view.peak.requested_bytes},
              {"reserved_bytes", view.peak.reserved_bytes},
              {"categories", all_categories(view.peak.categories)}};
    add_place(step, run, view.peak);
    step.erase("step");
    out.push_back(std::move(step));
  }
  return out;
}

Json closed_forms(const Breakdown& run) {
  Json out = Json::array();
  for (const ClosedFormCheck& check : run.closed_forms) {
    const bool recorded = was_recorded(check);
    out.push_back({{"quantity", check.form.quantity},
                   {"layer", check.form.layer},
                   {"formula", check.form.formula},
                   {"closed_bytes", check.form.bytes},
                   {"recorded_bytes", recorded ? Json(check.recorded_bytes) : Json(nullptr)},
                   {"equal", recorded ? Json(agrees(check)) : Json(nullptr)}});
  }
  return out;
}

Json allocator(const AllocatorStats& s) {
  return {{"peak_allocated_bytes", s.peak_allocated_bytes},
          {"peak_requested_bytes", s.peak_requested_bytes},
          {"peak_reserved_bytes", s.peak_reserved_bytes},
          {"final_allocated_bytes", s.final_allocated_bytes},
          {"final_reserved_bytes", s.final_reserved_bytes}};
}

Json band(const std::vector<OrderPeaks>& orders, std::int64_t OrderPeaks::*peak) {
  const auto found = band_of(orders, peak);
  if (!found) return nullptr;
  return {{"least_bytes", found->least_bytes},
          {"least_order", found->least_order},
          {"most_bytes", found->most_bytes},
          {"most_order", found->most_order}};
}

// null where the run was made under one order alone.
Json address_orders(const std::vector<OrderPeaks>& orders) {
  if (orders.empty()) return nullptr;
  Json runs = Json::array();
  for (const OrderPeaks& run : orders)
    runs.push_back({{"order", run.order},
                    {"outcome", name(kOutcomeNames, run.outcome)},
                    {"allocated_bytes", run.allocated_bytes},
                    {"requested_bytes", run.requested_bytes},
                    {"reserved_bytes", run.reserved_bytes}});
  return {{"runs", std::move(runs)},
          {"allocated", band(orders, &OrderPeaks::allocated_bytes)},
          {"requested", band(orders, &OrderPeaks::requested_bytes)},
          {"reserved", band(orders, &OrderPeaks::reserved_bytes)}};
}

Json run(const ReportRun& report_run) {
  const Breakdown& b = report_run.breakdown;
  return {{"label", b.label},
          {"spec", to_json(b.spec)},
          {"reproduce", reproduction_command(b.spec)},
          {"environment", environment(b.environment)},
          {"outcome", outcome(b.outcome)},
          {"model", model(b.model)},
          {"parameters", {{"count", b.parameter_count}, {"bytes", b.parameter_bytes}}},
          {"peak", peak(b)},
          {"at_peak", at_peak(b)},
          {"address_orders", address_orders(report_run.orders)},
          {"steps", steps(b)},
          {"layers", layers(b)},
          {"last_step_requested_bytes", all_categories(b.last_step_bytes)},
          {"kv_cache", kv_cache_json(b)},
          {"fit", fit_json(report_run.fit)},
          {"closed_forms", closed_forms(b)},
          {"allocator", allocator(b.stats)},
          {"device_activity", device_activity_json(b)},
          {"gpu_memory", gpu_memory_json(b)},
          {"assumptions", b.assumptions},
          {"dropped_event_count", b.dropped_event_count}};
}

Json percent(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json comparison(const Report& report) {
  const Comparison& c = *report.comparison;
  Json rows = Json::array();
  for (const ComparisonRow& row : c.rows)
    rows.push_back({{"label", row.label},
                    {"parameter_saving_percent", percent(row.parameter_saving_percent)},
                    {"activation_saving_percent", percent(row.activation_saving_percent)},
                    {"attention_saving_percent", percent(row.attention_saving_percent)},
                    {"peak_saving_percent", percent(row.peak_saving_percent)},
                    {"kv_cache_saving_percent", percent(row.kv_cache_saving_percent)}});
  return {{"baseline", report.runs.at(c.baseline).breakdown.label}, {"baseline_index", c.baseline}, {"rows", rows}};
}

}  // namespace

std::string write_json(const Report& report) {
  Json out{{"schema", "headroom.report/1"}, {"headroom_version", report.headroom_version}, {"runs", Json::array()}};
  for (const ReportRun& r : report.runs) out["runs"].push_back(run(r));
  if (report.runs.size() > 1 && report.comparison) out["comparison"] = comparison(report);
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom
