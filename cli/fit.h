// The largest sizes of a run that virtual devices hold, found by running it: no formula decides.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/fit.h"
#include "cli/measurement.h"
#include "result_cache/result_cache.h"

namespace headroom::cli {

// One size to be found. It is looked for among `low` … `high`, which are values unless `value_of` says whose places
// they are.
struct FitSearch {
  FitSize size = FitSize::context;
  std::string label = {};  // what its runs are called in progress, before the value
  std::int64_t low = 1, high = 1;
  FitLimit limit = FitLimit::tokens;  // what `high` is
  std::int64_t capacity_bytes = 0;
  std::function<RunSpec(std::int64_t place)> spec_of = {};
  std::function<std::int64_t(std::int64_t place)> value_of = [](std::int64_t place) { return place; };
  std::optional<std::int64_t> start = {};                         // the place to look at first
  std::vector<std::pair<std::int64_t, std::int64_t>> known = {};  // places and bytes in use there, from other runs
  // Searches of one family differ in the device alone: what one sees in use is where the others look. -1: none.
  int family = -1;
  bool has_fixed_part = false;  // what its first run holds of parameters and the like is there at place 0, too
  bool looks_beyond = false;    // tries the value after the first that does not fit, too
};

// What came of one run that is wanted for itself.
struct TriedRun {
  RunSummary run;
  ExitCode code = ExitCode::done;
  std::string problem;  // empty: it fitted, or was out of memory
};

// Searches and single runs, each search with one run at a time, as many at once as there are workers. What the cache
// knows is not run. A run that neither fits nor runs out of memory ends its search with the reason.
class FitRuns : public RunSource {
 public:
  explicit FitRuns(ResultCache& cache);
  ~FitRuns() override;

  std::size_t add(FitSearch search);                        // returns the index of its result
  std::size_t add(const std::string& label, RunSpec spec);  // the same of a single run

  // As far as they came. A search that did not end has a problem.
  SearchResult search_result(std::size_t index) const;
  std::int64_t place(std::size_t index) const;  // of the value that was found; low where none fits
  std::optional<TriedRun> run_result(std::size_t index) const;
  ExitCode code() const { return code_; }  // the worst of the runs that failed

  std::optional<PlannedRun> next() override;
  void take(std::size_t index, MeasuredRun run) override;

 private:
  class Search;
  struct Single {
    PlannedRun run;
    bool started = false;
    std::optional<TriedRun> result;
  };
  struct Asked {
    Search* search = nullptr;
    Single* single = nullptr;
    std::string key;  // of the cache
  };

  std::optional<PlannedRun> next_of(Search& search);
  std::optional<PlannedRun> next_of(Single& single);
  void tell(Search& search, const TriedRun& run);

  ResultCache& cache_;
  std::vector<std::unique_ptr<Search>> searches_;
  std::vector<std::unique_ptr<Single>> singles_;
  std::vector<Asked> asked_;
  ExitCode code_ = ExitCode::done;
};

// The largest context and the largest batch of a run of --mode generate that fitted. `positions`: the model's.
Fit find_what_fits(const Recording& measured, std::int64_t positions, const MeasureOptions& options,
                   Interrupts& interrupts);

// No probe is traced.
RunSpec untraced(RunSpec spec);

// The search for the largest context of --mode generate, at the batch of `spec`: probes make two new tokens at most,
// for what counts is the length.
FitSearch context_search(const RunSpec& spec, bool reads_source, std::int64_t positions);

}  // namespace headroom::cli
