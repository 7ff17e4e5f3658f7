#include "reports/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "reports/remarks.h"
#include "reports/summary.h"

namespace headroom {
namespace terminal {
namespace {

constexpr int kLeastWidth = 40, kMostWidth = 400;
constexpr std::size_t kShownDisagreements = 8;

constexpr std::array kPhrases{&RunPhrases::model,
                              &RunPhrases::command,
                              &RunPhrases::shape,
                              &RunPhrases::mode,
                              &RunPhrases::dtype,
                              &RunPhrases::optimizer,
                              &RunPhrases::attention_kernel,
                              &RunPhrases::device,
                              &RunPhrases::conditions};

bool same_everywhere(const std::vector<RunPhrases>& all, std::string RunPhrases::*phrase) {
  return std::all_of(all.begin(), all.end(), [&](const RunPhrases& p) { return p.*phrase == all.front().*phrase; });
}

std::string differences(const Report& report, const std::vector<RunPhrases>& all, const Page& page) {
  std::string out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::string line;
    for (const auto phrase : kPhrases)
      if (!same_everywhere(all, phrase) && !(all[i].*phrase).empty())
        line += (line.empty() ? "" : " · ") + all[i].*phrase;
    if (!line.empty()) out += paragraph(report.runs[i].breakdown.label + ": " + line, Style::plain, page);
  }
  return out;
}

std::string closed_form_notes(const Report& report, const Page& page) {
  std::size_t compared = 0;
  std::vector<std::string> wrong;
  for (const ReportRun& r : report.runs)
    for (const ClosedFormCheck& check : r.breakdown.closed_forms) {
      compared += was_recorded(check);
      if (!agrees(check)) wrong.push_back(disagreement_remark(r.breakdown, check));
    }
  if (compared == 0) return "";
  if (wrong.empty())
    return paragraph(fmt::format("Closed forms: all {} equal the recorded bytes.", compared), Style::good, page);
  std::string out = paragraph(
      fmt::format("CLOSED FORMS: {} of {} differ from the recorded bytes:", wrong.size(), compared), Style::bad, page);
  for (std::size_t i = 0; i < std::min(wrong.size(), kShownDisagreements); ++i)
    out += paragraph("! " + wrong[i], Style::bad, page);
  if (wrong.size() > kShownDisagreements)
    out += paragraph(fmt::format("! and {} more; the JSON report has all", wrong.size() - kShownDisagreements),
                     Style::bad, page);
  return out;
}

std::string dropped_notes(const Report& report, const Page& page) {
  std::string out;
  for (const ReportRun& r : report.runs)
    if (r.breakdown.dropped_event_count > 0) out += paragraph("! " + dropped_remark(r.breakdown), Style::bad, page);
  return out;
}

std::string assumption_notes(const Report& report, const Page& page) {
  std::string out;
  for (const std::string& text : assumptions_of(report)) out += paragraph("- " + text, Style::dim, page);
  if (out.empty()) return "";
  for (const ReportRun& r : report.runs)
    if (const std::string_view hint = value_hint(r.breakdown); !hint.empty())
      return paragraph("Assumed:", Style::bold, page) + out + paragraph(hint, Style::plain, page);
  return paragraph("Assumed:", Style::plain, page) + out;
}

}  // namespace

std::string paragraph(std::string_view text, Style style, const Page& page) {
  std::string out;
  for (const std::string& line : wrap(printable(text), page.width, 2)) out += paint(line, style, page.color) + "\n";
  return out;
}

std::string joined(const std::vector<std::string>& list, Style style, const Page& page) {
  std::vector<std::string> lines;
  for (const std::string& raw : list) {
    const std::string phrase = shorten(printable(raw), page.width);
    if (!lines.empty() && display_width(lines.back() + " · " + phrase) <= page.width)
      lines.back() += " · " + phrase;
    else
      lines.push_back(phrase);
  }
  std::string out;
  for (const std::string& line : lines) out += paint(line, style, page.color) + "\n";
  return out;
}

std::string figure(std::string_view name, const std::string& value, Style style, const Page& page) {
  return paragraph(pad_right(name, 16) + value, style, page);
}

std::string not_shown(const Table& table, const Page& page) {
  const std::vector<std::string> names = table.left_out(page.width);
  if (names.empty()) return "";
  if (names.size() > 5) return fmt::format("A wider terminal shows {} more columns.", names.size());
  return fmt::format("Not shown at this width: {}.", fmt::join(names, ", "));
}

std::string exact(std::int64_t bytes) { return exact_bytes(bytes); }

std::string percent(double value) { return format_percent(value); }

std::string header(const Report& report, const Page& page) {
  std::vector<RunPhrases> all;
  for (const ReportRun& r : report.runs) {
    all.push_back(phrases(r.breakdown));
    all.back().device = fmt::format("{} {}", truth_word(r.breakdown.environment), all.back().device);
    if (is_program(r.breakdown.spec)) all.back().model.clear();  // the command says more
  }
  if (all.size() == 1 && !report.runs.front().breakdown.model.attention.empty())
    all.front().model += " · " + report.runs.front().breakdown.model.attention;
  std::vector<std::string> common;
  for (const auto phrase : kPhrases)
    if (same_everywhere(all, phrase))
      for (const std::string& part : parts_of(all.front().*phrase)) common.push_back(part);
  std::string out;
  if (!common.empty()) out += joined(common, Style::bold, page);
  return out + differences(report, all, page);
}

std::string notes(const Report& report, const Page& page) {
  std::string out;
  for (const ReportRun& r : report.runs)
    if (r.breakdown.outcome.kind != OutcomeKind::ok)
      out += paragraph("! " + failure_remark(r.breakdown), Style::bad, page);
  return out + dropped_notes(report, page) + trace_notes(report, page) + closed_form_notes(report, page) +
         assumption_notes(report, page);
}

}  // namespace terminal

std::string write_terminal(const Report& report, const TerminalOptions& options) {
  if (report.runs.empty()) return "No runs.\n";
  const int width = std::clamp(options.width, terminal::kLeastWidth, terminal::kMostWidth);
  const terminal::Page page{static_cast<std::size_t>(width), options.color};
  const std::string body = report.runs.size() == 1 ? terminal::profile_body(report.runs.front(), page)
                                                   : terminal::compare_body(report, page);
  const std::string notes = terminal::notes(report, page), bands = terminal::order_bands(report, page);
  return terminal::header(report, page) + "\n" + body + (bands.empty() ? "" : "\n" + bands) +
         (notes.empty() ? "" : "\n" + notes);
}

}  // namespace headroom
