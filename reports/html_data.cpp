#include "reports/html_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <unordered_map>

#include "analysis/sources.h"
#include "reports/categories.h"
#include "reports/folding.h"
#include "reports/html_cache.h"
#include "reports/html_device.h"
#include "reports/summary.h"

namespace headroom {
namespace {

constexpr std::size_t kTensorLimit = 200;    // largest tensors of one run
constexpr std::size_t kPointLimit = 16'000;  // timeline points of all runs together
constexpr std::size_t kPointLimitOfRun = 4'000;

std::size_t index_of(LayerId id) { return static_cast<std::size_t>(id); }

Json vector_of(const CategoryBytes& bytes) { return Json(std::vector<std::int64_t>(bytes.begin(), bytes.end())); }

Json optional_number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json peak_data(const Breakdown& run, const PeakView& peak) {
  return {{"allocated", peak.allocated_bytes},
          {"requested", peak.requested_bytes},
          {"reserved", peak.reserved_bytes},
          {"event", peak.event},
          {"time", peak.time_ns},
          {"phase", static_cast<int>(peak.phase)},
          {"step", peak.step},
          {"layer", layer_path(run, peak.layer)},
          {"categories", vector_of(peak.categories)}};
}

Json outcome_data(const Outcome& o) {
  return {{"kind", to_name(kOutcomeNames, o.kind)},
          {"message", o.message},
          {"request", o.failed_request_bytes},
          {"free", o.free_bytes},
          {"allocated", o.allocated_bytes},
          {"reserved", o.reserved_bytes},
          {"phase", o.phase},
          {"layer", o.layer}};
}

Json environment_data(const Environment& e) {
  return {{"headroom", e.headroom_version}, {"torch", e.torch_version},
          {"cuda", e.cuda_version},         {"driver", e.driver_version},
          {"device_name", e.device_name},   {"compute_capability", e.compute_capability},
          {"total", e.device_total_bytes},  {"allocator_settings", e.allocator_settings}};
}

Json saving_data(const ComparisonRow& row) {
  return {{"parameter", optional_number(row.parameter_saving_percent)},
          {"activation", optional_number(row.activation_saving_percent)},
          {"attention", optional_number(row.attention_saving_percent)},
          {"peak", optional_number(row.peak_saving_percent)},
          {"kv", optional_number(row.kv_cache_saving_percent)}};
}

// Texts of one run, each once.
class Strings {
 public:
  explicit Strings(const Breakdown& run) : run_(run) { index(StringId::none); }

  std::size_t index(StringId id) {
    const auto [found, fresh] = indices_.emplace(text_of(run_, id), texts_.size());
    if (fresh) texts_.push_back(found->first);
    return found->second;
  }

  Json take() { return Json(std::move(texts_)); }

 private:
  const Breakdown& run_;
  std::map<std::string, std::size_t> indices_;
  std::vector<std::string> texts_;
};

void add_tensors(Json& out, const Breakdown& run, Strings& strings) {
  Json tensors = Json::array();
  std::int64_t rest = 0;
  for (std::size_t i = 0; i < run.peak.live.size(); ++i) {
    const Allocation& a = run.allocations.at(static_cast<std::size_t>(run.peak.live[i]));
    if (i >= kTensorLimit)
      rest += a.block_bytes;
    else
      tensors.push_back({a.block_bytes, a.requested_bytes, strings.index(a.tensor), strings.index(a.op),
                         index_of(a.layer), static_cast<int>(a.category), static_cast<int>(a.phase), a.step,
                         strings.index(a.source)});
  }
  const std::size_t rest_count = run.peak.live.size() - tensors.size();
  out["tensors"] = std::move(tensors);
  out["smaller"] = {{"count", rest_count}, {"bytes", rest}};
}

// Which allocation an event made (1, 2, …) or freed (-1, -2, …), as an index into the run's distinct sites; 0: neither.
class Sites {
 public:
  Sites(const Breakdown& run, Strings& strings) : run_(run), strings_(strings) {
    for (std::size_t i = 0; i < run.allocations.size(); ++i) {
      const auto number = static_cast<std::int64_t>(i) + 1;
      events_[run.allocations[i].begin] = number;
      if (run.allocations[i].end != kNeverFreed) events_[run.allocations[i].end] = -number;
    }
  }

  std::int64_t at(std::int64_t event) {
    const auto found = events_.find(event);
    if (found == events_.end()) return 0;
    const Allocation& a = run_.allocations[static_cast<std::size_t>(std::abs(found->second) - 1)];
    const std::tuple key{a.block_bytes, strings_.index(a.tensor), strings_.index(a.op), index_of(a.layer)};
    const auto [site, fresh] = numbers_.emplace(key, sites_.size() + 1);
    if (fresh) sites_.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), std::get<3>(key)});
    const auto number = static_cast<std::int64_t>(site->second);
    return found->second > 0 ? number : -number;
  }

  Json take() { return std::move(sites_); }

 private:
  const Breakdown& run_;
  Strings& strings_;
  std::unordered_map<std::int64_t, std::int64_t> events_;
  std::map<std::tuple<std::int64_t, std::size_t, std::size_t, std::size_t>, std::size_t> numbers_;
  Json sites_ = Json::array();
};

// Differences from point to point.
template <class Value>
Json steps_of(const std::vector<TimelinePoint>& points, Value value) {
  Json out = Json::array();
  std::int64_t before = 0;
  for (const TimelinePoint& p : points) {
    out.push_back(value(p) - before);
    before = value(p);
  }
  return out;
}

// Only where the value changes: points since the last change, bytes by which it changes.
template <class Value>
Json changes_of(const std::vector<TimelinePoint>& points, Value value) {
  Json out = Json::array();
  std::int64_t before = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::int64_t now = value(points[i]);
    if (now == before) continue;
    out.push_back(i - last);
    out.push_back(now - before);
    before = now;
    last = i;
  }
  return out;
}

void add_timeline(Json& out, const ReportRun& run, std::size_t limit, Strings& strings) {
  const std::vector<TimelinePoint> points = thinned(run.timeline, limit);
  Sites sites(run.breakdown, strings);
  Json site = Json::array(), series = Json::array();
  for (const TimelinePoint& p : points) site.push_back(sites.at(p.event));
  for (std::size_t c = 0; c < kCategoryCount; ++c)
    series.push_back(changes_of(points, [c](const TimelinePoint& p) { return p.categories[c]; }));
  out["timeline"] = {{"event", steps_of(points, [](const TimelinePoint& p) { return p.event; })},
                     {"time", steps_of(points, [](const TimelinePoint& p) { return p.time_ns; })},
                     {"site", std::move(site)},
                     {"reserved", changes_of(points, [](const TimelinePoint& p) { return p.reserved_bytes; })},
                     {"categories", std::move(series)}};
  out["sites"] = sites.take();
}

// One entry for each layer, whatever the recording lacks being zero.
void add_layers(Json& out, const Breakdown& run) {
  const std::size_t count = run.layers.size();
  std::vector<CategoryBytes> cells(count, CategoryBytes{});
  std::vector<LayerRow> rows(count);
  for (const LayerBytes& l : run.peak.layers)
    if (index_of(l.layer) < count) cells[index_of(l.layer)] = l.categories;
  for (const LayerRow& r : run.layer_rows)
    if (index_of(r.layer) < count) rows[index_of(r.layer)] = r;
  Json layers = Json::array(), cell_rows = Json::array(), run_rows = Json::array();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t parent = index_of(run.layers[i].parent);
    layers.push_back({{"path", run.layers[i].path}, {"parent", parent < i ? parent : 0}});
    cell_rows.push_back(vector_of(cells[i]));
    const LayerRow& r = rows[i];
    run_rows.push_back({r.parameter_bytes, r.gradient_bytes, r.optimizer_state_bytes, r.activation_requested_bytes,
                        r.temporary_peak_bytes, r.kv_cache_bytes, r.forward_peak_bytes, r.backward_peak_bytes});
  }
  out["layers"] = std::move(layers);
  out["cells"] = std::move(cell_rows);
  out["rows"] = std::move(run_rows);
}

Json folds_of(const Breakdown& run) {
  Json out = Json::array();
  for (const FoldedLayer& row : fold_layers(run.layers)) {
    std::vector<std::size_t> members;
    for (const LayerId id : row.members) members.push_back(index_of(id));
    out.push_back({{"name", row.name}, {"parent", row.parent}, {"members", members}});
  }
  return out;
}

Json forms_of(const Breakdown& run) {
  Json out = Json::array();
  for (const ClosedFormCheck& check : run.closed_forms)
    out.push_back({{"quantity", check.form.quantity},
                   {"layer", check.form.layer},
                   {"formula", check.form.formula},
                   {"closed", check.form.bytes},
                   {"recorded", was_recorded(check) ? Json(check.recorded_bytes) : Json(nullptr)}});
  return out;
}

void add_structure(Json& out, const Breakdown& run) {
  out["marks"] = Json::array();
  for (const Mark& m : run.marks)
    out["marks"].push_back(
        {{"event", m.event}, {"time", m.time_ns}, {"phase", static_cast<int>(m.phase)}, {"step", m.step}});
  out["steps"] = Json::array();
  for (const StepView& s : run.steps) out["steps"].push_back({{"step", s.step}, {"peak", peak_data(run, s.peak)}});
  out["folds"] = folds_of(run);
  out["forms"] = forms_of(run);
}

Json sources_of(const Breakdown& run, Strings& strings) {
  Json out = Json::array();
  for (const SourceBytes& row : sources_at_peak(run))
    out.push_back({{"line", strings.index(row.source)},
                   {"bytes", row.bytes},
                   {"blocks", row.block_count},
                   {"categories", vector_of(row.categories)}});
  return out;
}

// Each peak's band: name, least, its order, most, its order.
Json bands_of(const std::vector<OrderPeaks>& orders) {
  Json out = Json::array();
  for (const auto& [name, bytes] : {std::pair{"allocated", &OrderPeaks::allocated_bytes},
                                    {"requested", &OrderPeaks::requested_bytes},
                                    {"reserved", &OrderPeaks::reserved_bytes}})
    if (const auto band = band_of(orders, bytes))
      out.push_back({{"peak", name},
                     {"least", band->least_bytes},
                     {"least_order", band->least_order},
                     {"most", band->most_bytes},
                     {"most_order", band->most_order}});
  return out;
}

Json run_data(const ReportRun& report_run, std::size_t point_limit) {
  const Breakdown& run = report_run.breakdown;
  Json out{{"label", run.label},
           {"truth", truth_word(run.environment)},
           {"command", reproduction_command(run.spec)},
           {"program", is_program(run.spec)},
           {"outcome", outcome_data(run.outcome)},
           {"has_figures", has_figures(run)},
           {"unfinished", unfinished_build(run)},
           {"environment", environment_data(run.environment)},
           {"parameters", {{"count", run.parameter_count}, {"bytes", run.parameter_bytes}}},
           {"kept", kept_activation_bytes(run)},
           {"kv_per_token", cache_bytes_per_token(run)},
           {"trains", trains(run)},
           {"dropped", run.dropped_event_count},
           {"assumptions", run.assumptions},
           {"value_hint", value_hint(run)},
           {"bands", bands_of(report_run.orders)},
           {"order_count", report_run.orders.size()},
           {"allocator",
            {{"allocated", run.stats.peak_allocated_bytes},
             {"requested", run.stats.peak_requested_bytes},
             {"reserved", run.stats.peak_reserved_bytes}}},
           {"peak", peak_data(run, run.peak)}};
  out["peak"]["most_reserved"] = run.peak_reserved_bytes;
  out["saving"] = nullptr;
  Strings strings(run);
  add_layers(out, run);
  add_structure(out, run);
  add_tensors(out, run, strings);
  out["sources"] = sources_of(run, strings);
  add_timeline(out, report_run, point_limit, strings);
  out["cache"] = cache_data(report_run);
  out["device"] = device_data(run);
  out["gpu"] = gpu_data(run);
  out["fragmentation"] = fragmentation_data(report_run);
  out["strings"] = strings.take();
  return out;
}

Json category_list() {
  Json out = Json::array();
  for (const CategoryStyle& style : kCategoryStyles)
    out.push_back(
        {{"name", to_name(kCategoryNames, style.category)}, {"title", style.title}, {"meaning", style.meaning}});
  return out;
}

Json phase_list() {
  Json out = Json::array();
  for (const auto& row : kPhaseNames) out.push_back(row.name);
  return out;
}

}  // namespace

Json html_data(const Report& report) {
  const Headline headline = headline_of(report);
  Json out{{"version", report.headroom_version},
           {"title", headline.title},
           {"device", headline.device},
           {"settings", headline.settings},
           {"categories", category_list()},
           {"phases", phase_list()},
           {"differences", report.comparison ? other_differences(report) : std::vector<std::string_view>{}},
           {"baseline", nullptr},
           {"runs", Json::array()}};
  const std::size_t limit =
      std::clamp<std::size_t>(kPointLimit / std::max<std::size_t>(1, report.runs.size()), 100, kPointLimitOfRun);
  for (const ReportRun& run : report.runs) out["runs"].push_back(run_data(run, limit));
  if (report.runs.size() < 2 || !report.comparison) return out;
  out["baseline"] = report.comparison->baseline;
  for (std::size_t i = 0; i < std::min(report.runs.size(), report.comparison->rows.size()); ++i)
    out["runs"][i]["saving"] = saving_data(report.comparison->rows[i]);
  return out;
}

}  // namespace headroom
