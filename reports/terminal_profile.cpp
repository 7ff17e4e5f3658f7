#include <fmt/format.h>

#include <algorithm>

#include "analysis/sources.h"
#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/layer_sums.h"
#include "reports/summary.h"
#include "reports/table.h"
#include "reports/terminal.h"

namespace headroom::terminal {
namespace {

constexpr std::size_t kShownTensors = 10;

double share(std::int64_t bytes, std::int64_t total) {
  return total > 0 ? static_cast<double>(bytes) / static_cast<double>(total) : 0.0;
}

std::string share_text(std::int64_t bytes, std::int64_t total) { return percent(100 * share(bytes, total)); }

Cell size(std::int64_t bytes) { return bytes == 0 ? Cell{"0", Style::dim} : Cell{format_bytes(bytes)}; }

std::string key_figures(const Breakdown& run, const Page& page) {
  std::string out = figure("Peak allocated", exact(run.peak.allocated_bytes), Style::bold, page);
  out += figure("Peak is in", place(run, run.peak), Style::bold, page);
  out += figure("Peak requested", exact(run.peak_requested_bytes), Style::plain, page);
  out += figure("Peak reserved", exact(run.peak_reserved_bytes), Style::plain, page);
  if (run.parameter_count > 0) {
    out += figure("Parameters", format_count(run.parameter_count), Style::plain, page);
    out += figure("Parameter bytes", exact(run.parameter_bytes), Style::plain, page);
  }
  if (const std::int64_t kept = kept_activation_bytes(run); kept > 0)
    out += figure("Backward keeps", exact(kept), Style::plain, page);
  if (const std::int64_t kv = run.model.kv_cache_bytes_per_token; kv > 0 && !run.cache.any())
    out += figure("KV per token", exact(kv), Style::plain, page);
  return out;
}

std::string categories(const Breakdown& run, const Page& page) {
  const std::size_t bar_width = std::clamp<std::size_t>(page.width / 3, 10, 40);
  Table table(
      {{"at the peak", 0, true}, {"size", 0}, {"share", 1}, {"bytes", 2, false, "exact bytes"}, {"", 3, true, "bars"}});
  const std::int64_t total = run.peak.allocated_bytes;
  for (const CategoryStyle& style : kCategoryStyles) {
    const std::int64_t bytes = bytes_of(run.peak.categories, style.category);
    if (bytes == 0) continue;
    table.add_row({{std::string(style.title)},
                   size(bytes),
                   {share_text(bytes, total)},
                   {format_count(bytes)},
                   {bar(share(bytes, total), bar_width), Style::plain, style.ansi_color}});
  }
  table.add_rule();
  table.add_row({{"sum", Style::bold},
                 {format_bytes(total), Style::bold},
                 {share_text(total, total)},
                 {format_count(total)},
                 {}});
  return table.render(page.width, page.color);
}

// The columns of the table of layers, in order; a layer makes one cell of each.
struct LayerColumn {
  Column column;
  bool shown = true;
  Cell (*cell)(const LayerSums&) = nullptr;  // beside the first three
};

template <Category... categories>
Cell size_of(const LayerSums& s) {
  return size((bytes_of(s.categories, categories) + ...));
}

std::vector<LayerColumn> layer_columns(const Breakdown& run) {
  const bool trains = headroom::trains(run), generates = run.cache.any();
  return {{{"para-\nmeters", 2, false, "parameters"}, true, size_of<Category::parameter>},
          {{"gra-\ndients", 3, false, "gradients"}, trains, size_of<Category::gradient>},
          {{"optimizer\nstate", 4}, trains, size_of<Category::optimizer_state>},
          {{"acti-\nvations", 1, false, "activations"}, trains, size_of<Category::activation>},
          {{"KV\ncache", 1, false, "KV cache"}, generates, size_of<Category::kv_cache>},
          {{"temporaries\n+workspace", 6, false, "temporaries + workspace"},
           true,
           size_of<Category::temporary, Category::workspace>},
          {{"other", 8},
           true,
           generates ? size_of<Category::input, Category::other, Category::activation>
                     : size_of<Category::kv_cache, Category::input, Category::other>},
          {{"kept for\nbackward", 7}, trains, [](const LayerSums& s) { return size(s.kept); }}};
}

std::vector<Cell> layer_cells(const std::string& name, const LayerSums& s, std::int64_t total,
                              const std::vector<LayerColumn>& columns) {
  const bool empty = s.empty();
  std::vector<Cell> cells{
      {name}, empty ? Cell{} : size(s.bytes), empty ? Cell{} : Cell{share_text(s.bytes, total), Style::dim}};
  for (const LayerColumn& column : columns)
    if (column.shown) cells.push_back(empty ? Cell{} : column.cell(s));
  return cells;
}

Table layer_table(const Breakdown& run) {
  const std::vector<LayerColumn> columns = layer_columns(run);
  std::vector<Column> titles{{"layer", 0, true}, {"at peak", 0}, {"share", 5}};
  for (const LayerColumn& column : columns)
    if (column.shown) titles.push_back(column.column);
  Table table(titles);
  const std::vector<LayerSumRow> rows = layer_sums(run);
  for (const LayerSumRow& row : rows) {
    if (!row.leads) continue;
    const std::string indent(static_cast<std::size_t>(row.layer.depth) * 2, ' ');
    const std::string count = row.layer.members.size() > 1 ? fmt::format(" ×{}", row.layer.members.size()) : "";
    table.add_row(layer_cells(indent + printable(row.layer.name) + count, row.own, run.peak.allocated_bytes, columns));
  }
  table.add_rule();
  table.add_row(layer_cells("sum", total_of(rows), run.peak.allocated_bytes, columns));
  return table;
}

std::string layers(const Breakdown& run, const Page& page) {
  const Table table = layer_table(run);
  std::string legend =
      "Each row is the layer's own bytes, without those of the layers below it; ×N adds up N equal layers.";
  if (bytes_of(run.peak.categories, Category::workspace) > 0)
    legend += " Workspace stands at the layer that first needed it; all later layers use it too.";
  if (kept_activation_bytes(run) > 0)
    legend += " Kept for backward is what the last step's operators requested, before the allocator's rounding.";
  if (const std::string missing = not_shown(table, page); !missing.empty()) legend += " " + missing;
  return table.render(page.width, page.color) + paragraph(legend, Style::dim, page);
}

std::string tensors(const Breakdown& run, const Page& page) {
  std::vector<Column> columns{{"largest at the peak", 0, true, "tensor"},
                              {"size", 0},
                              {"bytes", 4, false, "exact bytes"},
                              {"category", 1, true},
                              {"layer", 2, true},
                              {"operator", 3, true},
                              {"phase", 5, true}};
  const bool lines = !sources_at_peak(run).empty();
  if (lines) columns.push_back({"line", 2, true, "source line"});
  Table table(columns);
  for (std::size_t i = 0; i < std::min(run.peak.live.size(), kShownTensors); ++i) {
    const Allocation& a = run.allocations.at(static_cast<std::size_t>(run.peak.live[i]));
    const std::string shape = printable(text_of(run, a.tensor));
    std::vector<Cell> cells{{shape.empty() ? "(scratch)" : shape},
                            size(a.block_bytes),
                            {format_count(a.block_bytes)},
                            {std::string(style_of(a.category).title)},
                            {shorten(printable(layer_path(run, a.layer)), 40)},
                            {shorten(printable(text_of(run, a.op)), 32)},
                            {std::string(to_name(kPhaseNames, a.phase))}};
    if (lines) cells.push_back({shorten(printable(text_of(run, a.source)), 32)});
    table.add_row(cells);
  }
  return table.render(page.width, page.color);
}

std::string steps(const Breakdown& run, const Page& page) {
  if (run.steps.empty() || run.cache.any()) return "";  // the growth of the cache has them
  Table table(
      {{"step", 0, true}, {"peak", 0}, {"bytes", 2, false, "exact bytes"}, {"reserved\nthen", 3}, {"where", 1, true}});
  for (const StepView& view : run.steps) {
    const bool first = view.step == 1;
    const std::string kind = run.steps.size() == 1 ? "" : first ? " (first)" : " (steady)";
    table.add_row({{fmt::format("{}{}", view.step, kind)},
                   size(view.peak.allocated_bytes),
                   {format_count(view.peak.allocated_bytes)},
                   size(view.peak.reserved_bytes),
                   {printable(place(run, view.peak))}});
  }
  return table.render(page.width, page.color);
}

}  // namespace

std::string profile_body(const ReportRun& report_run, const Page& page) {
  const Breakdown& run = report_run.breakdown;
  std::vector<std::string> sections;
  if (has_peak(run)) {
    sections = {key_figures(run, page), kv_cache(report_run, page), categories(run, page), layers(run, page)};
    if (!run.peak.live.empty()) sections.push_back(tensors(run, page));
    sections.insert(sections.end(), {source_lines(run, page), steps(run, page)});
  } else {
    sections = {paragraph("Nothing was allocated.", Style::plain, page)};
  }
  sections.insert(sections.end(), {device_activity(run, page), whole_gpu(run, page)});
  std::string out;
  for (const std::string& section : sections)
    if (!section.empty()) out += (out.empty() ? "" : "\n") + section;
  return out;
}

}  // namespace headroom::terminal
