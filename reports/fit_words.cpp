#include "reports/fit_words.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/summary.h"

namespace headroom {
namespace {

bool is_of_sequences(FitSize size) {
  return size == FitSize::batch || size == FitSize::concurrency || size == FitSize::microbatch;
}

std::string batch_phrase(const FitReport& report) {
  const RunSpec& spec = report.spec;
  if (report.size == FitSize::microbatch)
    return fmt::format("{} sequences a step in all", format_count(spec.batch * spec.accumulate));
  if (is_of_sequences(report.size)) return "";
  return fmt::format("batch {}", format_count(spec.batch));
}

std::string seq_phrase(const FitReport& report) {
  const RunSpec& spec = report.spec;
  const bool generates = spec.mode == Mode::generate;
  if (report.size == FitSize::context) return "";
  const std::string more = generates ? fmt::format(" + {} new tokens", format_count(spec.generation.new_tokens)) : "";
  if (report.size == FitSize::seq) return more.empty() ? "" : more.substr(3);
  return fmt::format("{} {}{}", generates ? "prompt" : "seq", format_count(spec.seq), more);
}

std::string heaviest(const RunSummary& run) { return std::string(style_of(run.heaviest_category()).title); }

}  // namespace

std::vector<std::string> fit_conditions(const FitReport& report) {
  Breakdown run;
  run.spec = report.spec;
  run.model.name = report.model_name;
  const RunPhrases said = phrases(run);
  std::vector<std::string> out;
  const auto add = [&](const std::string& phrase) {
    if (!phrase.empty()) out.push_back(phrase);
  };
  add(report.model_name);
  add(report.spec.attention);
  add(batch_phrase(report));
  add(seq_phrase(report));
  for (const std::string& phrase : {said.mode, said.dtype, said.optimizer, said.attention_kernel, said.conditions})
    add(phrase);
  return out;
}

std::string fit_title(const FitReport& report) {
  switch (report.size) {
    case FitSize::layers:
      return "most layers that fit";
    case FitSize::heads:
      return report.heads_keep == "width" ? "most heads of the model's width that fit"
                                          : "most heads of the model's head size that fit";
    case FitSize::seq:
      return "longest sequence that fits";
    case FitSize::context:
      return "longest context, prompt and new tokens, that fits";
    case FitSize::concurrency:
      return "most sequences at once that fit";
    case FitSize::microbatch:
      return "largest micro-batch that fits";
    case FitSize::batch:
      break;
  }
  return "largest batch that fits";
}

std::string amount_text(FitSize size, std::int64_t value) {
  const std::string_view name = to_name(kFitSizeNames, size);
  if (size != FitSize::layers && size != FitSize::heads) return fmt::format("{} {}", name, format_count(value));
  return fmt::format("{} {}", format_count(value), value == 1 ? name.substr(0, name.size() - 1) : name);
}

FitLimit limit_of(const SearchResult& result) {
  return result.found.largest.is_high ? result.found.limit : FitLimit::memory;
}

std::string value_text(const SearchResult& result) {
  if (result.found.largest.value) return format_count(*result.found.largest.value);
  return result.found.problem.empty() ? "none" : "?";
}

std::string limit_text(const SearchResult& result) {
  if (!result.found.problem.empty()) return "";
  switch (limit_of(result)) {
    case FitLimit::positions:
      return "the model's positions: all fit";
    case FitLimit::tokens:
      return "no larger one can be run: all fit";
    case FitLimit::total:
      return "the whole batch at once: it fits";
    case FitLimit::model:
      return "no larger model can be described: all fit";
    case FitLimit::memory:
      break;
  }
  if (!result.next) return "";
  const RunSummary& run = *result.next;
  return fmt::format("{}, in {} at {}", heaviest(run), run.failed_phase, run.failed_layer);
}

std::string limit_sentence(const FitReport& report, const DeviceFit& fit) {
  const SearchResult& result = fit.result;
  if (!result.next || !result.next_value || limit_of(result) != FitLimit::memory) return "";
  const RunSummary& run = *result.next;
  const Category category = run.heaviest_category();
  std::string out = fmt::format("{}: with {} the run was out of memory in {} at {}, which asked for {} with {} free.",
                                fit.device, amount_text(report.size, *result.next_value), run.failed_phase,
                                run.failed_layer, format_bytes(run.failed_request_bytes), format_bytes(run.free_bytes));
  out += fmt::format(" Most of what it held were {}, {}; the layer with most was {}, {}.", heaviest(run),
                     format_bytes(run.categories[static_cast<std::size_t>(category)]), run.heaviest_layer,
                     format_bytes(run.heaviest_bytes));
  if (result.largest && result.found.largest.value)
    out += fmt::format(" With {} the peak is in {} at {}.", format_count(*result.found.largest.value),
                       moment(result.largest->phase, result.largest->step), result.largest->layer);
  return out;
}

std::string gain_text(const SearchResult& before, const TriedChange& change) {
  if (!change.search) return "";
  return fmt::format("{} → {}", value_text(before), value_text(*change.search));
}

std::vector<std::string> fit_remarks(const FitReport& report) {
  std::vector<std::string> out;
  const bool plural = report.size == FitSize::layers || report.size == FitSize::heads;
  for (const DeviceFit& fit : report.devices) {
    for (const OutOfOrder& odd : fit.result.out_of_order)
      out.push_back(fmt::format("{}: {} {} not fit although {} {}: the search went on above it.", fit.device,
                                amount_text(report.size, odd.fails), plural ? "do" : "does", format_count(odd.fits),
                                plural ? "do" : "does"));
    if (!fit.result.found.problem.empty()) out.push_back(fmt::format("{}: {}.", fit.device, fit.result.found.problem));
    for (const TriedChange& change : fit.changes)
      if (!change.problem.empty()) out.push_back(fmt::format("{} was not run: {}.", change.flags, change.problem));
  }
  return out;
}

}  // namespace headroom
