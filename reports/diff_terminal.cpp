#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/diff_report.h"
#include "reports/diff_words.h"
#include "reports/table.h"
#include "reports/terminal.h"

namespace headroom {
namespace {

using terminal::Page;

Cell size(std::int64_t bytes) { return bytes == 0 ? Cell{"0", Style::dim} : Cell{format_bytes(bytes)}; }

// More is red, less is green: this is memory.
Style style_of_delta(std::int64_t delta) { return delta > 0 ? Style::bad : delta < 0 ? Style::good : Style::dim; }

Cell delta_cell(const Change& change) { return {signed_bytes(change.delta()), style_of_delta(change.delta())}; }

std::vector<Cell> cells(const std::string& name, const Change& change) {
  return {
      {name},
      size(change.before),
      size(change.after),
      delta_cell(change),
      {signed_percent(change), style_of_delta(change.delta())},
      {change.any() ? fmt::format("{}{}", change.delta() > 0 ? "+" : "−", format_count(std::abs(change.delta()))) : "",
       Style::dim}};
}

Table table_of(const char* first) {
  return Table(
      {{first, 0, true}, {"before", 2}, {"after", 1}, {"change", 0}, {"", 3, false, "percent"}, {"exact bytes", 4}});
}

std::string rendered(const Table& table, const Page& page) {
  const std::string missing = terminal::not_shown(table, page);
  return table.render(page.width, page.color) + (missing.empty() ? "" : terminal::paragraph(missing, Style::dim, page));
}

std::string count_text(std::int64_t delta) {
  return delta == 0 ? "0" : fmt::format("{}{}", delta > 0 ? "+" : "−", format_count(std::abs(delta)));
}

std::string figures(const Diff& d, const Page& page) {
  Table table = table_of("peak");
  table.add_row(cells("allocated", d.peak));
  table.add_row(cells("requested", d.peak_requested));
  table.add_row(cells("reserved", d.peak_reserved));
  if (d.kv_cache_bytes_per_token.before != 0 || d.kv_cache_bytes_per_token.after != 0)
    table.add_row(cells("KV cache per token", d.kv_cache_bytes_per_token));
  const Change& count = d.parameter_count;
  if (count.any() && count.before > 0 && count.after > 0)  // a snapshot does not know
    table.add_row({{"parameters (count)"},
                   {format_count(count.before)},
                   {format_count(count.after)},
                   {count_text(count.delta()), style_of_delta(count.delta())},
                   {signed_percent(count), style_of_delta(count.delta())},
                   {""}});
  return rendered(table, page);
}

std::string categories(const Diff& d, const Page& page) {
  Table table = table_of("at the peak");
  for (const CategoryStyle& style : kCategoryStyles) {
    const Change& change = d.categories[static_cast<std::size_t>(style.category)];
    if (change.before != 0 || change.after != 0) table.add_row(cells(std::string(style.title), change));
  }
  return "\n" + rendered(table, page);
}

// "activations +1.10 GiB, temporaries −3.00 MiB"
std::string most_of(const CategoryChanges& changes) {
  std::vector<std::size_t> order;
  for (std::size_t c = 0; c < kCategoryCount; ++c)
    if (changes[c].any()) order.push_back(c);
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t c) { return std::abs(changes[c].delta()); });
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(2, order.size()); ++i)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", style_of(static_cast<Category>(order[i])).title,
                       signed_bytes(changes[order[i]].delta()));
  return out + (order.size() > 2 ? ", …" : "");
}

std::string rest_line(std::size_t shown, std::size_t all, const char* what, const Page& page) {
  if (all <= shown) return "";
  return terminal::paragraph(
      fmt::format("{} more {}; --top {} shows them.", format_count(static_cast<std::int64_t>(all - shown)), what, all),
      Style::dim, page);
}

std::string layers(const DiffReport& report, std::size_t top, const Page& page) {
  const std::vector<DiffLayerRow> rows = changed_layers(report);
  if (rows.empty()) return "";
  Table table(
      {{"layers that changed most", 0, true}, {"before", 2}, {"after", 1}, {"change", 0}, {"of that", 3, true}});
  table.limit_first_column(44);
  const std::size_t shown = std::min(top, rows.size());
  for (std::size_t i = 0; i < shown; ++i)
    table.add_row({{printable(rows[i].path)},
                   size(rows[i].self.before),
                   size(rows[i].self.after),
                   delta_cell(rows[i].self),
                   {most_of(rows[i].categories), Style::dim}});
  return "\n" + rendered(table, page) + rest_line(shown, rows.size(), "layers changed", page);
}

std::string tensors(const DiffReport& report, std::size_t top, const Page& page) {
  if (!report.has_tensors)
    return "\n" + terminal::paragraph(
                      "Tensors are not compared: a report has only its largest ones. Two recordings have them all.",
                      Style::dim, page);
  const std::vector<DiffTensorRow> rows = changed_tensors(report);
  if (rows.empty()) return "";
  Table table({{"tensors", 0, true},
               {"", 0, true},
               {"×", 4, false, "how many"},
               {"change", 0},
               {"category", 1, true},
               {"what", 3, true}});
  const std::size_t shown = std::min(top, rows.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const DiffTensorRow& row = rows[i];
    table.add_row({{printable(row.path)},
                   {row.came   ? "came"
                    : row.went ? "went"
                               : "changed",
                    Style::dim},
                   {row.count > 1 ? std::to_string(row.count) : ""},
                   delta_cell(row.bytes),
                   {std::string(style_of(row.category).title)},
                   {shorten(printable(row.what), 56), Style::dim}});
  }
  return "\n" + rendered(table, page) + rest_line(shown, rows.size(), "changes of tensors", page);
}

std::string settings(const Diff& d, const Page& page) {
  if (d.settings.empty())
    return "\n" +
           terminal::paragraph("The runs have the same settings and were made by the same versions.", Style::dim, page);
  Table table({{"the runs differ in", 0, true}, {"before", 0, true}, {"after", 0, true}});
  for (const SettingChange& s : d.settings) {
    const auto shown = [](const std::string& text) {
      return text.empty() ? std::string("–") : shorten(printable(text), 40);
    };
    table.add_row({{printable(s.name)}, {shown(s.before)}, {shown(s.after)}});
  }
  return "\n" + table.render(page.width, page.color);
}

}  // namespace

std::string write_diff_terminal(const DiffReport& report, const TerminalOptions& options, std::size_t top) {
  const Page page{static_cast<std::size_t>(std::clamp(options.width, 40, 400)), options.color};
  const Diff& d = report.diff;
  std::string out = terminal::paragraph("before  " + printable(report.before_name), Style::dim, page) +
                    terminal::paragraph("after   " + printable(report.after_name), Style::dim, page) +
                    terminal::paragraph(summary_of(d), Style::bold, page);
  for (const std::string& warning : report.warnings())
    out += terminal::paragraph(printable(warning) + ".", Style::bad, page);
  out += "\n" + figures(d, page) + categories(d, page);
  if (!d.is_empty()) out += layers(report, top, page) + tensors(report, top, page);
  return out + settings(d, page);
}

}  // namespace headroom
