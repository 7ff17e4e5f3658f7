// What a sweep found, run by run, and how its peaks grow with each number that was varied. Pure; no I/O.
//
// Invariant (checked by verify()): rows are in ascending order of number, from 1 to `count` at most, each with a
// setting for every varied field; and the categories of a run that went well sum to its peak.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/breakdown.h"
#include "base/json.h"

namespace headroom {

// refused: such a run cannot be, as where a mechanism is undefined for the model. error: it should have been.
enum class SweepOutcome : std::uint8_t { ok, oom, refused, error };
inline constexpr std::array kSweepOutcomeNames{
    Named<SweepOutcome>{SweepOutcome::ok, "ok"}, Named<SweepOutcome>{SweepOutcome::oom, "oom"},
    Named<SweepOutcome>{SweepOutcome::refused, "refused"}, Named<SweepOutcome>{SweepOutcome::error, "error"}};

// What besides its spec decides a run's numbers, as far as it is known before the run.
struct SweepMaker {
  std::string headroom_version, allocator_settings;
  std::string model_hash;  // of the bytes of a model's config.json; empty for a preset

  bool operator==(const SweepMaker&) const = default;
};

struct SweepPeak {
  std::int64_t allocated_bytes = 0;                      // of live blocks, and `categories` sum to it
  std::int64_t requested_bytes = 0, reserved_bytes = 0;  // most over the run, each at its own instant
  CategoryBytes categories{};
  Phase phase = Phase::build;
  std::int32_t step = 0;
  std::string layer;

  bool operator==(const SweepPeak&) const = default;
};

struct SweepFailure {
  std::int64_t failed_request_bytes = 0, free_bytes = 0;
  std::string phase, layer;

  bool operator==(const SweepFailure&) const = default;
};

// What became of one run, whatever sweep it is of.
struct SweepResult {
  SweepOutcome outcome = SweepOutcome::ok;
  std::string reason;  // why it is not ok, in a sentence
  std::string key;     // names what was run; empty where nothing was
  std::optional<RunSpec> spec;
  SweepMaker maker;
  std::string torch_version, cuda_version, device_name;
  DeviceKind device_kind = DeviceKind::cpu;
  std::int64_t parameter_count = 0, parameter_bytes = 0;  // 0: the build did not come so far
  std::optional<SweepPeak> peak;                          // of a run that went well
  std::int64_t kv_cache_bytes_per_token = 0;              // 0: it has none
  std::optional<SweepFailure> failure;                    // of one that ran out of memory

  bool operator==(const SweepResult&) const = default;
};

struct SweepRow {
  std::int64_t number = 0;     // from 1, in the order of the sweep
  std::vector<Json> settings;  // of each varied field a text, number or boolean; null where it was left to its default
  SweepResult result;

  bool operator==(const SweepRow&) const = default;
};

struct Sweep {
  std::string headroom_version;
  std::string id;                   // of the whole list of runs: parts of one sweep have it in common
  std::vector<std::string> varied;  // "attention", "seq": keys of a run
  std::int64_t count = 0;           // runs of the whole sweep
  std::vector<SweepRow> rows;       // those that are here
};

// The result of a run that was recorded; `key`, `maker` and `spec` are the caller's.
SweepResult sweep_result(const Breakdown& run);

// The runs that differ in one number alone, from its smallest to its largest.
struct ScalingSeries {
  std::size_t field = 0;          // index into Sweep::varied
  std::vector<std::size_t> rows;  // indices into Sweep::rows, two or more
};

// For each varied field that is a number above 0 in every run: its series, in the order of their first runs. Only runs
// that went well are in them.
std::vector<ScalingSeries> scaling_series(const Sweep& sweep);

using ScalingPoints = std::vector<std::pair<double, double>>;  // x and bytes
ScalingPoints points_of(const Sweep& sweep, const ScalingSeries& series);
ScalingPoints points_of(const Sweep& sweep, const ScalingSeries& series, Category category);

// b of y = a·x^b, by least squares of the logarithms; empty below two different x, or where a value is not above 0.
std::optional<double> log_log_slope(const ScalingPoints& points);
std::optional<double> last_log_log_slope(const ScalingPoints& points);  // between the last two

// Fields of the sweep other than `field`: "mha, batch 8". Empty where there is none.
std::string settings_words(const Sweep& sweep, const SweepRow& row, std::optional<std::size_t> without = {});
std::string setting_text(const Json& value);  // "mha", "8", "true"; "" for null

// Numbers from 1 to count without a row.
std::vector<std::int64_t> missing_rows(const Sweep& sweep);

// One sentence for each invariant that does not hold; empty when all hold.
std::vector<std::string> verify(const Sweep& sweep);
std::vector<std::string> verify(const SweepResult& result);

// Parts of one sweep as one, sorted. Throws bad_input where they are of different sweeps, or where two of them have
// different results for a run; an error gives way to a result. `names` are those of the parts, for messages.
Sweep merge_sweeps(const std::vector<Sweep>& parts, const std::vector<std::string>& names);

}  // namespace headroom
