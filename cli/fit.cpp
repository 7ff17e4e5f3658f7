#include "cli/fit.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "cli/device.h"
#include "cli/installed.h"

namespace headroom::cli {
namespace {

constexpr std::int64_t kProbedTokens = 2;  // new ones of a probe for the context: a prefill, and a step with a cache
constexpr int kMostReturns = 3;            // how often a search goes on above a value that did not fit

Probe probe_of(const RunSummary& run, std::int64_t capacity_bytes) {
  if (run.fits()) return {true, run.allocated_bytes};
  return {false, capacity_bytes + std::max<std::int64_t>(1, run.failed_request_bytes - run.free_bytes)};
}

TriedRun tried(const MeasuredRun& run) {
  if (run.recording.outcome.kind == OutcomeKind::error) return {{}, run.code, run.message};
  return {summarize(run.recording), ExitCode::done, ""};
}

}  // namespace

// A search that goes on, or what came of it.
class FitRuns::Search {
 public:
  explicit Search(FitSearch search) : search_(std::move(search)) {
    largest_.emplace(search_.low, search_.high, search_.capacity_bytes);
    for (const auto& [place, bytes] : search_.known) largest_->hint(place, bytes);
    if (search_.start) largest_->start_at(*search_.start);
  }

  bool is_waiting = false;  // for a run

  const FitSearch& search() const { return search_; }
  std::optional<std::int64_t> next() const {
    if (!problem_.empty()) return {};
    return largest_->next() ? largest_->next() : beyond();
  }
  std::string label(std::int64_t place) const {
    return fmt::format("{} {}", search_.label, format_count(search_.value_of(place)));
  }
  // Of another device. While a run is under way, what comes next must not change.
  void hint(std::int64_t place, const RunSummary& run) {
    hints_.emplace_back(place, run);
    if (!is_waiting) take_hints();
  }
  void fail(const std::string& problem) { problem_ = problem; }

  void tell(std::int64_t place, const TriedRun& run) {
    if (!run.problem.empty())
      return fail(fmt::format("at {} the run failed: {}", format_count(search_.value_of(place)), run.problem));
    runs_[place] = run.run;
    if (largest_->next()) {
      largest_->tell(probe_of(run.run, search_.capacity_bytes));
      if (run.run.fits()) hint_at_nothing(run.run);
    } else if (run.run.fits()) {
      go_on_above(place);
    }
    take_hints();
  }

  std::int64_t place() const { return largest_->result().value.value_or(known_to_fit_.value_or(search_.low)); }

  SearchResult result() const {
    SearchResult out;
    out.found = {search_.size, largest_->result(), search_.limit, search_.value_of(search_.low), problem_};
    Largest& largest = out.found.largest;
    largest.probe_count += earlier_probes_;
    const std::optional<std::int64_t> place = largest.value ? largest.value : known_to_fit_;
    if (problem_.empty() && next()) out.found.problem = "the search was interrupted";
    largest.value.reset();
    if (place) largest.value = search_.value_of(*place);
    if (const auto found = place ? runs_.find(*place) : runs_.end(); found != runs_.end()) out.largest = found->second;
    for (const auto& [tried, run] : runs_)
      if (!run.fits() && (!place || tried > *place)) {
        out.next_value = search_.value_of(tried);
        out.next = run;
        break;
      }
    out.out_of_order = out_of_order_;
    return out;
  }

 private:
  // The value after the first that does not fit, once that is known.
  std::optional<std::int64_t> beyond() const {
    const Largest found = largest_->result();
    if (!search_.looks_beyond || found.is_high || returns_ == kMostReturns) return {};
    const std::optional<std::int64_t> last = found.value ? found.value : known_to_fit_;
    if (!last) return {};
    const std::int64_t place = *last + 2;
    return place <= search_.high && !runs_.contains(place) ? std::optional(place) : std::nullopt;
  }

  void take_hints() {
    for (const auto& [place, run] : std::exchange(hints_, {})) {
      hint_at_nothing(run);
      largest_->hint(place, run.allocated_bytes);
    }
  }

  // The first to be told counts.
  void hint_at_nothing(const RunSummary& run) { largest_->hint(0, search_.has_fixed_part ? run.fixed_bytes() : 0); }

  void go_on_above(std::int64_t place) {
    out_of_order_.push_back({search_.value_of(place - 1), search_.value_of(place)});
    earlier_probes_ += largest_->result().probe_count + 1;
    known_to_fit_ = place;
    ++returns_;
    largest_.emplace(place + 1, search_.high, search_.capacity_bytes);
    for (const auto& [tried, run] : runs_)
      if (run.fits()) largest_->hint(tried, run.allocated_bytes);
  }

  FitSearch search_;
  std::optional<LargestSearch> largest_;
  std::map<std::int64_t, RunSummary> runs_;                 // by place
  std::vector<std::pair<std::int64_t, RunSummary>> hints_;  // not yet taken
  std::optional<std::int64_t> known_to_fit_;
  std::vector<OutOfOrder> out_of_order_;
  int returns_ = 0, earlier_probes_ = 0;
  std::string problem_;
};

FitRuns::FitRuns(ResultCache& cache) : cache_(cache) {}
FitRuns::~FitRuns() = default;

std::size_t FitRuns::add(FitSearch search) {
  searches_.push_back(std::make_unique<Search>(std::move(search)));
  return searches_.size() - 1;
}

std::size_t FitRuns::add(const std::string& label, RunSpec spec) {
  singles_.push_back(std::make_unique<Single>(Single{{label, std::move(spec)}, false, {}}));
  return singles_.size() - 1;
}

SearchResult FitRuns::search_result(std::size_t index) const { return searches_.at(index)->result(); }

std::int64_t FitRuns::place(std::size_t index) const { return searches_.at(index)->place(); }

std::optional<TriedRun> FitRuns::run_result(std::size_t index) const { return singles_.at(index)->result; }

void FitRuns::tell(Search& search, const TriedRun& run) {
  const std::int64_t place = *search.next();
  search.tell(place, run);
  code_ = std::max(code_, run.code);
  if (!run.problem.empty() || !run.run.fits() || search.search().family < 0) return;
  for (const auto& other : searches_)
    if (other.get() != &search && other->search().family == search.search().family) other->hint(place, run.run);
}

std::optional<PlannedRun> FitRuns::next_of(Search& search) {
  try {
    while (const auto place = search.next()) {
      PlannedRun run{search.label(*place), search.search().spec_of(*place)};
      std::string key = run_key(run.spec, own_program());
      if (const auto known = cache_.find(key)) {
        tell(search, {*known, ExitCode::done, ""});
        continue;
      }
      search.is_waiting = true;
      asked_.push_back({&search, nullptr, std::move(key)});
      return run;
    }
  } catch (const Error& error) {
    if (error.code() != ExitCode::bad_input) throw;
    code_ = std::max(code_, error.code());
    search.fail(error.what());
  }
  return {};
}

std::optional<PlannedRun> FitRuns::next_of(Single& single) {
  single.started = true;
  std::string key = run_key(single.run.spec, own_program());
  if (const auto known = cache_.find(key)) {
    single.result = TriedRun{*known, ExitCode::done, ""};
    return {};
  }
  asked_.push_back({nullptr, &single, std::move(key)});
  return single.run;
}

std::optional<PlannedRun> FitRuns::next() {
  for (const auto& search : searches_)
    if (!search->is_waiting)
      if (auto run = next_of(*search)) return run;
  for (const auto& single : singles_)
    if (!single->started)
      if (auto run = next_of(*single)) return run;
  return {};
}

void FitRuns::take(std::size_t index, MeasuredRun run) {
  const Asked& asked = asked_.at(index);
  const TriedRun result = tried(run);
  if (result.problem.empty()) cache_.keep(asked.key, result.run);
  if (asked.single) {
    asked.single->result = result;
    return;
  }
  asked.search->is_waiting = false;
  tell(*asked.search, result);
}

RunSpec untraced(RunSpec spec) {
  spec.trace = TraceLevel::none;
  spec.require_cupti = spec.counters = false;
  return spec;
}

FitSearch context_search(const RunSpec& run, bool reads_source, std::int64_t positions) {
  const RunSpec spec = untraced(run);
  const std::int64_t tokens = std::min(kProbedTokens, spec.generation.new_tokens);
  // A decoder's own tokens are part of its context; beside an encoder the context is what that reads.
  const std::int64_t own = reads_source ? 0 : tokens;
  const std::int64_t most = kMaxTokensPerStep / (spec.batch * spec.generation.beams);
  FitSearch search{.size = FitSize::context,
                   .label = "context",
                   .low = own + 1,
                   .high = std::min(positions, most),
                   .limit = positions <= most ? FitLimit::positions : FitLimit::tokens};
  search.spec_of = [spec, tokens, own](std::int64_t value) {
    RunSpec probe = spec;
    probe.seq = value - own;
    probe.generation.new_tokens = tokens;
    return probe;
  };
  return search;
}

namespace {

std::int64_t parameter_bytes(const Recording& recording) {
  std::int64_t bytes = 0;
  for (const ParameterRecord& parameter : recording.parameters) bytes += parameter.bytes;
  return bytes;
}

FitSearch context_search(const Recording& measured, std::int64_t positions) {
  const RunSpec& spec = measured.spec;
  const bool source = reads_source(measured.model);
  FitSearch search = cli::context_search(spec, source, positions);
  const std::int64_t ran = spec.seq + (source ? 0 : spec.generation.new_tokens);
  search.known = {{0, parameter_bytes(measured)}, {ran, measured.stats.peak_allocated_bytes}};
  return search;
}

FitSearch batch_search(const Recording& measured) {
  const RunSpec spec = untraced(measured.spec);
  FitSearch search{.size = FitSize::batch,
                   .label = "batch",
                   .low = spec.batch + 1,
                   .high = kMaxTokensPerStep / (spec.seq * spec.generation.beams),
                   .limit = FitLimit::tokens};
  search.spec_of = [spec](std::int64_t value) {
    RunSpec probe = spec;
    probe.batch = value;
    return probe;
  };
  search.known = {{0, parameter_bytes(measured)}, {spec.batch, measured.stats.peak_allocated_bytes}};
  return search;
}

}  // namespace

Fit find_what_fits(const Recording& measured, std::int64_t positions, const MeasureOptions& options,
                   Interrupts& interrupts) {
  if (!is_virtual(measured.spec.device))
    return {
        fmt::format("the largest sizes are looked for on virtual devices, and this ran on {}", measured.spec.device),
        {}};
  ResultCache cache({});
  FitRuns runs(cache);
  for (FitSearch search : {context_search(measured, positions), batch_search(measured)}) {
    search.capacity_bytes = measured.environment.device_total_bytes - measured.spec.virtual_options.reserve_bytes;
    runs.add(std::move(search));
  }
  measure(runs, options, interrupts);
  Fit fit{"", {runs.search_result(0).found, runs.search_result(1).found}};
  FoundSize& batch = fit.sizes.back();
  batch.least = measured.spec.batch;
  if (!batch.largest.value) {  // the run itself fitted
    batch.largest.value = measured.spec.batch;
    batch.largest.is_high = batch.largest.probe_count == 0;
  }
  return fit;
}

}  // namespace headroom::cli
