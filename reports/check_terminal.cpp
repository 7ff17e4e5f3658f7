#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/check.h"
#include "reports/check_words.h"
#include "reports/diff_words.h"
#include "reports/table.h"
#include "reports/terminal.h"

namespace headroom {
namespace {

using terminal::Page;

constexpr std::size_t kShownKept = 40, kExplained = 20, kLongestName = 48;

struct Mark {
  const char* text;
  Style style;
};

Mark mark_of(Status status) {
  return status == Status::within   ? Mark{"✓", Style::good}
         : status == Status::warned ? Mark{"!", Style::bold}
                                    : Mark{"✗", Style::bad};
}

std::string level_name(const Check& check) {
  return std::string(check.level == Status::failed ? "fail" : "warn") + (check.growth ? ", growth" : "");
}

std::vector<Cell> cells_of(const CheckReport& report, const CheckedBudget& budget, const JudgedLimit& judged,
                           const Page& page) {
  const Check& check = judged.check;
  const Metric& metric = judged.limit.metric;
  const Mark mark = mark_of(check.status);
  return {{fmt::format("{} {}", mark.text, printable(budget.name)), mark.style},
          {shorten(printable(check::title_of(metric)), page.width / 3)},
          {check::value_text(metric, check.figure.value), check.status == Status::within ? Style::plain : Style::bold},
          {check::value_text(metric, check.allowed)},
          {check::room_words(metric, check), mark.style},
          {level_name(check)},
          {fmt::format("{}:{}", shorten(printable(report.file), 32), judged.limit.line), Style::dim},
          {format_count(check.figure.value), Style::dim}};
}

Table limit_table(const CheckReport& report, const Page& page) {
  Table table({{"budget", 0, true},
               {"limit", 0, true},
               {"now", 1},
               {"allowed", 2},
               {"", 0, false, "room"},
               {"level", 3, true},
               {"line", 4, true},
               {"now,\nexactly", 5, false, "exact figures"}});
  table.limit_first_column(kLongestName);
  std::size_t kept = 0;
  for (const CheckedBudget& budget : report.budgets) {
    if (budget.end != RunEnd::judged)
      table.add_row({{"✗ " + printable(budget.name), Style::bad}, {"not judged", Style::bad}, {}, {}, {}, {}, {}, {}});
    else
      for (const JudgedLimit& judged : budget.limits)
        if (judged.check.status != Status::within || kept++ < kShownKept)
          table.add_row(cells_of(report, budget, judged, page));
  }
  return table;
}

std::string legend(const CheckReport& report, const Table& table, const Page& page) {
  std::size_t kept = 0;
  for (const CheckedBudget& budget : report.budgets)
    for (const JudgedLimit& judged : budget.limits)
      kept += budget.end == RunEnd::judged && judged.check.status == Status::within;
  std::string out;
  if (kept > kShownKept)
    out = terminal::paragraph(
        fmt::format("And {} more limits that are kept.", format_count(static_cast<std::int64_t>(kept - kShownKept))),
        Style::dim, page);
  const std::string missing = terminal::not_shown(table, page);
  return missing.empty() ? out : out + terminal::paragraph(missing, Style::dim, page);
}

// `text` in lines that all stand `indent` columns in.
std::string block(const std::string& text, std::size_t indent, const Page& page, Style style = Style::plain) {
  std::string out;
  for (const std::string& line : wrap(text, page.width - indent, 2))
    out += std::string(indent, ' ') + paint(line, style, page.color) + "\n";
  return out;
}

std::string indented(const std::string& lines, std::size_t indent) {
  std::string out;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    out += std::string(indent, ' ') + lines.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out;
}

std::string grown(const CheckedBudget& budget, const Page& page) {
  if (budget.cells.empty()) return "";
  const bool compared = budget.peak.has_value();
  std::string out =
      block(compared ? fmt::format("What changed since the baseline, {} in all:", signed_bytes(budget.peak->delta()))
                     : "The most at the peak (without a baseline nobody knows what grew):",
            2, page);
  std::vector<Column> columns{{"layer", 0, true}, {"category", 0, true}};
  if (compared)
    columns.insert(columns.end(), {{"before", 1}, {"now", 0}, {"change", 0}});
  else
    columns.push_back({"now", 0});
  Table table(columns);
  for (std::size_t i = 0; i < std::min(budget.cells.size(), kShownCells); ++i) {
    const CellChange& cell = budget.cells[i];
    std::vector<Cell> cells{{printable(cell.layers)}, {std::string(style_of(cell.category).title)}};
    if (compared) cells.push_back({format_bytes(cell.bytes.before)});
    cells.push_back({format_bytes(cell.bytes.after)});
    if (compared)
      cells.push_back({signed_bytes(cell.bytes.delta()), cell.bytes.delta() > 0 ? Style::bad : Style::good});
    table.add_row(cells);
  }
  out += indented(table.render(page.width - 4, page.color), 4);
  if (budget.cells.size() > kShownCells) out += block(check::rest_words(budget), 4, page, Style::dim);
  return out;
}

std::string tensors(const CheckedBudget& budget, const Page& page) {
  if (budget.tensors.empty()) return "";
  Table table({{"tensor", 0, true}, {"size", 0}, {"category", 1, true}, {"layer", 2, true}, {"operator", 3, true}});
  for (const PeakTensor& tensor : budget.tensors)
    table.add_row({{printable(tensor.tensor)},
                   {format_bytes(tensor.bytes)},
                   {std::string(style_of(tensor.category).title)},
                   {shorten(printable(tensor.layer), 40)},
                   {shorten(printable(tensor.op), 32)}});
  return block("The largest tensors at the peak:", 2, page) + indented(table.render(page.width - 4, page.color), 4);
}

// A command or a line of TOML stays in one piece, whatever the width: it is there to be copied.
std::string to_copy(const std::string& text) { return "    " + printable(text) + "\n"; }

std::string remedies(const CheckReport& report, const CheckedBudget& budget, const Page& page) {
  std::string out;
  bool growth = false;
  for (const JudgedLimit& judged : budget.limits) {
    if (judged.check.status == Status::within) continue;
    growth |= judged.check.growth.has_value();
    if (const std::string paste = check::paste_of(judged); !paste.empty())
      out += block(fmt::format("Where this is wanted, in {}:{}:", printable(report.file), judged.limit.line), 2, page) +
             to_copy(paste);
  }
  if (growth)
    out += block("Where this growth is wanted, commit what this writes:", 2, page) +
           to_copy(check::update_command(report));
  return out;
}

std::string explanation(const CheckReport& report, const CheckedBudget& budget, const Page& page) {
  const Mark mark = mark_of(budget.status());
  std::string head = fmt::format("{} {}", mark.text, printable(budget.name));
  if (!budget.device.empty()) head += " · " + printable(budget.device);
  if (!budget.peak_place.empty()) head += " · peak in " + printable(budget.peak_place);
  std::string out;
  for (const std::string& line : wrap(head, page.width, 2)) out += paint(line, mark.style, page.color) + "\n";
  if (budget.end != RunEnd::judged)
    out += block(fmt::format("{}:{}: {}", printable(report.file), budget.line, printable(budget.message)), 2, page);
  for (const JudgedLimit& judged : budget.limits) {
    if (budget.end != RunEnd::judged || judged.check.status == Status::within) continue;
    out += block(
        fmt::format("{} ({}:{})", printable(check::sentence_of(judged)), printable(report.file), judged.limit.line), 2,
        page);
    for (const std::string& remark : check::remarks_of(judged)) out += block(remark, 4, page, Style::dim);
  }
  if (budget.end == RunEnd::judged) out += grown(budget, page) + tensors(budget, page);
  if (!budget.command.empty()) out += block("To repeat it:", 2, page) + to_copy(budget.command);
  return budget.end == RunEnd::judged ? out + remedies(report, budget, page) : out;
}

}  // namespace

std::string write_check_terminal(const CheckReport& report, const TerminalOptions& options) {
  const Page page{static_cast<std::size_t>(options.width), options.color};
  const Table table = limit_table(report, page);
  std::string out =
      terminal::paragraph(fmt::format("{}: {}", printable(report.file), check::summary_of(report)), Style::bold, page);
  out += "\n" + table.render(page.width, page.color) + legend(report, table, page);
  std::size_t explained = 0, left_out = 0;
  for (const CheckedBudget& budget : report.budgets) {
    if (budget.end == RunEnd::judged && budget.status() == Status::within) continue;
    if (explained++ < kExplained)
      out += "\n" + explanation(report, budget, page);
    else
      ++left_out;
  }
  if (left_out > 0)
    out += "\n" + terminal::paragraph(fmt::format("{} more are not explained here; --format json has all.", left_out),
                                      Style::dim, page);
  return out;
}

}  // namespace headroom
