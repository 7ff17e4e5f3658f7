// A fit as Markdown and as CSV.
#include <fmt/format.h>

#include "base/bytes.h"
#include "reports/fit_words.h"
#include "reports/markup.h"
#include "reports/text.h"

namespace headroom {
namespace {

using Cells = std::vector<std::string>;

std::string line(const Cells& cells) { return fmt::format("| {} |\n", fmt::join(cells, " | ")); }

std::string device_table(const FitReport& report) {
  std::string out = line({"device", "memory", std::string(to_name(kFitSizeNames, report.size)), "peak allocated",
                          "exact bytes", "left", "limited by"}) +
                    "| --- | ---: | ---: | ---: | ---: | ---: | --- |\n";
  for (const DeviceFit& fit : report.devices) {
    const auto& largest = fit.result.largest;
    out += line({markdown_text(fit.device), format_bytes(fit.device_bytes), value_text(fit.result),
                 largest ? format_bytes(largest->allocated_bytes) : "–",
                 largest ? format_count(largest->allocated_bytes) : "–",
                 largest ? format_bytes(largest->left_bytes()) : "–", markdown_text(limit_text(fit.result))});
  }
  return out;
}

std::string change_table(const FitReport& report, const DeviceFit& fit) {
  const std::string size(to_name(kFitSizeNames, report.size));
  std::string out = fmt::format("\n### What makes more fit on {}\n\nTried at {}.\n\n", markdown_text(fit.device),
                                amount_text(report.size, fit.tried_at));
  out += line({"change", "what", "peak allocated", "saved", size}) + "| --- | --- | ---: | ---: | ---: |\n";
  for (const TriedChange& change : fit.changes) {
    const bool fits = change.run && change.run->fits();
    const std::string saved = change.saved_bytes ? format_bytes(*change.saved_bytes)
                              : !change.run      ? "not run"
                              : fits             ? "fits"
                                                 : "does not fit";
    out += line({"`" + printable(change.flags) + "`", std::string(to_name(kChangeKindNames, change.kind)),
                 fits ? format_bytes(change.run->allocated_bytes) : "–", saved, gain_text(fit.result, change)});
  }
  return out;
}

std::string csv_line(Cells cells) {
  for (std::string& cell : cells) cell = csv_field(cell);
  return fmt::format("{}\r\n", fmt::join(cells, ","));
}

std::string number(const std::optional<std::int64_t>& value) { return value ? std::to_string(*value) : ""; }

Cells row_of(const FitReport& report, const DeviceFit& fit, const std::string& change, const SearchResult* result) {
  Cells cells{fit.device, std::to_string(fit.device_bytes), std::string(to_name(kFitSizeNames, report.size)), change};
  if (!result) {
    cells.resize(cells.size() + 10);
    return cells;
  }
  const auto& largest = result->largest;
  const RunSummary* next = result->next ? &*result->next : nullptr;
  const Cells rest{number(result->found.largest.value),
                   result->found.problem.empty() ? std::string(to_name(kFitLimitNames, limit_of(*result))) : "",
                   largest ? std::to_string(largest->allocated_bytes) : "",
                   largest ? std::to_string(largest->reserved_bytes) : "",
                   largest ? std::to_string(largest->left_bytes()) : "",
                   number(result->next_value),
                   next ? next->failed_phase : "",
                   next ? next->failed_layer : "",
                   next ? std::string(to_name(kCategoryNames, next->heaviest_category())) : "",
                   result->found.problem};
  cells.insert(cells.end(), rest.begin(), rest.end());
  return cells;
}

}  // namespace

std::string write_fit_markdown(const FitReport& report) {
  Cells conditions;
  for (const std::string& phrase : fit_conditions(report)) conditions.push_back(markdown_text(phrase));
  std::string out =
      fmt::format("## {}: {}\n\n{}. Found by runs on virtual GPUs.\n\n{}", markdown_text(report.model_name),
                  fit_title(report), fmt::join(conditions, " · "), device_table(report));
  for (const DeviceFit& fit : report.devices) {
    if (report.devices.size() > 1 && fit.changes.empty()) continue;
    if (const std::string sentence = limit_sentence(report, fit); !sentence.empty())
      out += "\n" + markdown_text(sentence) + "\n";
  }
  for (const DeviceFit& fit : report.devices)
    if (!fit.changes.empty()) out += change_table(report, fit);
  for (const std::string& remark : fit_remarks(report)) out += "\n" + markdown_text(remark) + "\n";
  return out + fmt::format("\n```\n{}\n```\n", printable(report.command));
}

std::string write_fit_csv(const FitReport& report) {
  std::string out =
      csv_line({"device", "device_bytes", "solve", "change", "value", "limited_by", "peak_allocated_bytes",
                "peak_reserved_bytes", "left_bytes", "next_value", "failed_phase", "failed_layer", "heaviest_category",
                "problem", "tried_at", "tried_peak_bytes", "saved_bytes"});
  for (const DeviceFit& fit : report.devices) {
    Cells cells = row_of(report, fit, "", &fit.result);
    cells.resize(cells.size() + 3);
    out += csv_line(cells);
    for (const TriedChange& change : fit.changes) {
      Cells tried = row_of(report, fit, change.flags, change.search ? &*change.search : nullptr);
      if (!change.search) tried.back() = change.problem;
      const bool fits = change.run && change.run->fits();
      tried.push_back(std::to_string(fit.tried_at));
      tried.push_back(fits ? std::to_string(change.run->allocated_bytes) : "");
      tried.push_back(number(change.saved_bytes));
      out += csv_line(tried);
    }
  }
  return out;
}

}  // namespace headroom
