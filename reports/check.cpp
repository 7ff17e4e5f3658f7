#include "reports/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/summary.h"

namespace headroom {
namespace {

std::vector<PeakTensor> largest_tensors(const Breakdown& run) {
  std::vector<PeakTensor> out;
  for (std::size_t i = 0; i < std::min(run.peak.live.size(), kShownTensors); ++i) {
    const Allocation& a = run.allocations.at(static_cast<std::size_t>(run.peak.live[i]));
    const std::string shape = text_of(run, a.tensor);
    out.push_back(
        {shape.empty() ? "(scratch)" : shape, layer_path(run, a.layer), text_of(run, a.op), a.category, a.block_bytes});
  }
  return out;
}

void refuse(CheckedBudget& out, std::uint32_t line, std::string why) {
  out.end = RunEnd::refused;
  out.code = ExitCode::bad_input;
  out.line = line;
  out.message = std::move(why);
}

// The first limit that could not be judged says why, with the layer that may have been meant.
void refuse_unjudged(CheckedBudget& out, const Breakdown& run, const Budget& budget, const Unjudged& unjudged) {
  const Limit& limit = budget.limits[unjudged.limit];
  std::string why = unjudged.why;
  if (limit.metric.kind == MetricKind::layer) {
    std::vector<std::string_view> paths;
    for (const Layer& layer : run.layers) paths.push_back(layer.path);
    if (const std::string near = nearest_name(limit.metric.layers, paths); !near.empty())
      why += fmt::format("; did you mean '{}'?", near);
    why += " (* stands for a part of a path, ** for several)";
  }
  refuse(out, limit.line, why);
}

}  // namespace

Status CheckedBudget::status() const {
  if (end != RunEnd::judged) return Status::failed;
  Status worst = Status::within;
  for (const JudgedLimit& judged : limits) worst = std::max(worst, judged.check.status);
  return worst;
}

ExitCode exit_code_of(const CheckReport& report) {
  ExitCode code = ExitCode::done;
  for (const CheckedBudget& budget : report.budgets) {
    const bool over = budget.status() == Status::failed || (report.strict && budget.status() == Status::warned);
    code = std::max(code, budget.end != RunEnd::judged ? budget.code : over ? ExitCode::over_budget : ExitCode::done);
  }
  return code;
}

CheckedBudget check_budget(const Breakdown& run, const Budget& budget, const Baseline& now, const Baseline* baseline,
                           std::string_view today) {
  CheckedBudget out{.name = now.name, .command = now.command, .device = now.device};
  out.peak_place = place(run, run.peak);
  out.tensors = largest_tensors(run);
  out.cells = changed_cells(baseline ? baseline->layers : LayerCells{}, now.layers);
  if (baseline)
    if (const std::string why = incomparable(*baseline, now); !why.empty()) {
      refuse(out, 0, "it cannot be compared with its baseline: " + why + "; --update-baseline makes the baseline anew");
      return out;
    }
  const Verdict verdict = judge(run, budget, baseline ? std::optional(baseline->figures) : std::nullopt, today);
  if (!verdict.unjudged.empty()) refuse_unjudged(out, run, budget, verdict.unjudged.front());
  for (const Check& check : verdict.checks) {
    const Limit& limit = budget.limits[check.limit];
    std::string layer = check.figure.layer ? layer_path(run, *check.figure.layer) : "";
    if (check.figure.allocation != kNoBlock)
      layer = layer_path(run, run.allocations[static_cast<std::size_t>(check.figure.allocation)].layer);
    out.limits.push_back({limit, check, layer});
  }
  if (baseline)
    if (const auto before = baseline->figures.find("peak"); before != baseline->figures.end())
      out.peak = Change{before->second, run.peak.allocated_bytes};
  return out;
}

}  // namespace headroom
