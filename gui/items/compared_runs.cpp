#include "gui/items/compared_runs.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/layer_union.h"
#include "analysis/reproduction/memory.h"
#include "gui/views/number_marks.h"
#include "gui/views/text.h"
#include "reports/diff_words.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("ComparedRuns", text); }
const QString kNothing = QStringLiteral("–");

std::size_t at(std::int64_t row) { return static_cast<std::size_t>(row); }

const Breakdown& breakdown(const ComparedRuns& runs, std::size_t run) { return runs.runs[run].run->breakdown; }

// Those that are loaded, as indices into runs.
std::vector<std::size_t> loaded(const ComparedRuns& runs) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < runs.runs.size(); ++i)
    if (runs.runs[i].run) all.push_back(i);
  return all;
}

// What the words of a comparison need of a run, without its allocations.
Breakdown described(const Breakdown& run) {
  Breakdown out;
  out.label = run.label;
  out.spec = run.spec;
  out.environment = run.environment;
  out.outcome = run.outcome;
  out.model = run.model;
  return out;
}

void find_differences(ComparedRuns& runs, const std::vector<std::size_t>& ready) {
  Report report;
  for (const std::size_t i : ready) report.runs.push_back({.breakdown = described(breakdown(runs, i))});
  for (const std::string_view name : other_differences(report)) runs.differences.push_back(to_text(name));
}

void find_capacity(ComparedRuns& runs, const std::vector<std::size_t>& ready) {
  const auto total = [&](std::size_t i) { return breakdown(runs, i).environment.device_total_bytes; };
  std::int64_t first = 0;  // 0: not known, as of a CPU
  for (const std::size_t i : ready)
    if (first == 0) first = total(i);
  if (std::ranges::all_of(ready, [&](std::size_t i) { return total(i) == 0 || total(i) == first; }))
    runs.capacity_bytes = first;
}

void add_up_layers(ComparedRuns& runs, const std::vector<std::size_t>& ready) {
  std::vector<const std::vector<Layer>*> all;
  for (const std::size_t i : ready) all.push_back(&breakdown(runs, i).layers);
  const std::vector<UnitedLayer> united = unite_layers(all);
  runs.layers = fold_layers(layers_of(united));
  for (std::size_t n = 0; n < ready.size(); ++n) {
    const std::vector<std::int64_t> bytes = total_bytes_at_peak(united, breakdown(runs, ready[n]), n);
    std::vector<std::int64_t>& rows = runs.runs[ready[n]].layer_bytes;
    for (const FoldedLayer& row : runs.layers) {
      std::int64_t sum = 0;
      for (const LayerId member : row.members) sum += bytes[static_cast<std::size_t>(member)];
      rows.push_back(sum);
    }
  }
}

std::int64_t layer_difference(const ComparedRuns& runs, std::size_t run, std::size_t row) {
  return runs.runs[run].layer_bytes[row] - runs.runs[at(runs.baseline)].layer_bytes[row];
}

void find_largest_difference(ComparedRuns& runs, const std::vector<std::size_t>& ready) {
  for (const std::size_t run : ready)
    for (std::size_t row = 1; row < runs.layers.size(); ++row)
      runs.largest_difference_bytes =
          std::max(runs.largest_difference_bytes, std::abs(layer_difference(runs, run, row)));
}

void add_savings(ComparedRuns& runs, const std::vector<std::size_t>& ready) {
  std::vector<const Breakdown*> all;
  std::size_t baseline = 0;
  for (const std::size_t i : ready) {
    if (runs.is_baseline(i)) baseline = all.size();
    all.push_back(&breakdown(runs, i));
  }
  const Comparison comparison = compare(all, baseline);
  for (std::size_t n = 0; n < ready.size(); ++n) {
    ComparisonRow row = comparison.rows[n];
    const bool knows_no_model =
        is_program(all[n]->spec) && all[n]->parameter_bytes == 0;  // then nothing is saved of it
    if (knows_no_model) row = {.label = row.label, .peak_saving_percent = row.peak_saving_percent};
    runs.runs[ready[n]].savings = row;
  }
}

// Sorted by a number; runs without one stand last whichever way.
QVariant order_of(const std::optional<double>& value) { return value ? QVariant(*value) : QVariant(-1e300); }

QString saving_text(const std::optional<double>& percent) { return percent ? percent_text(*percent) : kNothing; }

Column run_column(ComparedRunsHandle runs) {
  return text_column(tr("Run"), tr("What the run is called; the baseline is marked."), [runs](std::int64_t row) {
    const QString label = runs->runs[at(row)].label;
    return runs->is_baseline(at(row)) ? tr("%1 (baseline)").arg(label) : label;
  });
}

Column saving_column(ComparedRunsHandle runs, const QString& title, const QString& meaning,
                     std::optional<double> ComparisonRow::*saving) {
  return {.title = title,
          .meaning = meaning,
          .text =
              [=](std::int64_t row) {
                const auto& value = runs->runs[at(row)].savings.*saving;
                return runs->is_baseline(at(row)) && value ? tr("baseline") : saving_text(value);
              },
          .value =
              [=](std::int64_t row) {
                const auto& value = runs->runs[at(row)].savings.*saving;
                return value ? QVariant(*value) : QVariant(QString());
              },
          .order = [=](std::int64_t row) { return order_of(runs->runs[at(row)].savings.*saving); },
          .heat =
              [=](std::int64_t row) {
                const auto& value = runs->runs[at(row)].savings.*saving;
                return value ? std::clamp(-*value / 100, -1.0, 1.0) : 0.0;
              }};
}

// Bytes of a run, where there is one and it has the figure.
Column figure_column(ComparedRunsHandle runs, const QString& title, const QString& meaning,
                     std::function<std::int64_t(const ComparedRun&)> bytes) {
  const auto value = [=](std::int64_t row) {
    const ComparedRun& run = runs->runs[at(row)];
    return run.run ? bytes(run) : 0;
  };
  return {.title = title,
          .meaning = meaning,
          .text = [=](std::int64_t row) { return value(row) > 0 ? size_text(value(row)) : kNothing; },
          .value = [=](std::int64_t row) { return QVariant(static_cast<qlonglong>(value(row))); },
          .tooltip = [=](std::int64_t row) { return value(row) > 0 ? exact_text(value(row)) : QString(); }};
}

Column trouble_column(ComparedRunsHandle runs) {
  return text_column(tr("Outcome"), tr("How the run ended."), [runs](std::int64_t row) {
    const QString trouble = trouble_of(runs->runs[at(row)]);
    return trouble.isEmpty() ? tr("ok") : trouble;
  });
}

// "22.0 MiB (91.67 %)": bytes, and what they save against the baseline's.
Column paper_column(ComparedRunsHandle runs, const QString& title, const QString& meaning,
                    std::function<std::int64_t(const reproduction::MemoryRow&)> bytes) {
  Column column = figure_column(runs, title, meaning, [=](const ComparedRun& run) { return bytes(run.memory); });
  column.text = [=](std::int64_t row) {
    const std::int64_t own = bytes(runs->runs[at(row)].memory);
    if (own <= 0) return kNothing;
    const std::int64_t base = runs->has_baseline() ? bytes(runs->runs[at(runs->baseline)].memory) : 0;
    if (base <= 0) return size_text(own);
    const double saving = 100.0 * (1.0 - static_cast<double>(own) / static_cast<double>(base));
    return QStringLiteral("%1 (%2 %)").arg(size_text(own), in_language(QString::number(saving, 'f', 2)));
  };
  return column;
}

// Of all differences to the baseline the largest is 1.
double layer_heat(const ComparedRuns& runs, std::size_t run, std::size_t row) {
  const auto most = static_cast<double>(std::max<std::int64_t>(runs.largest_difference_bytes, 1));
  return std::clamp(static_cast<double>(layer_difference(runs, run, row)) / most, -1.0, 1.0);
}

QString layer_text(const ComparedRuns& runs, std::size_t run, std::size_t row, LayerCells cells) {
  const std::int64_t bytes = runs.runs[run].layer_bytes[row];
  if (runs.is_baseline(run) || !runs.has_baseline()) return size_text(bytes);
  const QString difference = in_language(to_text(signed_bytes(layer_difference(runs, run, row))));
  if (cells == LayerCells::difference) return difference;
  return layer_difference(runs, run, row) == 0 ? size_text(bytes)
                                               : QStringLiteral("%1  %2").arg(size_text(bytes), difference);
}

Column layer_column(ComparedRunsHandle runs, std::size_t run, LayerCells cells) {
  const bool is_baseline = runs->is_baseline(run);
  const auto bytes = [=](std::int64_t row) { return runs->runs[run].layer_bytes[at(row)]; };
  Column column{
      .title = is_baseline ? tr("%1 (baseline)").arg(runs->runs[run].label) : runs->runs[run].label,
      .meaning = is_baseline
                     ? tr("Bytes at the peak of the baseline, with the layers below.")
                     : tr("Bytes at the peak of this run, with the layers below, and the difference to the baseline."),
      .text = [=](std::int64_t row) { return layer_text(*runs, run, at(row), cells); },
      .value = [=](std::int64_t row) { return QVariant(static_cast<qlonglong>(bytes(row))); },
      .tooltip = [=](std::int64_t row) { return exact_text(bytes(row)); }};
  if (runs->has_baseline() && !is_baseline)
    column.heat = [=](std::int64_t row) { return layer_heat(*runs, run, at(row)); };
  return column;
}

}  // namespace

ComparedRuns runs_of(const Session& session) {
  ComparedRuns out;
  for (int i = 0; i < static_cast<int>(session.runs().size()); ++i) {
    const SessionRun& run = session.runs()[at(i)];
    out.runs.push_back(
        {.index = i, .id = run.id, .label = run.label, .state = run.state, .message = run.message, .run = run.loaded});
    if (i == session.baseline() && run.loaded) out.baseline = i;
  }
  return out;
}

ComparedRuns compared(ComparedRuns runs) {
  const std::vector<std::size_t> ready = loaded(runs);
  if (ready.empty()) return runs;
  find_differences(runs, ready);
  find_capacity(runs, ready);
  add_up_layers(runs, ready);
  if (runs.has_baseline()) {
    find_largest_difference(runs, ready);
    add_savings(runs, ready);
  }
  for (const std::size_t i : ready)
    runs.runs[i].memory = reproduction::memory_of(breakdown(runs, i), breakdown(runs, i).model.attention);
  return runs;
}

ComparedRuns ordered(ComparedRuns runs, RunOrder order) {
  const int baseline = runs.has_baseline() ? runs.runs[at(runs.baseline)].index : -1;
  const auto peak = [](const ComparedRun& run) {
    return run.run ? run.run->breakdown.peak.allocated_bytes : std::numeric_limits<std::int64_t>::max();
  };
  std::ranges::stable_sort(runs.runs, {}, &ComparedRun::index);
  if (order == RunOrder::peak) std::ranges::stable_sort(runs.runs, {}, peak);
  if (order == RunOrder::name)
    std::ranges::stable_sort(runs.runs, [](const ComparedRun& a, const ComparedRun& b) {
      return QString::localeAwareCompare(a.label, b.label) < 0;
    });
  for (std::size_t i = 0; i < runs.runs.size(); ++i)
    if (runs.runs[i].index == baseline) runs.baseline = static_cast<int>(i);
  return runs;
}

QString trouble_of(const ComparedRun& run) {
  if (run.state == RunState::loading && !run.run) return tr("loading: %1").arg(run.message);
  if (!run.run) return run.message;
  const Outcome& outcome = run.run->breakdown.outcome;
  if (outcome.kind == OutcomeKind::oom)
    return tr("out of memory: %1 were asked for, %2 were free")
        .arg(size_text(outcome.failed_request_bytes), size_text(outcome.free_bytes));
  if (outcome.kind == OutcomeKind::error) return tr("failed: %1").arg(to_text(outcome.message));
  return {};
}

std::vector<Column> saving_columns(ComparedRunsHandle runs) {
  const auto any = [&](auto holds) { return std::ranges::any_of(runs->runs, holds); };
  std::vector<Column> columns{
      run_column(runs),
      figure_column(runs, tr("Peak"), tr("Bytes allocated at the peak."),
                    [](const ComparedRun& r) { return r.run->breakdown.peak.allocated_bytes; }),
      saving_column(runs, tr("saved"), tr("Percent of the baseline's peak that this run does without."),
                    &ComparisonRow::peak_saving_percent),
      figure_column(runs, tr("Reserved"), tr("The most that the allocator had reserved of the device."),
                    [](const ComparedRun& r) { return r.run->breakdown.peak_reserved_bytes; }),
      figure_column(runs, tr("Parameters"), tr("Bytes of all parameters."),
                    [](const ComparedRun& r) { return r.run->breakdown.parameter_bytes; }),
      saving_column(runs, tr("saved"), tr("Percent of the baseline's parameter bytes."),
                    &ComparisonRow::parameter_saving_percent),
      saving_column(runs, tr("of attention"),
                    tr("Percent of the parameters of the baseline's attention, with their biases and W^O."),
                    &ComparisonRow::attention_saving_percent),
      figure_column(runs, tr("Kept for backward"), tr("Requested bytes of activations in the last step."),
                    [](const ComparedRun& r) { return kept_activation_bytes(r.run->breakdown); }),
      saving_column(runs, tr("saved"), tr("Percent of what the baseline keeps for backward."),
                    &ComparisonRow::activation_saving_percent)};
  if (any([](const ComparedRun& r) { return r.run && cache_bytes_per_token(r.run->breakdown) > 0; })) {
    columns.push_back(figure_column(runs, tr("Cache a token"), tr("KV cache of one token of one sequence, all layers."),
                                    [](const ComparedRun& r) { return cache_bytes_per_token(r.run->breakdown); }));
    columns.push_back(saving_column(runs, tr("saved"), tr("Percent of the baseline's cache a token."),
                                    &ComparisonRow::kv_cache_saving_percent));
  }
  if (any([](const ComparedRun& r) { return !trouble_of(r).isEmpty(); })) columns.push_back(trouble_column(runs));
  return columns;
}

std::vector<Column> layer_columns(ComparedRunsHandle runs, LayerCells cells) {
  std::vector<Column> columns{
      text_column(tr("Layer"), tr("Equal layers in a row are one row."), [runs](std::int64_t row) {
        const FoldedLayer& layer = runs->layers[at(row)];
        return QString(layer.depth * 3, QChar(0xA0)) + to_text(layer.name);
      })};
  columns.front().value = [runs](std::int64_t row) { return QVariant(to_text(runs->layers[at(row)].path)); };
  columns.front().tooltip = [runs](std::int64_t row) { return to_text(runs->layers[at(row)].path); };
  for (const std::size_t run : loaded(*runs)) columns.push_back(layer_column(runs, run, cells));
  return columns;
}

std::vector<Column> paper_columns(ComparedRunsHandle runs) {
  using reproduction::MemoryRow;
  return {run_column(runs),
          paper_column(
              runs, tr("Attention: kept"),
              tr("What the first self-attention leaves for backward in a training step; its input is not counted."),
              [](const MemoryRow& m) { return m.attention.kept_bytes; }),
          paper_column(runs, tr("Attention: at work"),
                       tr("The most that it holds at once in forward and backward, without parameters and gradients."),
                       [](const MemoryRow& m) { return m.attention.peak_bytes; }),
          paper_column(runs, tr("Parameters"), tr("Of the whole model, in the last step."),
                       [](const MemoryRow& m) { return m.parameter_bytes; }),
          paper_column(runs, tr("Gradients"), tr("The most alive at once in the last step."),
                       [](const MemoryRow& m) { return m.gradient_bytes; }),
          paper_column(runs, tr("Optimizer state"), tr("The most alive at once in the last step."),
                       [](const MemoryRow& m) { return m.optimizer_state_bytes; }),
          paper_column(runs, tr("Activations"), tr("Kept for backward by all layers in the last step."),
                       [](const MemoryRow& m) { return m.activation_bytes; }),
          paper_column(runs, tr("Training peak"), tr("Allocated at the peak of a run that trains."),
                       [](const MemoryRow& m) { return m.training_peak_bytes; }),
          paper_column(runs, tr("Inference peak"), tr("Allocated at the peak of a forward pass without gradients."),
                       [](const MemoryRow& m) { return m.inference_peak_bytes; }),
          paper_column(runs, tr("Cache a token"), tr("Keys and values of one token in all decoder layers."),
                       [](const MemoryRow& m) { return m.cache_bytes_per_token; })};
}

}  // namespace headroom::gui
