#include "reports/remarks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "reports/device_words.h"
#include "reports/summary.h"

namespace headroom {
namespace {

std::string sentence(const std::string& text) { return text.ends_with('.') ? text : text + "."; }

void append(std::vector<std::string>& all, const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

std::vector<std::string> warnings_of(const Breakdown& run) {
  std::vector<std::string> out;
  if (run.outcome.kind != OutcomeKind::ok) out.push_back(failure_remark(run));
  if (run.dropped_event_count > 0) out.push_back(dropped_remark(run));
  for (const TraceRemark& remark : trace_remarks(run.device))
    if (remark.serious) out.push_back(fmt::format("{}: {}", run.label, remark.text));
  for (const ClosedFormCheck& check : run.closed_forms)
    if (!agrees(check)) out.push_back(disagreement_remark(run, check));
  return out;
}

}  // namespace

std::string exact_bytes(std::int64_t bytes) {
  const std::string text = format_bytes(bytes);
  return text.ends_with(" B") ? text : fmt::format("{} ({})", text, format_count(bytes));
}

std::string truth_words(const Report& report) {
  std::vector<std::string_view> words;
  for (const ReportRun& run : report.runs)
    if (const std::string_view word = truth_word(run.breakdown.environment);
        std::ranges::find(words, word) == words.end())
      words.push_back(word);
  return fmt::format("{}", fmt::join(words, " and "));
}

std::string failure_remark(const Breakdown& run) {
  const Outcome& o = run.outcome;
  if (o.kind == OutcomeKind::error && has_figures(run))
    return fmt::format("{}: {} What it allocated until then is shown.", run.label, sentence(o.message));
  if (o.kind == OutcomeKind::error) return fmt::format("{} could not be measured: {}", run.label, o.message);
  std::string where = o.phase.empty() ? "" : " in " + o.phase;
  if (!o.layer.empty()) where += " at " + o.layer;
  const std::string_view unfinished = unfinished_build(run);
  return fmt::format("{} ran out of memory{}: asked for {}, free {}; {} live and {} reserved by the allocator.{}{}",
                     run.label, where, exact_bytes(o.failed_request_bytes), exact_bytes(o.free_bytes),
                     exact_bytes(o.allocated_bytes), exact_bytes(o.reserved_bytes), unfinished.empty() ? "" : " ",
                     unfinished);
}

std::string disagreement_remark(const Breakdown& run, const ClosedFormCheck& check) {
  const std::int64_t difference = check.recorded_bytes - check.form.bytes;
  return fmt::format("{} {} of {}: closed form {} = {}, recorded {} ({}{} B)", run.label, check.form.quantity,
                     check.form.layer, check.form.formula, format_count(check.form.bytes),
                     format_count(check.recorded_bytes), difference > 0 ? "+" : "", format_count(difference));
}

std::string dropped_remark(const Breakdown& run) {
  return fmt::format("{}: {} events were dropped, so its numbers are too low.", run.label,
                     format_count(run.dropped_event_count));
}

std::vector<std::string> savings_remarks(const Report& report) {
  if (!report.comparison) return {};
  const Breakdown& baseline = report.runs[report.comparison->baseline].breakdown;
  std::vector<std::string> out;
  if (baseline.outcome.kind != OutcomeKind::ok)
    out.push_back(fmt::format("No savings: the baseline, {}, has no peak to compare with.", baseline.label));
  if (const auto names = other_differences(report); !names.empty())
    out.push_back(fmt::format("The runs differ in {}: their savings are not of the attention mechanism alone.",
                              fmt::join(names, ", ")));
  return out;
}

std::vector<std::string> warnings(const Report& report) {
  std::vector<std::string> out = savings_remarks(report);
  for (const ReportRun& run : report.runs) append(out, warnings_of(run.breakdown));
  return out;
}

std::vector<std::string> assumptions_of(const Report& report) {
  std::vector<std::string> out;
  for (const ReportRun& run : report.runs)
    for (const std::string& text : run.breakdown.assumptions)
      if (std::ranges::find(out, text) == out.end()) out.push_back(text);
  return out;
}

}  // namespace headroom
