// Sections that only some runs have: bands over orders of addresses, bytes by source line.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analysis/sources.h"
#include "base/bytes.h"
#include "reports/summary.h"
#include "reports/terminal.h"

namespace headroom::terminal {
namespace {

constexpr std::size_t kShownSources = 20;

struct PeakRow {
  const char* name;
  std::int64_t OrderPeaks::*bytes;
};
constexpr std::array kPeaks{PeakRow{"allocated", &OrderPeaks::allocated_bytes},
                            PeakRow{"requested", &OrderPeaks::requested_bytes},
                            PeakRow{"reserved", &OrderPeaks::reserved_bytes}};

std::string spread(const Band& band) {
  const std::int64_t bytes = band.most_bytes - band.least_bytes;
  if (bytes == 0) return "none";
  return format_percent(100.0 * static_cast<double>(bytes) / static_cast<double>(band.least_bytes), 3);
}

// `run`: empty where there is one alone.
std::vector<Cell> band_cells(const std::string& run, const PeakRow& peak, const Band& band) {
  const bool same = band.least_bytes == band.most_bytes;
  std::vector<Cell> cells{{peak.name},
                          {format_bytes(band.least_bytes)},
                          {format_count(band.least_bytes)},
                          {same ? "all" : band.least_order},
                          {format_bytes(band.most_bytes)},
                          {format_count(band.most_bytes)},
                          {same ? "all" : band.most_order},
                          {spread(band), same ? Style::dim : Style::bold}};
  if (!run.empty()) cells.insert(cells.begin(), Cell{run});
  return cells;
}

std::size_t failures(const Report& report) {
  std::size_t count = 0;
  for (const ReportRun& run : report.runs)
    count += static_cast<std::size_t>(
        std::ranges::count_if(run.orders, [](const OrderPeaks& order) { return order.outcome != OutcomeKind::ok; }));
  return count;
}

std::string orders_legend(const Report& report, const Table& table, const Page& page) {
  std::vector<std::string> names;
  for (const OrderPeaks& order : report.runs.front().orders) names.push_back(order.order);
  std::string out = fmt::format("Over {} orders of addresses: {}; all else here is under the first.", names.size(),
                                fmt::join(names, ", "));
  if (const std::size_t failed = failures(report); failed > 0)
    out += fmt::format(" {} of the runs did not end well and {} left out.", failed, failed == 1 ? "is" : "are");
  if (const std::string missing = not_shown(table, page); !missing.empty()) out += " " + missing;
  return paragraph(out, Style::dim, page);
}

}  // namespace

std::string order_bands(const Report& report, const Page& page) {
  if (report.runs.empty() || report.runs.front().orders.empty()) return "";
  std::vector<Column> columns{{"run", 0, true},
                              {"peak", 0, true},
                              {"least", 0},
                              {"least,\nexact bytes", 2, false, "least, exact bytes"},
                              {"under", 4, true, "least, order"},
                              {"most", 0},
                              {"most,\nexact bytes", 3, false, "most, exact bytes"},
                              {"under", 5, true, "most, order"},
                              {"spread", 1}};
  const bool several = report.runs.size() > 1;
  if (!several) columns.erase(columns.begin());
  Table table(columns);
  for (const ReportRun& run : report.runs)
    for (const PeakRow& peak : kPeaks)
      if (const auto band = band_of(run.orders, peak.bytes))
        table.add_row(band_cells(several ? printable(run.breakdown.label) : "", peak, *band));
  return table.render(page.width, page.color) + orders_legend(report, table, page);
}

std::string source_lines(const Breakdown& run, const Page& page) {
  const auto rows = sources_at_peak(run);
  if (rows.empty()) return "";
  Table table({{"at the peak, by source line", 0, true, "source line"},
               {"size", 0},
               {"share", 1},
               {"bytes", 3, false, "exact bytes"},
               {"blocks", 2}});
  const double total = static_cast<double>(std::max<std::int64_t>(run.peak.allocated_bytes, 1));
  for (std::size_t i = 0; i < std::min(rows.size(), kShownSources); ++i) {
    const std::string line = printable(text_of(run, rows[i].source));
    table.add_row({{line.empty() ? "(no line of the program)" : line},
                   {format_bytes(rows[i].bytes)},
                   {percent(100.0 * static_cast<double>(rows[i].bytes) / total)},
                   {format_count(rows[i].bytes)},
                   {format_count(rows[i].block_count)}});
  }
  std::string out = table.render(page.width, page.color);
  if (rows.size() > kShownSources)
    out +=
        paragraph(fmt::format("{} more lines are in the JSON report.", rows.size() - kShownSources), Style::dim, page);
  return out;
}

}  // namespace headroom::terminal
