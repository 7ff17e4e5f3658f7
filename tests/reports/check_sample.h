// Checks for tests of their writers: a failure with a baseline, a warning, one out of memory, and names that are
// hostile to every form.
#pragma once

#include <fmt/format.h>

#include "reports/check.h"
#include "reports/check_update.h"

namespace headroom::check_sample {

inline JudgedLimit judged(Metric metric, Levels levels, Check check, std::uint32_t line, std::string layer = "") {
  return {Limit{.metric = std::move(metric), .levels = levels, .line = line}, check, std::move(layer)};
}

inline CheckedBudget over() {
  CheckedBudget out{.name = "bert-base[batch=8]",
                    .line = 1,
                    .command = "headroom profile bert-base --batch 8",
                    .device = "virtual NVIDIA H100 80GB HBM3"};
  Check peak{.figure = {2'690'123'776}, .status = Status::failed, .allowed = 2ll << 30};
  out.limits = {judged({.kind = MetricKind::peak}, {.fail = 2ll << 30}, peak, 4)};
  out.limits[0].limit.reason = "fits beside the \"data loader\"";
  out.limits[0].limit.exception = Exception{{.fail = 3ll << 30}, "until the new head is fused", "2026-01-31"};
  out.limits[0].check.exception = ExceptionState::expired;
  Check growth{
      .figure = {700}, .before = 600, .status = Status::failed, .allowed = 630, .growth = Growth{50'000, true}};
  out.limits.push_back(judged({.kind = MetricKind::layer, .layers = "encoder.*", .self = true},
                              {.fail_growth = growth.growth}, growth, 9, "encoder.layer"));
  Check kept{.figure = {110'106'428}, .status = Status::within, .allowed = 120'000'000};
  out.limits.push_back(judged({.kind = MetricKind::parameters}, {.fail = 120'000'000}, kept, 5));
  out.peak_place = "backward of step 2 at loss";
  out.peak = Change{2'000'000'000, 2'690'123'776};
  out.cells = {{"encoder.layer.0–11.attention", Category::activation, {1'000'000, 691'000'000}},
               {"head", Category::temporary, {1'000'000, 1'123'776}}};
  out.tensors = {{"[8, 128, 30522] float32", "head", "aten::addmm", Category::activation, 125'018'112}};
  return out;
}

inline CheckedBudget warns() {
  CheckedBudget out{
      .name = "gpt2", .line = 12, .command = "headroom profile gpt2", .device = "virtual NVIDIA H100 80GB HBM3"};
  Check check{.figure = {1 << 20}, .status = Status::warned, .allowed = 1 << 19, .level = Status::warned};
  out.limits = {judged({.kind = MetricKind::category, .category = Category::activation},
                       {.warn = 1 << 19, .fail = 1 << 21}, check, 14)};
  out.peak_place = "forward of step 1 at model";
  out.cells = {{"model", Category::activation, {0, 1 << 20}}};
  return out;
}

inline CheckedBudget out_of_memory() {
  return {.name = "llama-7b",
          .line = 20,
          .command = "headroom profile llama-7b",
          .end = RunEnd::out_of_memory,
          .code = ExitCode::could_not_measure,
          .message = "out of memory on NVIDIA A100: 172 MiB asked for"};
}

inline CheckReport all() { return {"0.1.0", "ci/budgets.toml", false, {over(), warns(), out_of_memory()}}; }

inline CheckReport kept() {
  CheckReport out = all();
  out.budgets = {warns()};
  out.budgets[0].limits[0].check = Check{.figure = {1 << 19}, .allowed = 1 << 21};
  return out;
}

// Each form has characters that end something, and all have line ends, bytes that are no text, and what XML has not.
inline CheckReport hostile() {
  const std::string name = "a]]>\"'&<b>|`*_[x](javascript:1)@team,c:%0A::error::\n\r\x1b[31m\xff\xEF\xBF\xBF";
  CheckReport out = all();
  out.file = "a b,c:%/☃.toml";
  for (CheckedBudget& budget : out.budgets) {
    budget.name = budget.command = budget.device = budget.peak_place = name;
    if (!budget.message.empty()) budget.message = name;
    for (CellChange& cell : budget.cells) cell.layers = name;
    for (PeakTensor& tensor : budget.tensors) tensor.tensor = tensor.layer = tensor.op = name;
    for (JudgedLimit& limit : budget.limits) {
      limit.layer = limit.limit.reason = name;
      if (limit.limit.metric.kind == MetricKind::layer) limit.limit.metric.layers = name;
      if (limit.limit.exception) limit.limit.exception->reason = name;
    }
  }
  return out;
}

inline CheckReport many() {
  CheckReport out = all();
  out.budgets.clear();
  for (int i = 0; i < 600; ++i) {
    out.budgets.push_back(i % 3 == 0 ? warns() : over());
    out.budgets.back().name += fmt::format(" {}", i);
    out.budgets.back().limits[0].check.figure.value += i << 20;
  }
  return out;
}

inline Baseline baseline() {
  Baseline out{.name = "bert-base",
               .command = "headroom profile bert-base",
               .device = "virtual NVIDIA H100 80GB HBM3",
               .torch_version = "2.11.0"};
  out.figures = {{"peak", 6000}, {"parameters", 250}, {"layer.encoder.*", 12}};
  out.layers = {{"head", {{Category::parameter, 1000}}}, {"encoder.0–1", {{Category::activation, 5000}}}};
  return out;
}

}  // namespace headroom::check_sample
