#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/remarks.h"
#include "reports/summary.h"
#include "reports/table.h"
#include "reports/terminal.h"

namespace headroom::terminal {
namespace {

constexpr const char* kNothing = "–";

// The columns of the table, in order; a run makes one cell of each.
enum At : std::size_t {
  variant,
  peak,
  peak_exact,
  peak_saving,
  prefill_peak,
  decode_peak,
  reserved,
  parameter,
  gradient,
  optimizer_state,
  activation,
  cache,
  scratch,
  rest,
  kept,
  kept_saving,
  attention_saving,
  kv_per_token,
  kv_saving,
  kv_at_end,
  column_count
};

// `generates`: the runs do, and their cache is what matters.
std::vector<Column> columns(bool generates) {
  std::vector<Column> c(column_count);
  c[variant] = {"variant", 0, true};
  c[peak] = {"peak\nallocated", 0};
  c[peak_exact] = {"exact\nbytes", 13, false, "exact bytes"};
  c[peak_saving] = {"peak\nsaved", 1};
  c[prefill_peak] = {"prefill\npeak", 5};
  c[decode_peak] = {"decode\npeak", 5};
  c[reserved] = {"peak\nreserved", 7};
  c[parameter] = {"at peak:\nparameters", 3, false, "parameters"};
  c[gradient] = {"\ngradients", 4, false, "gradients"};
  c[optimizer_state] = {"optimizer\nstate", 5};
  c[activation] = {"acti-\nvations", 6, false, "activations"};
  c[cache] = {"KV\ncache", 4, false, "KV cache"};
  c[scratch] = {"temporaries\n+workspace", 8, false, "temporaries + workspace"};
  c[rest] = {"\nother", 12, false, "other"};
  c[kept] = {"kept for\nbackward", 9};
  c[kept_saving] = {"kept\nsaved", 11};
  c[attention_saving] = {"attention\nparams\nsaved", 2};
  c[kv_per_token] = {"KV cache\nper token", generates ? 1 : 10};
  c[kv_saving] = {"per token\nsaved", 2};
  c[kv_at_end] = {"KV cache\nat the end", 3};
  return c;
}

Cell size(std::int64_t bytes) { return bytes == 0 ? Cell{"0", Style::dim} : Cell{format_bytes(bytes)}; }

Cell saving(const std::optional<double>& value) {
  if (!value) return {kNothing, Style::dim};
  return {percent(*value), *value > 0.05 ? Style::good : *value < -0.05 ? Style::bad : Style::dim};
}

// What no other column of the table shows.
std::int64_t rest_bytes(const Breakdown& run) {
  const CategoryBytes& c = run.peak.categories;
  const std::int64_t cache = run.cache.any() ? 0 : bytes_of(c, Category::kv_cache);
  return cache + bytes_of(c, Category::input) + bytes_of(c, Category::other);
}

void fill_cache(std::vector<Cell>& cells, const Breakdown& run) {
  if (!run.cache.any()) return;
  const auto peak_of = [&](Phase phase) {
    const CacheStep* step = run.cache.highest(phase);
    return step ? size(step->peak_bytes) : Cell{kNothing, Style::dim};
  };
  cells[prefill_peak] = peak_of(Phase::prefill);
  cells[decode_peak] = peak_of(Phase::decode);
  cells[cache] = size(bytes_of(run.peak.categories, Category::kv_cache));
  cells[kv_per_token] = size(cache_bytes_per_token(run));
  cells[kv_at_end] = size(run.cache.bytes);
}

void fill_sizes(std::vector<Cell>& cells, const Breakdown& run) {
  const CategoryBytes& c = run.peak.categories;
  cells[peak] = {format_bytes(run.peak.allocated_bytes), Style::bold};
  cells[peak_exact] = {format_count(run.peak.allocated_bytes)};
  cells[reserved] = size(run.peak_reserved_bytes);
  cells[parameter] = size(bytes_of(c, Category::parameter));
  cells[gradient] = size(bytes_of(c, Category::gradient));
  cells[optimizer_state] = size(bytes_of(c, Category::optimizer_state));
  cells[activation] = size(bytes_of(c, Category::activation));
  cells[scratch] = size(bytes_of(c, Category::temporary) + bytes_of(c, Category::workspace));
  cells[rest] = size(rest_bytes(run));
  cells[kept] = size(kept_activation_bytes(run));
  fill_cache(cells, run);
}

void fill_savings(std::vector<Cell>& cells, const ComparisonRow& row, bool baseline) {
  const Cell mark{"baseline", Style::dim};
  cells[peak_saving] = baseline ? mark : saving(row.peak_saving_percent);
  cells[kept_saving] = baseline ? Cell{"–", Style::dim} : saving(row.activation_saving_percent);
  cells[attention_saving] = baseline ? Cell{"–", Style::dim} : saving(row.attention_saving_percent);
  cells[kv_saving] = baseline ? Cell{"–", Style::dim} : saving(row.kv_cache_saving_percent);
}

std::vector<Cell> row(const Report& report, std::size_t index) {
  const Breakdown& run = report.runs[index].breakdown;
  std::vector<Cell> cells(column_count, Cell{kNothing, Style::dim});
  const bool baseline = report.comparison && report.comparison->baseline == index;
  cells[variant] = {printable(run.label) + (baseline ? " *" : ""), baseline ? Style::bold : Style::plain};
  const std::int64_t kv = run.model.kv_cache_bytes_per_token;
  cells[kv_per_token] = kv == 0 ? Cell{kNothing, Style::dim} : Cell{format_bytes(kv)};
  if (!has_figures(run)) {
    cells[peak] = {run.outcome.kind == OutcomeKind::oom ? "OOM" : "failed", Style::bad};
    return cells;
  }
  fill_sizes(cells, run);
  if (report.comparison && index < report.comparison->rows.size())
    fill_savings(cells, report.comparison->rows[index], baseline);
  return cells;
}

// Columns that say nothing in any row leave the table.
bool all_runs(const Report& report, bool (*predicate)(const Breakdown&)) {
  return std::all_of(report.runs.begin(), report.runs.end(),
                     [&](const ReportRun& r) { return predicate(r.breakdown); });
}

bool keeps_nothing(const Breakdown& run) { return kept_activation_bytes(run) == 0; }

bool generates(const Report& report) {
  return std::ranges::any_of(report.runs, [](const ReportRun& r) { return r.breakdown.cache.any(); });
}

bool is_useful(const Report& report, std::size_t column) {
  const auto none = [&](auto predicate) {
    return std::ranges::none_of(report.runs, [&](const ReportRun& r) { return predicate(r.breakdown); });
  };
  switch (column) {
    case peak_saving:
      return report.comparison.has_value();
    case prefill_peak:
    case decode_peak:
    case cache:
    case kv_at_end:
      return generates(report);
    case gradient:
    case optimizer_state:
    case activation:
      return !none(trains);
    case rest:
      return !none([](const Breakdown& b) { return rest_bytes(b) != 0; });
    case kept:
      return !all_runs(report, keeps_nothing);
    case kept_saving:
      return report.comparison && !all_runs(report, keeps_nothing);
    case attention_saving:
      return report.comparison && std::ranges::any_of(report.comparison->rows, [](const auto& row) {
               return row.attention_saving_percent.has_value();
             });
    case kv_per_token:
      return generates(report) || !none([](const Breakdown& b) { return b.model.kv_cache_bytes_per_token != 0; });
    case kv_saving:
      return report.comparison && generates(report);
    default:
      return true;
  }
}

std::vector<std::size_t> useful_columns(const Report& report) {
  std::vector<std::size_t> useful;
  for (std::size_t i = 0; i < column_count; ++i)
    if (is_useful(report, i)) useful.push_back(i);
  return useful;
}

template <class T>
std::vector<T> pick(const std::vector<T>& all, const std::vector<std::size_t>& indices) {
  std::vector<T> out;
  for (const std::size_t i : indices) out.push_back(all[i]);
  return out;
}

Table make_table(const Report& report) {
  const std::vector<std::size_t> useful = useful_columns(report);
  std::vector<Column> all = columns(generates(report));
  if (is_program(report.runs.front().breakdown.spec)) all[variant].title = "recording";
  Table table(pick(all, useful));
  for (std::size_t i = 0; i < report.runs.size(); ++i) table.add_row(pick(row(report, i), useful));
  return table;
}

std::string legend(const Report& report, const Table& table, const Page& page) {
  std::string out;
  if (report.comparison) out += "* baseline of the savings. ";
  const std::vector<std::string> missing = table.left_out(page.width);
  const bool shows_kept = !all_runs(report, keeps_nothing) &&
                          std::find(missing.begin(), missing.end(), "kept for backward") == missing.end();
  if (shows_kept)
    out += "Kept for backward is what the last step's operators requested, before the allocator's rounding. ";
  out += not_shown(table, page);
  return out.empty() ? "" : paragraph(out, Style::dim, page);
}

constexpr std::size_t kLeastChartWidth = 60;

// What is in use at a peak as one bar, `most` bytes being `width` columns; without colour each category is a letter.
std::string stacked_bar(const Breakdown& run, std::int64_t most, std::size_t width, bool color) {
  std::string out;
  std::int64_t below = 0;
  const auto column = [&](std::int64_t bytes) {
    return static_cast<std::size_t>(
        std::llround(static_cast<double>(bytes) / static_cast<double>(most) * static_cast<double>(width)));
  };
  for (const CategoryStyle& style : kCategoryStyles) {
    const std::int64_t above = below + bytes_of(run.peak.categories, style.category);
    std::string part;
    for (std::size_t i = column(below); i < column(above); ++i) part += color ? "█" : std::string(1, style.letter);
    if (!part.empty()) out += paint_ansi(part, style.ansi_color, color);
    below = above;
  }
  return out;
}

std::string chart_legend(const std::vector<const Breakdown*>& runs, const Page& page) {
  std::string out;
  std::size_t used = 0;
  for (const CategoryStyle& style : kCategoryStyles) {
    const auto uses = [&](const Breakdown* run) { return bytes_of(run->peak.categories, style.category) != 0; };
    if (std::none_of(runs.begin(), runs.end(), uses)) continue;
    const std::size_t width = 2 + display_width(style.title);
    if (used > 0) out += used + 2 + width > page.width ? "\n" : "  ";
    used = used == 0 || used + 2 + width > page.width ? width : used + 2 + width;
    out += paint_ansi(page.color ? "█" : std::string(1, style.letter), style.ansi_color, page.color) + " " +
           std::string(style.title);
  }
  return out + "\n";
}

// The runs' peaks as bars on one scale.
std::string chart(const Report& report, const Page& page) {
  std::vector<const Breakdown*> runs;
  std::int64_t most = 0;
  std::size_t label_width = 0;
  for (const ReportRun& r : report.runs) {
    if (!has_figures(r.breakdown) || !has_peak(r.breakdown)) continue;
    runs.push_back(&r.breakdown);
    most = std::max(most, r.breakdown.peak.allocated_bytes);
    label_width = std::max(label_width, display_width(shorten(printable(r.breakdown.label), 24)));
  }
  if (most == 0 || page.width < kLeastChartWidth) return "";
  const std::size_t bar_width = page.width - label_width - 2;
  std::string out;
  for (const Breakdown* run : runs)
    out += pad_right(shorten(printable(run->label), 24), label_width) + "  " +
           stacked_bar(*run, most, bar_width, page.color) + "\n";
  return out + chart_legend(runs, page) + "\n";
}

// One line where all runs peak at the same place, else one for each.
std::string places(const Report& report, const Page& page) {
  std::vector<std::string> lines, where;
  for (const ReportRun& r : report.runs) {
    const Breakdown& run = r.breakdown;
    if (!has_peak(run) || !has_figures(run)) continue;
    where.push_back(place(run, run.peak));
    lines.push_back(fmt::format("{}: {} in {}", run.label, exact(run.peak.allocated_bytes), where.back()));
  }
  if (lines.empty()) return "";
  if (std::all_of(where.begin(), where.end(), [&](const auto& w) { return w == where.front(); }))
    return paragraph(fmt::format("The peak is in {}{}.", where.front(),
                                 where.size() < 2    ? ""
                                 : report.comparison ? " for every variant"
                                                     : " for each"),
                     Style::plain, page);
  std::string out = paragraph("Where the peak is:", Style::plain, page);
  for (const std::string& line : lines) out += paragraph("- " + line, Style::plain, page);
  return out;
}

// A training run without gradients at its peak surprises.
std::string gradient_note(const Report& report, const Page& page) {
  const auto has_none = [](const ReportRun& r) {
    const Breakdown& run = r.breakdown;
    return !is_program(run.spec) && run.spec.mode == Mode::train && run.outcome.kind == OutcomeKind::ok &&
           has_peak(run) && bytes_of(run.peak.categories, Category::gradient) == 0;
  };
  if (std::none_of(report.runs.begin(), report.runs.end(), has_none)) return "";
  return paragraph(
      "Gradients are 0 where the peak comes before backward makes the step's first one; those of the step before are "
      "freed by then.",
      Style::dim, page);
}

std::string savings_notes(const Report& report, const Page& page) {
  std::string out;
  for (const std::string& remark : savings_remarks(report)) out += paragraph("! " + remark, Style::bad, page);
  return out;
}

}  // namespace

std::string compare_body(const Report& report, const Page& page) {
  const Table table = make_table(report);
  return table.render(page.width, page.color) + legend(report, table, page) + "\n" + chart(report, page) +
         places(report, page) + gradient_note(report, page) + savings_notes(report, page);
}

}  // namespace headroom::terminal
