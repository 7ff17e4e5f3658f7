#include <fmt/format.h>

#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/check.h"
#include "reports/check_words.h"
#include "reports/diff_words.h"
#include "reports/markup.h"
#include "reports/text.h"

namespace headroom {
namespace {

constexpr std::size_t kMostBytes = 60'000;  // a comment on GitHub takes 65,536 characters
constexpr std::size_t kShownRows = 100;

// A block that is there to be copied; its fence is longer than any within.
std::string code(std::string_view language, std::string_view text) {
  const std::string harmless = printable(text);
  std::string fence = "```";
  while (harmless.find(fence) != std::string::npos) fence += '`';
  return fmt::format("{}{}\n{}\n{}\n", fence, language, harmless, fence);
}

const char* icon(Status status) { return status == Status::within ? "✅" : status == Status::warned ? "⚠️" : "❌"; }

std::string rows(const CheckReport& report) {
  std::string out = "| | budget | limit | now | allowed | |\n|---|---|---|---:|---:|---:|\n";
  std::size_t shown = 0, left_out = 0;
  const auto add = [&](const std::string& row) { shown++ < kShownRows ? void(out += row) : void(++left_out); };
  for (const bool kept : {false, true})
    for (const CheckedBudget& budget : report.budgets) {
      if (budget.end != RunEnd::judged && !kept)
        add(fmt::format("| ❌ | {} | not judged | | | |\n", markdown_text(budget.name)));
      for (const JudgedLimit& judged : budget.limits) {
        const Check& check = judged.check;
        if (budget.end != RunEnd::judged || (check.status == Status::within) != kept) continue;
        const Metric& metric = judged.limit.metric;
        add(fmt::format("| {} | {} | {} | {} | {} | {} |\n", icon(check.status), markdown_text(budget.name),
                        markdown_text(shorten(check::title_of(metric), 60)),
                        check::value_text(metric, check.figure.value), check::value_text(metric, check.allowed),
                        check::room_words(metric, check)));
      }
    }
  if (left_out > 0) out += fmt::format("\nand {} more limits.\n", left_out);
  return out;
}

std::string changes(const CheckedBudget& budget) {
  if (budget.cells.empty()) return "";
  const bool compared = budget.peak.has_value();
  std::string out =
      compared ? fmt::format(
                     "\nWhat changed since the baseline, {} in all:\n\n| layer | category | before | now | change |\n"
                     "|---|---|---:|---:|---:|\n",
                     signed_bytes(budget.peak->delta()))
               : "\nThe most at the peak (without a baseline nobody knows what grew):\n\n"
                 "| layer | category | now |\n|---|---|---:|\n";
  for (std::size_t i = 0; i < std::min(budget.cells.size(), kShownCells); ++i) {
    const CellChange& cell = budget.cells[i];
    const std::string names = fmt::format("| {} | {} |", markdown_text(cell.layers), style_of(cell.category).title);
    out += compared ? fmt::format("{} {} | {} | {} |\n", names, format_bytes(cell.bytes.before),
                                  format_bytes(cell.bytes.after), signed_bytes(cell.bytes.delta()))
                    : fmt::format("{} {} |\n", names, format_bytes(cell.bytes.after));
  }
  if (const std::string rest = check::rest_words(budget); !rest.empty()) out += "\n" + rest + "\n";
  return out;
}

std::string tensors(const CheckedBudget& budget) {
  if (budget.tensors.empty()) return "";
  std::string out =
      "\nThe largest tensors at the peak:\n\n| tensor | size | category | layer | operator |\n|---|---:|---|---|---|\n";
  for (const PeakTensor& tensor : budget.tensors)
    out += fmt::format("| {} | {} | {} | {} | {} |\n", markdown_text(tensor.tensor), format_bytes(tensor.bytes),
                       style_of(tensor.category).title, markdown_text(tensor.layer), markdown_text(tensor.op));
  return out;
}

// "virtual NVIDIA H100 80GB HBM3 · peak in backward of step 2 at loss"
std::string where(const CheckedBudget& budget) {
  std::string out = markdown_text(budget.device);
  if (!budget.peak_place.empty()) out += (out.empty() ? "" : " · ") + ("peak in " + markdown_text(budget.peak_place));
  return out.empty() ? "" : out + "\n\n";
}

std::string explanation(const CheckReport& report, const CheckedBudget& budget) {
  std::string out =
      fmt::format("\n<details><summary>{} {}</summary>\n\n", icon(budget.status()), markdown_html_text(budget.name)) +
      where(budget);
  if (budget.end != RunEnd::judged) out += fmt::format("- {}\n", markdown_text(budget.message));
  std::string paste;
  bool growth = false;
  for (const JudgedLimit& judged : budget.limits) {
    if (budget.end != RunEnd::judged || judged.check.status == Status::within) continue;
    out += fmt::format("- {} ({}:{})\n", markdown_text(check::sentence_of(judged)), markdown_text(report.file),
                       judged.limit.line);
    for (const std::string& remark : check::remarks_of(judged)) out += fmt::format("  - {}\n", markdown_text(remark));
    growth |= judged.check.growth.has_value();
    if (const std::string line = check::paste_of(judged); !line.empty())
      paste += fmt::format("\nWhere this is wanted, in {}:{}:\n\n{}", markdown_text(report.file), judged.limit.line,
                           code("toml", line));
  }
  if (budget.end == RunEnd::judged) out += changes(budget) + tensors(budget);
  if (!budget.command.empty()) out += "\nTo repeat it:\n\n" + code("sh", budget.command);
  if (growth)
    paste += "\nWhere this growth is wanted, commit what this writes:\n\n" + code("sh", check::update_command(report));
  return out + paste + "\n</details>\n";
}

}  // namespace

std::string write_check_markdown(const CheckReport& report) {
  std::string out = fmt::format("### Memory: {}\n\n{}", check::summary_of(report), rows(report));
  std::size_t left_out = 0;
  for (const CheckedBudget& budget : report.budgets) {
    if (budget.end == RunEnd::judged && budget.status() == Status::within) continue;
    const std::string more = explanation(report, budget);
    if (left_out > 0 || out.size() + more.size() > kMostBytes)
      ++left_out;
    else
      out += more;
  }
  if (left_out > 0) out += fmt::format("\n{} more are not explained here; `--format json` has all.\n", left_out);
  return out;
}

}  // namespace headroom
