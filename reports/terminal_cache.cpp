// The cache of a run that generates: what it takes, how it grows, and what the device holds.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "reports/summary.h"
#include "reports/summary_cache.h"
#include "reports/terminal.h"

namespace headroom::terminal {
namespace {

std::string tokens_text(std::int64_t tokens) {
  return fmt::format("{} token{}", format_count(tokens), tokens == 1 ? "" : "s");
}

std::string peak_figure(const Breakdown& run, Phase phase, const char* name, const Page& page) {
  const CacheStep* step = run.cache.highest(phase);
  if (!step) return "";
  const bool of_run = run.peak.phase == phase;
  const std::string text = fmt::format("{} at {}{}", exact(step->peak_bytes), layer_path(run, step->peak_layer),
                                       of_run ? ": the peak of the run" : "");
  return figure(name, text, of_run ? Style::bold : Style::plain, page);
}

std::string figures(const Breakdown& run, const Page& page) {
  const KvCache& cache = run.cache;
  std::string out = paragraph("KV cache", Style::bold, page);
  out += figure("Kept as",
                fmt::format("{}, of {} sequence{}", cache_kind(run.spec), format_count(cache.sequences),
                            cache.sequences == 1 ? "" : "s"),
                Style::plain, page);
  out += figure("Per token",
                fmt::format("{} of one sequence, {}", exact(cache_bytes_per_token(run)), per_token_basis(run)),
                Style::plain, page);
  const CacheStep &prompt = cache.growth.front(), &last = cache.growth.back();
  out += figure("After prefill", fmt::format("{}, {}", exact(prompt.cache_bytes), tokens_text(prompt.tokens)),
                Style::plain, page);
  if (last.step != prompt.step)
    out += figure("At the end", fmt::format("{}, {}", exact(last.cache_bytes), tokens_text(last.tokens)), Style::plain,
                  page);
  const std::int64_t at_peak = bytes_of(run.peak.categories, Category::kv_cache);
  const double share =
      static_cast<double>(at_peak) / static_cast<double>(std::max<std::int64_t>(1, run.peak.allocated_bytes));
  out += figure("Of the peak", fmt::format("{}, {}", percent(100 * share), exact(at_peak)), Style::plain, page);
  return out + peak_figure(run, Phase::prefill, "Prefill peak", page) +
         peak_figure(run, Phase::decode, "Decode peak", page);
}

std::string fit_lines(const ReportRun& run, const Page& page) {
  if (!run.fit) return "";
  if (!run.fit->not_searched.empty())
    return figure("What fits", "not searched: " + run.fit->not_searched, Style::dim, page);
  std::string out;
  for (const FoundSize& found : run.fit->sizes)
    out += figure(size_name(found.size), found_text(run.breakdown, found),
                  found.problem.empty() ? Style::bold : Style::bad, page);
  return out;
}

std::string layers(const Breakdown& run, const Page& page) {
  Table table({{"KV cache by layer", 0, true},
               {"layers", 1},
               {"per token", 0},
               {"after\nprefill", 3, false, "after prefill"},
               {"at the\nend", 0, false, "at the end"},
               {"exact bytes\nof one layer", 4, false, "exact bytes"},
               {"grows", 2, true}});
  for (const CacheRow& row : cache_rows(run)) {
    const std::int64_t known = row.of_one.bytes_per_token,
                       per_token = known != kUnknownBytes ? known : row.of_one.expected_bytes_per_token;
    table.add_row({{printable(row.name)},
                   {format_count(row.layer_count)},
                   {per_token == kUnknownBytes ? "–" : format_bytes(per_token)},
                   {format_bytes(row.of_one.prompt_bytes)},
                   {format_bytes(row.of_one.bytes)},
                   {format_count(row.of_one.bytes)},
                   {std::string(growth_text(row.of_one.growth)), Style::dim}});
  }
  return table.render(page.width, page.color);
}

// The prefill, the first and the last token, and the one with the highest peak.
std::vector<CacheStep> telling_steps(const KvCache& cache) {
  const CacheStep* highest = cache.highest(Phase::decode);
  std::vector<CacheStep> steps;
  for (std::size_t i = 0; i < cache.growth.size(); ++i)
    if (i < 2 || i + 1 == cache.growth.size() || &cache.growth[i] == highest) steps.push_back(cache.growth[i]);
  return steps;
}

std::string growth(const Breakdown& run, const Page& page) {
  Table table({{"growth", 0, true},
               {"tokens", 2},
               {"KV cache", 0},
               {"exact bytes", 3},
               {"allocated\nat its end", 4, false, "allocated at its end"},
               {"peak", 0},
               {"peak,\nexact bytes", 5, false, "peak, exact bytes"},
               {"where", 1, true}});
  const std::vector<CacheStep> steps = telling_steps(run.cache);
  for (const CacheStep& step : steps)
    table.add_row({{moment(step.phase, step.step)},
                   {format_count(step.tokens)},
                   {format_bytes(step.cache_bytes)},
                   {format_count(step.cache_bytes)},
                   {format_bytes(step.allocated_bytes)},
                   {format_bytes(step.peak_bytes)},
                   {format_count(step.peak_bytes)},
                   {shorten(printable(layer_path(run, step.peak_layer)), 40)}});
  std::string legend = "The cache at the end of a step, as requested; the peak is of everything within the step.";
  if (steps.size() < run.cache.growth.size())
    legend += fmt::format(" {} steps more are in the other formats.", run.cache.growth.size() - steps.size());
  return table.render(page.width, page.color) + paragraph(legend, Style::dim, page);
}

}  // namespace

std::string kv_cache(const ReportRun& report_run, const Page& page) {
  const Breakdown& run = report_run.breakdown;
  if (!run.cache.any()) return "";
  std::string out = figures(run, page) + fit_lines(report_run, page);
  if (!run.cache.layers.empty()) out += "\n" + layers(run, page);
  return out + "\n" + growth(run, page);
}

}  // namespace headroom::terminal
