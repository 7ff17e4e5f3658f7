#include "reports/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/categories.h"
#include "reports/layer_sums.h"
#include "reports/summary.h"
#include "reports/summary_cache.h"
#include "reports/text.h"

namespace headroom {
namespace {

using Row = std::vector<Figure>;

Figure words(std::string_view text) { return Figure::of_text(printable(text)); }

// Columns in which no row has anything but nothing, or 0, leave; the first stays.
FigureTable without_empty_columns(FigureTable table) {
  const auto says = [](const Figure& f) {
    return f.kind == Figure::Kind::text || f.kind == Figure::Kind::percent || f.value != 0;
  };
  for (std::size_t c = table.columns.size(); c-- > 1;) {
    if (std::ranges::any_of(table.rows, [&](const Row& row) { return says(row[c]); })) continue;
    const auto at = static_cast<std::ptrdiff_t>(c);
    table.columns.erase(table.columns.begin() + at);
    for (Row& row : table.rows) row.erase(row.begin() + at);
  }
  return table;
}

std::string name_of(const Report& report, std::size_t index) {
  const bool baseline = report.comparison && report.comparison->baseline == index;
  return report.runs[index].breakdown.label + (baseline ? " (baseline)" : "");
}

std::string failure_word(const Breakdown& run) {
  return run.outcome.kind == OutcomeKind::oom ? "out of memory" : "failed";
}

const char* name_title(const Report& report) {
  return is_program(report.runs.front().breakdown.spec) ? "recording" : "variant";
}

Figure peak_of(const Breakdown& run, Phase phase) {
  const CacheStep* step = run.cache.any() ? run.cache.highest(phase) : nullptr;
  return step == nullptr ? Figure{} : Figure::of_bytes(step->peak_bytes);
}

constexpr std::size_t kComparisonColumns = 14;

Row comparison_row(const Report& report, std::size_t index) {
  const Breakdown& run = report.runs[index].breakdown;
  Row row{words(name_of(report, index))};
  if (!has_figures(run)) {
    row.push_back(words(failure_word(run)));
    row.resize(kComparisonColumns);
    return row;
  }
  const bool is_baseline = report.comparison && report.comparison->baseline == index;
  const ComparisonRow saved = report.comparison && !is_baseline ? report.comparison->rows.at(index) : ComparisonRow{};
  row.insert(row.end(),
             {Figure::of_bytes(run.peak.allocated_bytes), Figure::of_percent(saved.peak_saving_percent),
              Figure::of_bytes(run.peak_reserved_bytes), peak_of(run, Phase::prefill), peak_of(run, Phase::decode),
              Figure::of_count(run.parameter_count), Figure::of_percent(saved.parameter_saving_percent),
              Figure::of_percent(saved.attention_saving_percent), Figure::of_bytes(kept_activation_bytes(run)),
              Figure::of_percent(saved.activation_saving_percent), Figure::of_bytes(cache_bytes_per_token(run)),
              Figure::of_percent(saved.kv_cache_saving_percent),
              run.cache.any() ? Figure::of_bytes(run.cache.bytes) : Figure{}});
  return row;
}

Row category_row(std::string name, const CategoryBytes& bytes, std::int64_t sum) {
  Row row{words(name)};
  for (const std::int64_t of_one : bytes) row.push_back(Figure::of_bytes(of_one));
  row.push_back(Figure::of_bytes(sum));
  return row;
}

FigureTable by_category(const char* first) {
  FigureTable table{{{first, true}}, {}, false};
  for (const CategoryStyle& style : kCategoryStyles) table.columns.push_back({std::string(style.title), false});
  table.columns.push_back({"together", false});
  return table;
}

// Of the rows with bytes, those among the `most` largest.
std::vector<bool> largest(const std::vector<LayerSumRow>& rows, std::size_t most) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].own.bytes != 0) order.push_back(i);
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return rows[i].own.bytes; });
  if (order.size() > most) order.resize(most - 1);
  std::vector<bool> shown(rows.size(), false);
  for (const std::size_t i : order) shown[i] = true;
  return shown;
}

std::string layer_name(const FoldedLayer& layer) {
  return layer.members.size() > 1 ? fmt::format("{} ×{}", layer.path, layer.members.size()) : layer.path;
}

std::string step_name(const Breakdown& run, const StepView& view) {
  if (run.cache.any()) return moment(view.peak.phase, view.step);
  if (run.steps.size() == 1) return std::to_string(view.step);
  return fmt::format("{} ({})", view.step, view.step == 1 ? "first" : "steady");
}

Figure known_bytes(std::int64_t bytes) { return bytes == kUnknownBytes ? Figure{} : Figure::of_bytes(bytes); }

}  // namespace

Figure Figure::of_percent(std::optional<double> percent) {
  if (!percent || !std::isfinite(*percent)) return {};
  return {Kind::percent, {}, 0, *percent};
}

FigureTable comparison_figures(const Report& report) {
  FigureTable table{{{name_title(report), true},
                     {"peak"},
                     {"peak saved"},
                     {"peak reserved"},
                     {"peak of prefill"},
                     {"peak of decode"},
                     {"parameters"},
                     {"parameter bytes saved"},
                     {"attention parameters saved"},
                     {"kept for backward"},
                     {"kept saved"},
                     {"KV cache per token"},
                     {"per token saved"},
                     {"KV cache at the end"}},
                    {},
                    false};
  for (std::size_t i = 0; i < report.runs.size(); ++i) table.rows.push_back(comparison_row(report, i));
  return without_empty_columns(std::move(table));
}

FigureTable comparison_categories(const Report& report) {
  FigureTable table = by_category(name_title(report));
  for (std::size_t i = 0; i < report.runs.size(); ++i)
    if (const PeakView& peak = report.runs[i].breakdown.peak; has_figures(report.runs[i].breakdown))
      table.rows.push_back(category_row(name_of(report, i), peak.categories, peak.allocated_bytes));
  return without_empty_columns(std::move(table));
}

FigureTable category_figures(const Breakdown& run) {
  FigureTable table{{{"category", true}, {"at the peak"}, {"share"}, {"exact bytes"}}, {}, true};
  const std::int64_t total = run.peak.allocated_bytes;
  const auto share = [&](std::int64_t bytes) {
    return total > 0 ? Figure::of_percent(100.0 * static_cast<double>(bytes) / static_cast<double>(total)) : Figure{};
  };
  for (const CategoryStyle& style : kCategoryStyles)
    if (const std::int64_t bytes = bytes_of(run.peak.categories, style.category); bytes != 0)
      table.rows.push_back({words(style.title), Figure::of_bytes(bytes), share(bytes), Figure::of_count(bytes)});
  table.rows.push_back({words("sum"), Figure::of_bytes(total), share(total), Figure::of_count(total)});
  return table;
}

FigureTable layer_figures(const Breakdown& run, std::size_t most) {
  const std::vector<LayerSumRow> rows = layer_sums(run);
  const std::vector<bool> shown = largest(rows, most);
  FigureTable table = by_category("layer");
  table.ends_in_sum = true;
  LayerSums rest;
  std::int64_t rest_count = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const LayerSums& own = rows[i].own;
    if (shown[i]) {
      table.rows.push_back(category_row(layer_name(rows[i].layer), own.categories, own.bytes));
    } else if (own.bytes != 0) {
      ++rest_count;
      rest.bytes += own.bytes;
      for (std::size_t c = 0; c < kCategoryCount; ++c) rest.categories[c] += own.categories[c];
    }
  }
  if (rest_count > 0)
    table.rows.push_back(category_row(fmt::format("{} smaller rows", rest_count), rest.categories, rest.bytes));
  table.rows.push_back(category_row("sum", run.peak.categories, run.peak.allocated_bytes));
  return without_empty_columns(std::move(table));
}

FigureTable tensor_figures(const Breakdown& run, std::size_t most) {
  FigureTable table{
      {{"tensor", true}, {"bytes"}, {"category", true}, {"layer", true}, {"operator", true}, {"allocated in", true}},
      {},
      false};
  const bool lines =
      std::ranges::any_of(run.allocations, [](const Allocation& a) { return a.source != StringId::none; });
  if (lines) table.columns.push_back({"line", true});
  for (std::size_t i = 0; i < std::min(run.peak.live.size(), most); ++i) {
    const Allocation& a = run.allocations.at(static_cast<std::size_t>(run.peak.live[i]));
    const std::string tensor = text_of(run, a.tensor);
    Row row{words(tensor.empty() ? "(scratch)" : tensor),
            Figure::of_bytes(a.block_bytes),
            words(style_of(a.category).title),
            words(layer_path(run, a.layer)),
            words(text_of(run, a.op)),
            words(moment(a.phase, a.step))};
    if (lines) row.push_back(words(text_of(run, a.source)));
    table.rows.push_back(std::move(row));
  }
  return table;
}

FigureTable step_figures(const Breakdown& run) {
  FigureTable table{{{"step", true}, {"peak"}, {"reserved then"}, {"where", true}}, {}, false};
  for (const StepView& view : run.steps)
    table.rows.push_back({words(step_name(run, view)), Figure::of_bytes(view.peak.allocated_bytes),
                          Figure::of_bytes(view.peak.reserved_bytes), words(place(run, view.peak))});
  return table;
}

FigureTable cache_figures(const Breakdown& run) {
  FigureTable table{{{"layers", true}, {"per token"}, {"after prefill"}, {"at the end"}, {"grows", true}}, {}, false};
  if (!run.cache.any()) return table;
  for (const CacheRow& row : cache_rows(run)) {
    const CacheLayer& one = row.of_one;
    const std::int64_t per_token =
        one.bytes_per_token == kUnknownBytes ? one.expected_bytes_per_token : one.bytes_per_token;
    table.rows.push_back({words(row.layer_count > 1 ? fmt::format("{} ×{}", row.name, row.layer_count) : row.name),
                          known_bytes(per_token), Figure::of_bytes(one.prompt_bytes), Figure::of_bytes(one.bytes),
                          words(growth_text(one.growth))});
  }
  return table;
}

}  // namespace headroom
