#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/markup.h"
#include "reports/summary.h"
#include "reports/sweep.h"

namespace headroom {
namespace {

std::string line(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& text : cells) out += " " + text + " |";
  return out + "\n";
}

// The first `left` columns are aligned left, the others right.
std::string head(const std::vector<std::string>& titles, std::size_t left) {
  std::vector<std::string> rule;
  for (std::size_t i = 0; i < titles.size(); ++i) rule.push_back(i < left ? ":---" : "---:");
  return line(titles) + line(rule);
}

bool has(const Sweep& sweep, Category category) {
  return std::ranges::any_of(sweep.rows, [&](const SweepRow& row) {
    return row.result.peak && bytes_of(row.result.peak->categories, category) != 0;
  });
}

std::string size(std::int64_t bytes) { return bytes == 0 ? "0" : format_bytes(bytes); }

std::string runs_table(const Sweep& sweep) {
  std::vector<std::string> titles{"run"};
  for (const std::string& key : sweep.varied) titles.push_back(markdown_text(key));
  titles.insert(titles.end(), {"outcome", "parameters", "peak allocated", "exact bytes", "peak reserved"});
  for (const CategoryStyle& style : kCategoryStyles)
    if (has(sweep, style.category)) titles.push_back(fmt::format("at peak: {}", style.title));
  titles.emplace_back("peak in");
  std::string out = head(titles, 1 + sweep.varied.size() + 1);
  for (const SweepRow& row : sweep.rows) {
    const SweepResult& r = row.result;
    std::vector<std::string> cells{std::to_string(row.number)};
    for (const Json& value : row.settings) cells.push_back(markdown_text(setting_text(value)));
    cells.emplace_back(to_name(kSweepOutcomeNames, r.outcome));
    cells.push_back(r.parameter_count > 0 ? format_count(r.parameter_count) : "");
    cells.push_back(r.peak ? format_bytes(r.peak->allocated_bytes) : "");
    cells.push_back(r.peak ? format_count(r.peak->allocated_bytes) : "");
    cells.push_back(r.peak ? format_bytes(r.peak->reserved_bytes) : "");
    for (const CategoryStyle& style : kCategoryStyles)
      if (has(sweep, style.category)) cells.push_back(r.peak ? size(bytes_of(r.peak->categories, style.category)) : "");
    cells.push_back(r.peak ? markdown_text(moment(r.peak->phase, r.peak->step) + " at " + r.peak->layer) : "");
    out += line(cells);
  }
  return out;
}

std::string scaling_table(const Sweep& sweep, const std::vector<ScalingSeries>& all) {
  std::string out = head({"along", "of", "runs", "slope", "last two"}, 2);
  for (const ScalingSeries& series : all) {
    const ScalingPoints points = points_of(sweep, series);
    out += line({markdown_text(sweep.varied[series.field]), markdown_text(series_words(sweep, series)),
                 std::to_string(points.size()), slope_text(log_log_slope(points)),
                 slope_text(last_log_log_slope(points))});
  }
  return out;
}

std::string reasons(const Sweep& sweep) {
  std::string out;
  for (const SweepRow& row : sweep.rows)
    if (!row.result.reason.empty()) out += fmt::format("- run {}: {}\n", row.number, markdown_text(row.result.reason));
  return out;
}

// "bert-base · batch 8 · train": each made harmless.
std::string joined(const std::vector<std::string>& phrases, const char* between) {
  std::string out;
  for (const std::string& phrase : phrases) out += (out.empty() ? "" : between) + markdown_text(phrase);
  return out;
}

}  // namespace

std::string write_sweep_markdown(const Sweep& sweep, const std::vector<SweepPicture>& pictures) {
  std::string out = "# Sweep\n\n";
  if (const std::string common = joined(sweep_conditions(sweep), " · "); !common.empty()) out += common + "\n\n";
  out += sweep_counts(sweep) + ".";
  if (const std::string names = joined(sweep_devices(sweep), ", "); !names.empty())
    out += " Numbers are of: " + names + ".";
  out += "\n\n";
  const std::vector<ScalingSeries> all = scaling_series(sweep);
  if (!all.empty())
    out +=
        "## How the peak grows\n\nThe slope b of peak = a·x^b, by least squares over all runs of a line and between "
        "its "
        "last two; 1 is linear, 2 quadratic.\n\n" +
        scaling_table(sweep, all) + "\n";
  for (const SweepPicture& picture : pictures)
    out += fmt::format("![{}]({})\n\n", markdown_text(picture.title), picture.file);
  out += "## Runs\n\n" + runs_table(sweep);
  if (const std::string why = reasons(sweep); !why.empty()) out += "\n## What did not run\n\n" + why;
  if (const auto missing = missing_rows(sweep); !missing.empty())
    out += "\nNot here: runs " + number_ranges(missing) + ".\n";
  return out;
}

}  // namespace headroom
