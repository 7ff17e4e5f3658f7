// write_diff_json: headroom.diff/1; the schema has the meaning of each key. And write_diff_csv.
#include <fmt/format.h>

#include "base/json.h"
#include "reports/diff_report.h"
#include "reports/diff_words.h"
#include "reports/markup.h"
#include "reports/summary.h"

namespace headroom {
namespace {

Json change(const Change& c) { return {{"before", c.before}, {"after", c.after}, {"delta", c.delta()}}; }

std::string category_name(std::size_t category) {
  return std::string(to_name(kCategoryNames, static_cast<Category>(category)));
}

Json categories(const CategoryChanges& changes, bool all) {
  Json out = Json::object();
  for (std::size_t c = 0; c < kCategoryCount; ++c)
    if (all || changes[c].before != 0 || changes[c].after != 0) out[category_name(c)] = change(changes[c]);
  return out;
}

Json run(const Breakdown& run, const std::string& name) {
  return {{"name", name},
          {"label", run.label},
          {"outcome", std::string(to_name(kOutcomeNames, run.outcome.kind))},
          {"numbers", std::string(truth_word(run.environment))},
          {"spec", to_json(run.spec)}};
}

Json layers(const Diff& diff) {
  Json out = Json::array();
  for (const DiffLayer& layer : diff.layers)
    out.push_back({{"path", layer.united.layer.path},
                   {"in_before", layer.united.of_run[0].has_value()},
                   {"in_after", layer.united.of_run[1].has_value()},
                   {"self", change(layer.self)},
                   {"total", change(layer.total)},
                   {"categories", categories(layer.self_categories, false)},
                   {"parameter_bytes", change(layer.parameter_bytes)}});
  return out;
}

Json tensors(const DiffReport& report) {
  if (!report.has_tensors) return nullptr;
  Json out = Json::array();
  for (const DiffTensorRow& row : changed_tensors(report))
    out.push_back({{"layers", row.path},
                   {"what", row.what},
                   {"category", category_name(static_cast<std::size_t>(row.category))},
                   {"change", row.came   ? "came"
                              : row.went ? "went"
                                         : "changed"},
                   {"count", row.count},
                   {"bytes", change(row.bytes)}});
  return out;
}

Json settings(const Diff& diff) {
  Json out = Json::array();
  for (const SettingChange& setting : diff.settings)
    out.push_back({{"name", setting.name},
                   {"before", setting.before},
                   {"after", setting.after},
                   {"of", setting.of_environment ? "environment" : "run"}});
  return out;
}

}  // namespace

std::string write_diff_json(const DiffReport& report) {
  const Diff& d = report.diff;
  const Json out{{"schema", "headroom.diff/1"},
                 {"before", run(report.before, report.before_name)},
                 {"after", run(report.after, report.after_name)},
                 {"equal", d.is_empty()},
                 {"summary", summary_of(d)},
                 {"warnings", report.warnings()},
                 {"peak",
                  {{"allocated_bytes", change(d.peak)},
                   {"requested_bytes", change(d.peak_requested)},
                   {"reserved_bytes", change(d.peak_reserved)}}},
                 {"parameters", {{"count", change(d.parameter_count)}, {"bytes", change(d.parameter_bytes)}}},
                 {"kv_cache_bytes_per_token", change(d.kv_cache_bytes_per_token)},
                 {"categories", categories(d.categories, true)},
                 {"layers", layers(d)},
                 {"tensors", tensors(report)},
                 {"unchanged_tensor_count", report.has_tensors ? Json(d.unchanged_tensor_count) : Json(nullptr)},
                 {"settings", settings(d)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string write_diff_csv(const DiffReport& report) {
  std::string out = "layer,category,before_bytes,after_bytes,delta_bytes\n";
  for (const DiffLayer& layer : report.diff.layers)
    for (std::size_t c = 0; c < kCategoryCount; ++c) {
      const Change& cell = layer.self_categories[c];
      if (cell.before == 0 && cell.after == 0) continue;
      out += fmt::format("{},{},{},{},{}\n", csv_field(layer.united.layer.path), category_name(c), cell.before,
                         cell.after, cell.delta());
    }
  return out;
}

}  // namespace headroom
