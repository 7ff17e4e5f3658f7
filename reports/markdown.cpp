#include "reports/markdown.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "reports/figures.h"
#include "reports/markup.h"
#include "reports/remarks.h"
#include "reports/summary.h"
#include "reports/summary_cache.h"
#include "reports/text.h"

namespace headroom {
namespace {

constexpr std::size_t kLayerRows = 60, kTensorRows = 20;

std::string cell(const Figure& figure) {
  switch (figure.kind) {
    case Figure::Kind::text:
      return markdown_text(figure.text);
    case Figure::Kind::bytes:
      return figure.value == 0 ? "0" : format_bytes(figure.value);
    case Figure::Kind::count:
      return format_count(figure.value);
    case Figure::Kind::percent:
      return format_percent(figure.percent);
    case Figure::Kind::none:
      break;
  }
  return "–";
}

std::string line(const std::vector<std::string>& cells) { return fmt::format("| {} |\n", fmt::join(cells, " | ")); }

std::string table_of(const FigureTable& table) {
  std::vector<std::string> titles, rules;
  for (const FigureColumn& column : table.columns) {
    titles.push_back(column.title);
    rules.emplace_back(column.left ? ":---" : "---:");
  }
  std::string out = line(titles) + line(rules);
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const bool is_sum = table.ends_in_sum && i + 1 == table.rows.size();
    std::vector<std::string> cells;
    for (const Figure& figure : table.rows[i]) cells.push_back(is_sum ? "**" + cell(figure) + "**" : cell(figure));
    out += line(cells);
  }
  return out + "\n";
}

// A block of code; longer ticks than any inside.
std::string code(const std::string& text, std::string_view language) {
  std::size_t longest = 2, run = 0;
  for (const char c : text) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
  const std::string fence(longest + 1, '`');
  return fmt::format("{}{}\n{}\n{}\n\n", fence, language, text, fence);
}

// `summary` is markup already: Markdown is not read there.
std::string folded(const std::string& summary, const std::string& body) {
  return fmt::format("<details>\n<summary>{}</summary>\n\n{}</details>\n\n", summary, body);
}

std::string list_of(const std::string& title, const std::vector<std::string>& sentences) {
  if (sentences.empty()) return "";
  std::string out = title + "\n\n";
  for (const std::string& text : sentences) out += "- " + markdown_text(text) + "\n";
  return out + "\n";
}

std::string heading(const Report& report) {
  const Headline headline = headline_of(report);
  std::string out = fmt::format("# {}\n\n**{}** {}", markdown_text(headline.title), truth_words(report),
                                markdown_text(headline.device));
  for (const std::string& setting : headline.settings) out += " · " + markdown_text(setting);
  return out + "\n\n";
}

std::string key_figures(const Breakdown& run) {
  std::vector<std::vector<std::string>> rows{{"Peak allocated", exact_bytes(run.peak.allocated_bytes)},
                                             {"Peak is in", markdown_text(place(run, run.peak))},
                                             {"Peak requested", exact_bytes(run.peak_requested_bytes)},
                                             {"Peak reserved", exact_bytes(run.peak_reserved_bytes)}};
  if (run.parameter_count > 0)
    rows.push_back(
        {"Parameters", fmt::format("{} in {}", format_count(run.parameter_count), exact_bytes(run.parameter_bytes))});
  if (const std::int64_t kept = kept_activation_bytes(run); kept > 0)
    rows.push_back({"Kept for backward, as requested", exact_bytes(kept)});
  if (const std::int64_t bytes = cache_bytes_per_token(run); bytes > 0)
    rows.push_back({"KV cache a token of one sequence", exact_bytes(bytes)});
  std::string out = line({"", ""}) + line({":---", "---:"});
  for (const auto& row : rows) out += line(row);
  return out + "\n";
}

std::string layers_part(const Breakdown& run) {
  return "Each row is the layer's own bytes at the peak, without those of the layers below it; ×N adds up N equal "
         "layers.\n\n" +
         table_of(layer_figures(run, kLayerRows));
}

std::string tensors_part(const Breakdown& run) {
  const std::size_t shown = std::min(run.peak.live.size(), kTensorRows);
  std::string out = table_of(tensor_figures(run, kTensorRows));
  std::int64_t bytes = 0;
  for (std::size_t i = shown; i < run.peak.live.size(); ++i)
    bytes += run.allocations.at(static_cast<std::size_t>(run.peak.live[i])).block_bytes;
  const std::size_t more = run.peak.live.size() - shown;
  if (more == 1) out += fmt::format("1 more holds {}.\n\n", format_bytes(bytes));
  if (more > 1)
    out += fmt::format("{} more hold {} together.\n\n", format_count(static_cast<std::int64_t>(more)),
                       format_bytes(bytes));
  return out;
}

std::string cache_part(const ReportRun& run) {
  const Breakdown& b = run.breakdown;
  if (!b.cache.any()) return "";
  std::string out = fmt::format("Kept as: {}. Per token: {}. {} at the end; {}.\n\n", markdown_text(cache_kind(b.spec)),
                                per_token_basis(b), exact_bytes(b.cache.bytes), markdown_text(peak_verdict(b)));
  if (run.fit)
    for (const FoundSize& found : run.fit->sizes)
      out += fmt::format("- {}: {}\n", size_name(found.size), markdown_text(found_text(b, found)));
  return out + (run.fit && !run.fit->sizes.empty() ? "\n" : "") + table_of(cache_figures(b));
}

std::string details_of(const ReportRun& report_run) {
  const Breakdown& run = report_run.breakdown;
  std::string out =
      folded("Layers and categories", layers_part(run)) + folded("Largest tensors at the peak", tensors_part(run));
  if (!run.steps.empty()) out += folded(run.cache.any() ? "Prefill and decode" : "Steps", table_of(step_figures(run)));
  return out;
}

std::string made_with(const Breakdown& run) {
  const Environment& e = run.environment;
  std::string out;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out += line({std::string(name), markdown_text(value)});
  };
  add("device", e.device_name.empty() ? run.spec.device : e.device_name);
  add("numbers are", std::string(truth_word(e)));
  if (e.device_total_bytes > 0) add("device memory", exact_bytes(e.device_total_bytes));
  add("compute capability", e.compute_capability);
  add("PyTorch", e.torch_version);
  add("CUDA", e.cuda_version);
  add("driver", e.driver_version);
  add("allocator settings", e.allocator_settings);
  add("headroom", e.headroom_version);
  return line({"environment", ""}) + line({":---", ":---"}) + out + "\n";
}

bool same_environment(const Report& report) {
  return std::ranges::all_of(report.runs, [&](const ReportRun& run) {
    return run.breakdown.environment == report.runs.front().breakdown.environment;
  });
}

std::string how_made(const Report& report) {
  std::string commands;
  for (const ReportRun& run : report.runs)
    commands += (commands.empty() ? "" : "\n") + printable(reproduction_command(run.breakdown.spec));
  std::string out = "## How this was made\n\n" + code(commands, "sh");
  if (same_environment(report)) return out + made_with(report.runs.front().breakdown);
  for (const ReportRun& run : report.runs)
    out += folded("Environment of " + markdown_html_text(run.breakdown.label), made_with(run.breakdown));
  return out;
}

std::string one_run(const ReportRun& run) {
  const Breakdown& b = run.breakdown;
  if (!has_peak(b)) return "Nothing was allocated.\n\n";
  std::string out = "## Summary\n\n" + key_figures(b) + "## At the peak\n\n" + table_of(category_figures(b));
  if (b.cache.any()) out += "## KV cache\n\n" + cache_part(run);
  return out + "## In detail\n\n" + details_of(run);
}

std::string run_in_detail(const ReportRun& run) {
  const Breakdown& b = run.breakdown;
  if (!has_peak(b)) return "";
  const std::string summary = fmt::format("<b>{}</b>: {} in {}", markdown_html_text(b.label),
                                          format_bytes(b.peak.allocated_bytes), markdown_html_text(place(b, b.peak)));
  return folded(summary, key_figures(b) + cache_part(run) + details_of(run));
}

std::string several_runs(const Report& report) {
  std::string out = "## Comparison\n\n" + table_of(comparison_figures(report));
  if (const FigureTable at_peak = comparison_categories(report); !at_peak.rows.empty())
    out += "## At each run's peak\n\n" + table_of(at_peak);
  out += "## Each run in detail\n\n";
  for (const ReportRun& run : report.runs) out += run_in_detail(run);
  return out;
}

}  // namespace

std::string write_markdown(const Report& report) {
  if (report.runs.empty()) return "No runs.\n";
  std::string out = heading(report) + list_of("**Read this first**", warnings(report));
  out += report.runs.size() == 1 ? one_run(report.runs.front()) : several_runs(report);
  out += how_made(report) + list_of("**Assumed**", assumptions_of(report));
  return out + fmt::format("Written by headroom {}. Sizes are in binary units: 1 KiB is 1,024 bytes.\n",
                           report.headroom_version);
}

}  // namespace headroom
