#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/fit_words.h"
#include "reports/table.h"
#include "reports/terminal.h"

namespace headroom {
namespace {

using terminal::Page;
using terminal::paragraph;
using terminal::percent;

constexpr const char* kTogether = "these together *";

std::string short_name(const std::string& device) {
  constexpr std::string_view kVirtual = "virtual:";
  return device.starts_with(kVirtual) ? device.substr(kVirtual.size()) : device;
}

std::string header(const FitReport& report, const Page& page) {
  const std::string out = terminal::joined(fit_conditions(report), Style::bold, page);
  return out + paragraph(fmt::format("the {}, found by runs on virtual GPUs", fit_title(report)), Style::plain, page);
}

std::vector<Cell> device_cells(const DeviceFit& fit) {
  const SearchResult& result = fit.result;
  std::vector<Cell> cells{{short_name(fit.device)}, {format_bytes(fit.device_bytes)}};
  const bool found = result.found.largest.value.has_value();
  cells.push_back({value_text(result), found ? Style::bold : Style::bad});
  cells.push_back({result.largest ? format_bytes(result.largest->allocated_bytes) : "–"});
  cells.push_back({result.largest ? format_count(result.largest->allocated_bytes) : "–"});
  cells.push_back({result.largest ? format_bytes(result.largest->left_bytes()) : "–"});
  if (!result.found.problem.empty()) {
    cells.push_back({"see below", Style::bad});
    cells.push_back({""});
  } else if (limit_of(result) != FitLimit::memory || !result.next) {
    cells.push_back({limit_text(result), Style::good});
    cells.push_back({""});
  } else {
    cells.push_back(
        {fmt::format("{}, in {}", style_of(result.next->heaviest_category()).title, result.next->failed_phase)});
    cells.push_back({result.next->failed_layer});
  }
  return cells;
}

std::string devices(const FitReport& report, const Page& page) {
  Table table({{"device", 0, true},
               {"memory", 4},
               {std::string(to_name(kFitSizeNames, report.size)), 0},
               {"peak", 1},
               {"exact bytes", 6, false},
               {"left", 2},
               {"limited by", 3, true},
               {"at", 5, true, "the layer"}});
  for (const DeviceFit& fit : report.devices) table.add_row(device_cells(fit));
  std::string legend =
      "Peak: the most allocated by the run with that value; left: of the device, beside what was reserved. Limited by: "
      "what "
      "held most, and the phase, when the run with the next larger value ran out of memory.";
  if (const std::string missing = terminal::not_shown(table, page); !missing.empty()) legend += " " + missing;
  return table.render(page.width, page.color) + paragraph(legend, Style::dim, page);
}

Cell saved(const TriedChange& change) {
  if (!change.run) return {"not run", Style::dim};
  if (!change.run->fits()) return {"does not fit", Style::bad};
  if (!change.saved_bytes) return {"fits", Style::good};
  return {format_bytes(*change.saved_bytes), *change.saved_bytes > 0 ? Style::good : Style::plain};
}

std::string share(const DeviceFit& fit, const TriedChange& change) {
  if (!change.saved_bytes || !fit.result.largest || fit.result.largest->allocated_bytes == 0) return "";
  return percent(100.0 * static_cast<double>(*change.saved_bytes) /
                 static_cast<double>(fit.result.largest->allocated_bytes));
}

std::string changes(const FitReport& report, const DeviceFit& fit, const Page& page) {
  const std::string_view size = to_name(kFitSizeNames, report.size);
  const std::string before = fit.result.largest
                                 ? fmt::format("peak {}", format_bytes(fit.result.largest->allocated_bytes))
                                 : "which does not fit";
  std::string out = paragraph(fmt::format("What makes more fit on {}, tried at {} ({})", short_name(fit.device),
                                          amount_text(report.size, fit.tried_at), before),
                              Style::bold, page);
  Table table(
      {{"change", 0, true}, {"what", 3, true}, {"peak", 1}, {"saved", 0}, {"share", 2}, {std::string(size), 0}});
  std::string together;
  for (const TriedChange& change : fit.changes) {
    if (!change.problem.empty()) continue;
    if (change.kind == ChangeKind::together) together = change.flags;
    table.add_row({{change.kind == ChangeKind::together ? kTogether : change.flags},
                   {std::string(to_name(kChangeKindNames, change.kind)), Style::dim},
                   {change.run && change.run->fits() ? format_bytes(change.run->allocated_bytes) : "–"},
                   saved(change),
                   {share(fit, change)},
                   {gain_text(fit.result, change), Style::bold}});
  }
  out += table.render(page.width, page.color);
  if (!together.empty()) out += paragraph("* " + together, Style::plain, page);
  std::string legend = "Each row is a run. The new largest value was looked for with the best of them.";
  if (std::ranges::any_of(fit.changes, [](const TriedChange& change) { return !keeps_the_model(change.kind); }))
    legend += " A mechanism, compression and the cache's kind change the model or what it computes.";
  return out + paragraph(legend, Style::dim, page);
}

}  // namespace

std::string write_fit_terminal(const FitReport& report, const TerminalOptions& options) {
  const Page page{static_cast<std::size_t>(std::clamp(options.width, 40, 400)), options.color};
  std::string out = header(report, page) + "\n" + devices(report, page);
  for (const DeviceFit& fit : report.devices)
    if (report.devices.size() == 1 || !fit.changes.empty())
      if (const std::string sentence = limit_sentence(report, fit); !sentence.empty())
        out += "\n" + paragraph(printable(sentence), Style::plain, page);
  for (const DeviceFit& fit : report.devices)
    if (!fit.changes.empty()) out += "\n" + changes(report, fit, page);
  const std::vector<std::string> remarks = fit_remarks(report);
  if (!remarks.empty()) out += "\n";
  for (const std::string& remark : remarks) out += paragraph(printable(remark), Style::plain, page);
  return out;
}

}  // namespace headroom
