#include "reports/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/bytes.h"

namespace headroom {

std::string_view truth_word(const Environment& environment) {
  return environment.device_kind == DeviceKind::virtual_cuda ? "virtual" : "measured";
}

std::string layer_path(const Breakdown& run, LayerId id) {
  const auto index = static_cast<std::size_t>(id);
  return index < run.layers.size() ? run.layers[index].path : "";
}

std::string text_of(const Breakdown& run, StringId id) {
  const auto index = static_cast<std::size_t>(id);
  return index < run.strings.size() ? run.strings[index] : "";
}

bool has_peak(const Breakdown& run) { return run.peak.event >= 0; }

std::int64_t sum(const CategoryBytes& bytes) { return std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0}); }

std::int64_t bytes_of(const CategoryBytes& bytes, Category category) {
  return bytes[static_cast<std::size_t>(category)];
}

std::int64_t kept_activation_bytes(const Breakdown& run) {
  std::int64_t total = 0;
  for (const LayerRow& row : run.layer_rows) total += row.activation_requested_bytes;
  return total;
}

std::int64_t kv_cache_bytes(const Breakdown& run) {
  std::int64_t total = 0;
  for (const LayerRow& row : run.layer_rows) total += row.kv_cache_bytes;
  return total;
}

bool was_recorded(const ClosedFormCheck& check) { return check.recorded_bytes >= 0; }

bool agrees(const ClosedFormCheck& check) { return !was_recorded(check) || check.recorded_bytes == check.form.bytes; }

std::string_view unfinished_build(const Breakdown& run) {
  if (run.outcome.kind != OutcomeKind::oom || run.outcome.phase != to_name(kPhaseNames, Phase::build)) return "";
  return "Its model was not built to the end: the parameters so far count as other, since they have no names yet.";
}

std::string place(const Breakdown& run, const PeakView& peak) {
  const std::string layer = layer_path(run, peak.layer);
  const std::string phase(to_name(kPhaseNames, peak.phase));
  const std::string when = peak.step > 0 ? fmt::format("{} of step {}", phase, peak.step) : phase;
  return layer.empty() ? when : fmt::format("{} at {}", when, layer);
}

RunPhrases phrases(const Breakdown& run) {
  const RunSpec& spec = run.spec;
  RunPhrases result;
  result.model = run.model.name.empty() ? spec.model : run.model.name;
  result.shape = fmt::format("batch {} × seq {}", spec.batch, spec.seq);
  result.mode = to_name(kModeNames, spec.mode);
  result.dtype = to_name(kDtypeNames, spec.dtype);
  result.optimizer = fmt::format("{} ({})", to_name(kOptimizerNames, spec.optimizer),
                                 to_name(kOptimizerImplementationNames, spec.optimizer_implementation));
  if (spec.optimizer == Optimizer::none) result.optimizer = "no optimizer";
  if (spec.mode == Mode::forward) result.optimizer = "";
  result.attention_kernel = fmt::format("{} attention", to_name(kSdpaNames, spec.sdpa));
  const Environment& environment = run.environment;
  result.device = environment.device_name.empty() ? spec.device : environment.device_name;
  if (environment.device_total_bytes > 0) result.device += ", " + format_bytes(environment.device_total_bytes);
  return result;
}

std::vector<std::string_view> other_differences(const Report& report) {
  std::vector<RunPhrases> all;
  for (const ReportRun& run : report.runs) all.push_back(phrases(run.breakdown));
  std::vector<std::string_view> names;
  for (const auto& [phrase, name] : {std::pair{&RunPhrases::model, "model"},
                                     {&RunPhrases::shape, "batch or seq"},
                                     {&RunPhrases::mode, "mode"},
                                     {&RunPhrases::dtype, "dtype"},
                                     {&RunPhrases::optimizer, "optimizer"},
                                     {&RunPhrases::attention_kernel, "attention kernel"},
                                     {&RunPhrases::device, "device"}})
    if (std::any_of(all.begin(), all.end(), [&](const RunPhrases& p) { return p.*phrase != all.front().*phrase; }))
      names.push_back(name);
  return names;
}

Headline headline_of(const Report& report) {
  if (report.runs.empty()) return {"no runs", "", {}};
  std::vector<RunPhrases> all;
  for (const ReportRun& run : report.runs) all.push_back(phrases(run.breakdown));
  const auto common = [&](std::string RunPhrases::*phrase, const char* otherwise) {
    const bool same =
        std::all_of(all.begin(), all.end(), [&](const RunPhrases& p) { return p.*phrase == all.front().*phrase; });
    return same ? all.front().*phrase : otherwise;
  };
  Headline result;
  const std::string model = common(&RunPhrases::model, "several models");
  result.title = all.size() == 1 ? model + " · " + report.runs.front().breakdown.label
                                 : fmt::format("{} · {} variants", model, all.size());
  if (all.size() == 1 && report.runs.front().breakdown.label == model) result.title = model;
  result.device = common(&RunPhrases::device, "several devices");
  if (result.title == model && !report.runs.front().breakdown.model.attention.empty())
    result.settings.push_back(report.runs.front().breakdown.model.attention);
  for (const auto& [phrase, otherwise] : {std::pair{&RunPhrases::shape, "several shapes"},
                                          {&RunPhrases::mode, "several modes"},
                                          {&RunPhrases::dtype, "several dtypes"},
                                          {&RunPhrases::optimizer, "several optimizers"},
                                          {&RunPhrases::attention_kernel, "several attention kernels"}})
    if (const std::string text = common(phrase, otherwise); !text.empty()) result.settings.push_back(text);
  return result;
}

}  // namespace headroom
