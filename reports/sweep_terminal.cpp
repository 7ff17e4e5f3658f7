#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/summary.h"
#include "reports/sweep.h"
#include "reports/table.h"
#include "reports/terminal.h"

namespace headroom {
namespace {

using terminal::Page;

constexpr const char* kNothing = "–";
constexpr std::size_t kShownReasons = 8;

Cell size(const std::optional<SweepPeak>& peak, std::int64_t bytes, Style style = Style::plain) {
  if (!peak) return {kNothing, Style::dim};
  return bytes == 0 ? Cell{"0", Style::dim} : Cell{format_bytes(bytes), style};
}

Cell outcome_cell(SweepOutcome outcome) {
  constexpr std::array kWords{"ok", "OOM", "refused", "failed"};
  const Style style = outcome == SweepOutcome::ok        ? Style::plain
                      : outcome == SweepOutcome::refused ? Style::dim
                                                         : Style::bad;
  return {kWords[static_cast<std::size_t>(outcome)], style};
}

struct CategoryColumn {
  Category category{};
  Column column;
};

// Those that some run has at its peak.
std::vector<CategoryColumn> category_columns(const Sweep& sweep) {
  std::vector<CategoryColumn> found;
  for (const CategoryColumn& one : std::vector<CategoryColumn>{{Category::parameter, {"para-\nmeters", 3}},
                                                               {Category::gradient, {"\ngradients", 9}},
                                                               {Category::optimizer_state, {"optimizer\nstate", 8}},
                                                               {Category::activation, {"acti-\nvations", 2}},
                                                               {Category::temporary, {"tempo-\nraries", 7}},
                                                               {Category::kv_cache, {"KV\ncache", 5}}}) {
    if (std::ranges::none_of(sweep.rows, [&](const SweepRow& row) {
          return row.result.peak && bytes_of(row.result.peak->categories, one.category) != 0;
        }))
      continue;
    found.push_back(one);
    found.back().column.name = style_of(one.category).title;
  }
  return found;
}

// The first fields stay at any width, the number of the run tells rows apart all the same.
std::vector<Column> run_columns(const Sweep& sweep) {
  std::vector<Column> columns{{"run", 0}};
  for (std::size_t i = 0; i < sweep.varied.size(); ++i) {
    const bool words = std::ranges::any_of(sweep.rows, [&](const SweepRow& r) { return r.settings[i].is_string(); });
    columns.push_back({printable(sweep.varied[i]), i < 2 ? 0 : 2, words});
  }
  columns.push_back({"outcome", 1, true});
  columns.push_back({"peak\nallocated", 0});
  columns.push_back({"exact\nbytes", 12, false, "exact bytes"});
  columns.push_back({"peak\nreserved", 4, false, "peak reserved"});
  for (const CategoryColumn& one : category_columns(sweep)) columns.push_back(one.column);
  columns.push_back({"peak in", 13, true});
  return columns;
}

std::vector<Cell> run_cells(const SweepRow& row, const std::vector<CategoryColumn>& categories) {
  const SweepResult& r = row.result;
  std::vector<Cell> cells{{std::to_string(row.number), Style::dim}};
  for (const Json& value : row.settings)
    cells.push_back(value.is_null() ? Cell{"default", Style::dim} : Cell{printable(setting_text(value))});
  const SweepPeak peak = r.peak.value_or(SweepPeak());
  cells.push_back(outcome_cell(r.outcome));
  cells.push_back(size(r.peak, peak.allocated_bytes, Style::bold));
  cells.push_back(r.peak ? Cell{format_count(peak.allocated_bytes)} : Cell{kNothing, Style::dim});
  cells.push_back(size(r.peak, peak.reserved_bytes));
  for (const CategoryColumn& one : categories) cells.push_back(size(r.peak, bytes_of(peak.categories, one.category)));
  cells.push_back(r.peak ? Cell{printable(moment(peak.phase, peak.step) + " at " + peak.layer)}
                         : Cell{kNothing, Style::dim});
  return cells;
}

std::string runs(const Sweep& sweep, const Page& page) {
  Table table(run_columns(sweep));
  const std::vector<CategoryColumn> categories = category_columns(sweep);
  for (const SweepRow& row : sweep.rows) table.add_row(run_cells(row, categories));
  const std::string missing = terminal::not_shown(table, page);
  return table.render(page.width, page.color) + (missing.empty() ? "" : terminal::paragraph(missing, Style::dim, page));
}

std::string slopes(const Sweep& sweep, const Page& page) {
  const std::vector<ScalingSeries> all = scaling_series(sweep);
  if (all.empty()) return "";
  Table table({{"the peak grows along", 0, true}, {"of", 0, true}, {"runs", 3}, {"slope", 0}, {"last two", 0}});
  for (const ScalingSeries& series : all) {
    const ScalingPoints points = points_of(sweep, series);
    table.add_row({{printable(sweep.varied[series.field])},
                   {printable(series_words(sweep, series))},
                   {std::to_string(points.size()), Style::dim},
                   {slope_text(log_log_slope(points)), Style::bold},
                   {slope_text(last_log_log_slope(points))}});
  }
  return "\n" + table.render(page.width, page.color) +
         terminal::paragraph(
             "Slope b of peak = a·x^b: over all runs of a line by least squares, and between its last two.", Style::dim,
             page);
}

std::string reasons(const Sweep& sweep, const Page& page) {
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> found;
  std::map<std::string, std::size_t> places;
  for (const SweepRow& row : sweep.rows) {
    if (row.result.reason.empty()) continue;
    const auto [place, is_new] = places.emplace(row.result.reason, found.size());
    if (is_new) found.push_back({row.result.reason, {}});
    found[place->second].second.push_back(row.number);
  }
  std::string out = found.empty() ? "" : "\n";
  for (std::size_t i = 0; i < std::min(found.size(), kShownReasons); ++i) {
    const auto& [reason, numbers] = found[i];
    const std::string who = (numbers.size() == 1 ? "run " : "runs ") + number_ranges(numbers);
    out += terminal::paragraph(who + ": " + printable(reason), Style::plain, page);
  }
  if (found.size() > kShownReasons)
    out += terminal::paragraph(fmt::format("{} more reasons are in results.csv.", found.size() - kShownReasons),
                               Style::dim, page);
  return out;
}

std::string devices(const Sweep& sweep, const Page& page) {
  std::string out;
  for (const std::string& name : sweep_devices(sweep)) out += terminal::paragraph(printable(name), Style::plain, page);
  return out;
}

}  // namespace

std::string write_sweep_terminal(const Sweep& sweep, const TerminalOptions& options) {
  const Page page{static_cast<std::size_t>(std::clamp(options.width, 40, 400)), options.color};
  std::string out = terminal::paragraph(sweep_counts(sweep), Style::bold, page) +
                    terminal::joined(sweep_conditions(sweep), Style::plain, page) + devices(sweep, page) + "\n" +
                    runs(sweep, page) + slopes(sweep, page) + reasons(sweep, page);
  if (const auto missing = missing_rows(sweep); !missing.empty())
    out += "\n" + terminal::paragraph("Not here: runs " + number_ranges(missing) + ".", Style::plain, page);
  return out;
}

}  // namespace headroom
