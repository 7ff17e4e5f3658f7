#include "cli/fit.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "cli/device.h"

namespace headroom::cli {
namespace {

constexpr std::int64_t kProbedTokens = 2;  // new ones of a probe for the context: a prefill, and a step with a cache

Probe probe_of(const Recording& recording, std::int64_t capacity_bytes) {
  const Outcome& outcome = recording.outcome;
  if (outcome.kind == OutcomeKind::ok) return {true, recording.stats.peak_allocated_bytes};
  return {false, capacity_bytes + std::max<std::int64_t>(1, outcome.failed_request_bytes - outcome.free_bytes)};
}

// A search that goes on, or what came of it.
class Running {
 public:
  Running(const FitSearch& search, std::int64_t capacity_bytes)
      : search_(search), capacity_bytes_(capacity_bytes), largest_(search.low, search.high, capacity_bytes) {
    for (const auto& [value, bytes] : search.known) largest_.hint(value, bytes);
  }

  bool goes_on() const { return problem_.empty() && largest_.next().has_value(); }
  PlannedRun next_run() const {
    const std::int64_t value = *largest_.next();
    return {fmt::format("{} {}", to_name(kFitSizeNames, search_.size), format_count(value)), search_.spec_of(value)};
  }
  void tell(const MeasuredRun& run) {
    if (run.recording.outcome.kind == OutcomeKind::error)
      problem_ = fmt::format("at {} the run failed: {}", format_count(*largest_.next()), run.message);
    else
      largest_.tell(probe_of(run.recording, capacity_bytes_));
  }
  FoundSize found() const { return {search_.size, largest_.result(), search_.limit, search_.low, problem_}; }

 private:
  const FitSearch& search_;
  std::int64_t capacity_bytes_;
  LargestSearch largest_;
  std::string problem_;
};

std::int64_t parameter_bytes(const Recording& recording) {
  std::int64_t bytes = 0;
  for (const ParameterRecord& parameter : recording.parameters) bytes += parameter.bytes;
  return bytes;
}

// No probe is traced.
RunSpec untraced(RunSpec spec) {
  spec.trace = TraceLevel::none;
  spec.require_cupti = spec.counters = false;
  return spec;
}

FitSearch context_search(const Recording& measured, std::int64_t positions) {
  const RunSpec spec = untraced(measured.spec);
  const std::int64_t tokens = std::min(kProbedTokens, spec.generation.new_tokens);
  // A decoder's own tokens are part of its context; beside an encoder the context is what that reads.
  const std::int64_t own = reads_source(measured.model) ? 0 : tokens;
  const std::int64_t most = kMaxTokensPerStep / (spec.batch * spec.generation.beams);
  FitSearch search{FitSize::context,
                   own + 1,
                   std::min(positions, most),
                   positions <= most ? FitLimit::positions : FitLimit::tokens,
                   {},
                   {}};
  search.spec_of = [spec, tokens, own](std::int64_t value) {
    RunSpec probe = spec;
    probe.seq = value - own;
    probe.generation.new_tokens = tokens;
    return probe;
  };
  const std::int64_t ran = spec.seq + (own > 0 ? spec.generation.new_tokens : 0);
  search.known = {{0, parameter_bytes(measured)}, {ran, measured.stats.peak_allocated_bytes}};
  return search;
}

FitSearch batch_search(const Recording& measured) {
  const RunSpec spec = untraced(measured.spec);
  FitSearch search{
      FitSize::batch, spec.batch + 1, kMaxTokensPerStep / (spec.seq * spec.generation.beams), FitLimit::tokens, {}, {}};
  search.spec_of = [spec](std::int64_t value) {
    RunSpec probe = spec;
    probe.batch = value;
    return probe;
  };
  search.known = {{0, parameter_bytes(measured)}, {spec.batch, measured.stats.peak_allocated_bytes}};
  return search;
}

}  // namespace

std::vector<FoundSize> find_largest(const std::vector<FitSearch>& searches, std::int64_t capacity_bytes,
                                    const MeasureOptions& options, Interrupts& interrupts) {
  std::vector<Running> running;
  for (const FitSearch& search : searches) running.emplace_back(search, capacity_bytes);
  for (;;) {
    std::vector<PlannedRun> planned;
    std::vector<Running*> asking;
    for (Running& search : running)
      if (search.goes_on()) {
        planned.push_back(search.next_run());
        asking.push_back(&search);
      }
    if (planned.empty()) break;
    const std::vector<MeasuredRun> runs = measure(planned, options, interrupts);
    for (std::size_t i = 0; i < runs.size(); ++i) asking[i]->tell(runs[i]);
  }
  std::vector<FoundSize> found;
  for (const Running& search : running) found.push_back(search.found());
  return found;
}

Fit find_what_fits(const Recording& measured, std::int64_t positions, const MeasureOptions& options,
                   Interrupts& interrupts) {
  if (!is_virtual(measured.spec.device))
    return {
        fmt::format("the largest sizes are looked for on virtual devices, and this ran on {}", measured.spec.device),
        {}};
  const std::int64_t capacity = measured.environment.device_total_bytes - measured.spec.virtual_options.reserve_bytes;
  Fit fit{"",
          find_largest({context_search(measured, positions), batch_search(measured)}, capacity, options, interrupts)};
  FoundSize& batch = fit.sizes.back();
  batch.least = measured.spec.batch;
  if (!batch.largest.value) {  // the run itself fitted
    batch.largest.value = measured.spec.batch;
    batch.largest.is_high = batch.largest.probe_count == 0;
  }
  return fit;
}

}  // namespace headroom::cli
