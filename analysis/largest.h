// The largest value of a run's size (a batch, a length) that still fits, found by trying. Pure: who asks runs the
// probes, one search or several side by side.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/names.h"

namespace headroom {

// What trying a value showed. fits: used_bytes is the most that was in use. Else it is what there is plus what was
// missing, as far as it got; 0 where nothing is known.
struct Probe {
  bool fits = false;
  std::int64_t used_bytes = 0;
};

struct Largest {
  std::optional<std::int64_t> value;  // fits, and value + 1 was tried and does not, unless value is `high`; absent: low
                                      // does not fit
  bool is_high = false;               // everything fits
  int probe_count = 0;
};

// Of low <= value <= high, where what fits is below what does not. Guesses by a curve through the bytes that were used,
// and never tries more than 6 values beyond those that halving would.
class LargestSearch {
 public:
  // capacity_bytes: where used bytes are about to end; a hint, never taken for the answer.
  LargestSearch(std::int64_t low, std::int64_t high, std::int64_t capacity_bytes);

  // Bytes in use at `value`, known without a probe of this search; may lie outside of low … high, or be another
  // device's.
  void hint(std::int64_t value, std::int64_t used_bytes);
  // What to try before anything is known.
  void start_at(std::int64_t value);

  std::optional<std::int64_t> next() const;  // what to try; empty: done
  void tell(const Probe& probe);             // of next()
  Largest result() const;                    // once done

 private:
  void remember(std::int64_t value, double used_bytes, bool own);
  const std::pair<double, double>& last_below_failure() const;
  double expected_bytes(double value) const;
  std::int64_t crossing() const;
  std::int64_t guess() const;
  std::int64_t between() const;
  std::int64_t within_budget(std::int64_t value) const;
  void choose();

  std::int64_t fits_, fails_;  // fits_: low - 1, or it fits; fails_: high + 1, or it does not
  const std::int64_t low_, high_;
  const double capacity_;
  double threshold_;  // used bytes that are believed to be the last to fit
  std::optional<std::int64_t> start_;
  std::vector<std::pair<double, double>> used_;  // value, bytes: of what fits; ascending
  double needed_ = 0;                            // by what does not fit
  bool curve_misled_ = false;                    // it said that what failed last needs no more than what fits
  std::int64_t up_ = 1, down_ = 1;  // how far from what fits, and from what does not, where the curve says no more
  int budget_;                      // values that may still be tried
  int probe_count_ = 0;
  std::optional<std::int64_t> next_;
};

Largest largest_that_fits(std::int64_t low, std::int64_t high, std::int64_t capacity_bytes,
                          const std::function<Probe(std::int64_t)>& probe);

// What of a run is made larger. context: the tokens of a sequence, prompt and new ones together (beside a decoder's
// encoder, those that it reads). batch, concurrency: the sequences. microbatch: those of them that go through at once.
// seq: the tokens of each. layers, heads: the model's own.
enum class FitSize : std::uint8_t { context, batch, seq, layers, heads, microbatch, concurrency };
// Why it can be no larger: memory; the model has no more positions; a step takes no more tokens (kMaxTokensPerStep); it
// is the whole batch already; no larger model can be described.
enum class FitLimit : std::uint8_t { memory, positions, tokens, total, model };
inline constexpr std::array kFitSizeNames{Named<FitSize>{FitSize::context, "context"},
                                          Named<FitSize>{FitSize::batch, "batch"},
                                          Named<FitSize>{FitSize::seq, "seq"},
                                          Named<FitSize>{FitSize::layers, "layers"},
                                          Named<FitSize>{FitSize::heads, "heads"},
                                          Named<FitSize>{FitSize::microbatch, "microbatch"},
                                          Named<FitSize>{FitSize::concurrency, "concurrency"}};
inline constexpr std::array kFitLimitNames{
    Named<FitLimit>{FitLimit::memory, "memory"}, Named<FitLimit>{FitLimit::positions, "positions"},
    Named<FitLimit>{FitLimit::tokens, "tokens"}, Named<FitLimit>{FitLimit::total, "total"},
    Named<FitLimit>{FitLimit::model, "model"}};

struct FoundSize {
  FitSize size = FitSize::context;
  Largest largest;
  FitLimit limit = FitLimit::memory;
  std::int64_t least = 1;  // the smallest that was of interest
  std::string problem;     // why it could not be told; empty: it was
};

// What the device holds of a run at most, each size with the others as they are.
struct Fit {
  std::string not_searched;  // why; empty: it was
  std::vector<FoundSize> sizes;
};

}  // namespace headroom
