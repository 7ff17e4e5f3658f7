#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/diff_report.h"
#include "reports/diff_words.h"
#include "reports/markup.h"

namespace headroom {
namespace {

std::string row(const std::string& name, const Change& change) {
  return fmt::format("| {} | {} | {} | {} | {} |\n", name, format_bytes(change.before), format_bytes(change.after),
                     signed_bytes(change.delta()), signed_percent(change));
}

std::string head(const char* first) {
  return fmt::format("| {} | before | after | change | |\n| :--- | ---: | ---: | ---: | ---: |\n", first);
}

std::string layers(const DiffReport& report, std::size_t top) {
  const std::vector<DiffLayerRow> rows = changed_layers(report);
  if (rows.empty()) return "";
  std::string out = "\n" + head("layers that changed most");
  for (std::size_t i = 0; i < std::min(top, rows.size()); ++i) out += row(markdown_text(rows[i].path), rows[i].self);
  if (rows.size() > top) out += fmt::format("\n{} more layers changed.\n", rows.size() - top);
  return out;
}

std::string tensors(const DiffReport& report, std::size_t top) {
  if (!report.has_tensors) return "\nTensors are not compared: a report has only its largest ones.\n";
  const std::vector<DiffTensorRow> rows = changed_tensors(report);
  if (rows.empty()) return "";
  std::string out = "\n| tensors | | × | change | category | what |\n| :--- | :--- | ---: | ---: | :--- | :--- |\n";
  for (std::size_t i = 0; i < std::min(top, rows.size()); ++i)
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", markdown_text(rows[i].path),
                       rows[i].came   ? "came"
                       : rows[i].went ? "went"
                                      : "changed",
                       rows[i].count, signed_bytes(rows[i].bytes.delta()), style_of(rows[i].category).title,
                       markdown_text(rows[i].what));
  if (rows.size() > top) out += fmt::format("\n{} more changes of tensors.\n", rows.size() - top);
  return out;
}

}  // namespace

std::string write_diff_markdown(const DiffReport& report, std::size_t top) {
  const Diff& d = report.diff;
  std::string out = fmt::format("**{}**\n\nBefore: {} · after: {}\n", markdown_text(summary_of(d)),
                                markdown_text(report.before_name), markdown_text(report.after_name));
  for (const std::string& warning : report.warnings()) out += "\n> " + markdown_text(warning) + ".\n";
  out += "\n" + head("peak") + row("allocated", d.peak) + row("requested", d.peak_requested) +
         row("reserved", d.peak_reserved);
  for (const CategoryStyle& style : kCategoryStyles) {
    const Change& change = d.categories[static_cast<std::size_t>(style.category)];
    if (change.before != 0 || change.after != 0) out += row("of it " + std::string(style.title), change);
  }
  if (!d.is_empty()) out += layers(report, top) + tensors(report, top);
  if (d.settings.empty()) return out + "\nThe runs have the same settings and were made by the same versions.\n";
  out += "\n| the runs differ in | before | after |\n| :--- | :--- | :--- |\n";
  for (const SettingChange& s : d.settings)
    out += fmt::format("| {} | {} | {} |\n", markdown_text(s.name), markdown_text(s.before), markdown_text(s.after));
  return out;
}

}  // namespace headroom
