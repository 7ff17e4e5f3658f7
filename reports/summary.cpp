#include "reports/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/bytes.h"

namespace headroom {
namespace {

// "600 MiB reserved for others", "addresses shuffled:1", "delayed events"
std::vector<std::string> conditions_of(const RunSpec& spec) {
  const VirtualOptions& options = spec.virtual_options;
  std::vector<std::string> all;
  if (spec.ranks > 0) all.push_back(fmt::format("rank {} of {}", spec.rank, spec.ranks));
  if (options.reserve_bytes > 0) all.push_back(format_bytes(options.reserve_bytes) + " reserved for others");
  if (!options.address_order.empty()) all.push_back("addresses " + options.address_order);
  if (options.events != VirtualEvents::immediate)
    all.push_back(fmt::format("{} events", to_name(kVirtualEventsNames, options.events)));
  if (options.backed) all.push_back("backed memory");
  for (const StatedValue& stated : spec.values)
    all.push_back(fmt::format("{} stated as {}", stated.place, stated.value));
  return all;
}

// " · paged cache, 16 tokens a page · int8 cache · 4 beams"
std::string generation_of(const Generation& generation) {
  std::string text = fmt::format(" · {} cache", to_name(kCacheKindNames, generation.cache));
  if (generation.cache == CacheKind::paged) text += fmt::format(", {} tokens a page", generation.page);
  if (generation.cache_dtype != CacheDtype::model)
    text += fmt::format(" · {} cache", to_name(kCacheDtypeNames, generation.cache_dtype));
  if (generation.beams > 1) text += fmt::format(" · {} beams", generation.beams);
  return text;
}

// "train · checkpoint block · accumulate 4"
std::string mode_of(const RunSpec& spec) {
  std::string text(to_name(kModeNames, spec.mode));
  if (spec.padding) text += " · padding";
  if (spec.checkpoint != Checkpoint::none)
    text += fmt::format(" · checkpoint {}", to_name(kCheckpointNames, spec.checkpoint));
  if (spec.accumulate != 1) text += fmt::format(" · accumulate {}", spec.accumulate);
  if (spec.clip) text += fmt::format(" · clip {}", *spec.clip);
  if (spec.loss_chunk != 0) text += fmt::format(" · loss chunk {}", spec.loss_chunk);
  if (spec.mode == Mode::generate) text += generation_of(spec.generation);
  return text;
}

std::string shape_of(const RunSpec& spec) {
  if (spec.mode != Mode::generate) return fmt::format("batch {} × seq {}", spec.batch, spec.seq);
  return fmt::format("batch {} × prompt {} + {} new tokens", spec.batch, spec.seq, spec.generation.new_tokens);
}

std::string optimizer_of(const RunSpec& spec) {
  if (spec.mode != Mode::train) return "";
  if (spec.optimizer == Optimizer::none) return "no optimizer";
  std::string text(to_name(kOptimizerNames, spec.optimizer));
  if (has_implementations(spec.optimizer))
    text += fmt::format(" ({})", to_name(kOptimizerImplementationNames, spec.optimizer_implementation));
  if (spec.momentum != 0) text += fmt::format(" momentum {}", spec.momentum);
  return text;
}

void describe_model_run(const RunSpec& spec, RunPhrases& result) {
  result.shape = shape_of(spec);
  result.mode = mode_of(spec);
  result.dtype = to_name(kDtypeNames, spec.dtype);
  result.optimizer = optimizer_of(spec);
  result.attention_kernel = fmt::format("{} attention", to_name(kSdpaNames, spec.sdpa));
  if (!spec.positions.empty()) result.attention_kernel += fmt::format(" · {} positions", spec.positions);
}

}  // namespace

std::string_view truth_word(const Environment& environment) {
  if (environment.device_kind == DeviceKind::unknown) return "reported";
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
  if (run.cache.any()) return run.cache.bytes;
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

std::string_view value_hint(const Breakdown& run) {
  const auto reads = [](const std::string& text) { return text.find("--value") != std::string::npos; };
  if (!is_program(run.spec) || std::ranges::none_of(run.assumptions, reads)) return "";
  return "The device computes nothing, so what it is read for is 0 unless stated: headroom run --value PLACE=VALUE, "
         "once "
         "for each place above.";
}

std::string moment(Phase phase, std::int32_t step) {
  const std::string_view name = to_name(kPhaseNames, phase);
  if (step == 0 || phase == Phase::prefill) return std::string(name);
  return fmt::format("{} of {} {}", name, phase == Phase::decode ? "token" : "step", step);
}

bool trains(const Breakdown& run) { return is_program(run.spec) || run.spec.mode == Mode::train; }

std::string place(const Breakdown& run, const PeakView& peak) {
  const std::string layer = layer_path(run, peak.layer);
  const std::string when = moment(peak.phase, peak.step);
  return layer.empty() ? when : fmt::format("{} at {}", when, layer);
}

bool has_figures(const Breakdown& run) {
  return run.outcome.kind == OutcomeKind::ok || (is_program(run.spec) && has_peak(run));
}

RunPhrases phrases(const Breakdown& run) {
  const RunSpec& spec = run.spec;
  RunPhrases result;
  result.model = run.model.name.empty() ? spec.model : run.model.name;
  result.command = fmt::format("{}", fmt::join(spec.command, " "));
  result.conditions = fmt::format("{}", fmt::join(conditions_of(spec), " · "));
  if (!is_program(spec)) describe_model_run(spec, result);
  const Environment& environment = run.environment;
  result.device = environment.device_name.empty() ? spec.device : environment.device_name;
  if (environment.device_total_bytes > 0) result.device += ", " + format_bytes(environment.device_total_bytes);
  return result;
}

std::vector<std::string> parts_of(std::string_view phrase) {
  constexpr std::string_view kBetween = " · ";
  std::vector<std::string> parts;
  for (std::size_t end; !phrase.empty(); phrase.remove_prefix(std::min(end + kBetween.size(), phrase.size()))) {
    end = std::min(phrase.find(kBetween), phrase.size());
    parts.emplace_back(phrase.substr(0, end));
  }
  return parts;
}

namespace {

// Of the runs that were measured: of the others the device is not known in full. Of all where none was.
std::vector<RunPhrases> phrases_of_measured(const Report& report) {
  std::vector<RunPhrases> all;
  for (const ReportRun& run : report.runs)
    if (run.breakdown.outcome.kind != OutcomeKind::error) all.push_back(phrases(run.breakdown));
  if (all.empty())
    for (const ReportRun& run : report.runs) all.push_back(phrases(run.breakdown));
  return all;
}

}  // namespace

std::vector<std::string_view> other_differences(const Report& report) {
  std::vector<std::string_view> names;
  if (report.runs.empty() || is_program(report.runs.front().breakdown.spec)) return names;
  const std::vector<RunPhrases> all = phrases_of_measured(report);
  for (const auto& [phrase, name] : {std::pair{&RunPhrases::model, "model"},
                                     {&RunPhrases::shape, "batch or seq"},
                                     {&RunPhrases::mode, "mode"},
                                     {&RunPhrases::dtype, "dtype"},
                                     {&RunPhrases::optimizer, "optimizer"},
                                     {&RunPhrases::attention_kernel, "attention kernel"},
                                     {&RunPhrases::device, "device"},
                                     {&RunPhrases::conditions, "what the device was told"}})
    if (std::any_of(all.begin(), all.end(),
                    [&all, said = phrase](const RunPhrases& p) { return p.*said != all.front().*said; }))
      names.push_back(name);
  return names;
}

Headline headline_of(const Report& report) {
  if (report.runs.empty()) return {"no runs", "", {}};
  const std::vector<RunPhrases> all = phrases_of_measured(report);
  const auto common = [&](std::string RunPhrases::*phrase, const char* otherwise) {
    const bool same =
        std::all_of(all.begin(), all.end(), [&](const RunPhrases& p) { return p.*phrase == all.front().*phrase; });
    return same ? all.front().*phrase : otherwise;
  };
  Headline result;
  const std::string model = common(&RunPhrases::model, "several models");
  const Breakdown& first = report.runs.front().breakdown;
  const bool program = is_program(first.spec);
  result.title = fmt::format("{} · {} {}", model, all.size(), program ? "recordings" : "variants");
  if (all.size() == 1) result.title = program || first.label == model ? model : model + " · " + first.label;
  result.device = common(&RunPhrases::device, "several devices");
  if (result.title == model && !first.model.attention.empty()) result.settings.push_back(first.model.attention);
  for (const auto& [phrase, otherwise] : {std::pair{&RunPhrases::command, "several commands"},
                                          {&RunPhrases::shape, "several shapes"},
                                          {&RunPhrases::mode, "several modes"},
                                          {&RunPhrases::dtype, "several dtypes"},
                                          {&RunPhrases::optimizer, "several optimizers"},
                                          {&RunPhrases::attention_kernel, "several attention kernels"},
                                          {&RunPhrases::conditions, "devices told different things"}})
    for (const std::string& part : parts_of(common(phrase, otherwise))) result.settings.push_back(part);
  return result;
}

}  // namespace headroom
