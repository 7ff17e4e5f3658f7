// (Breakdown, Budget) -> Verdict: whether a run keeps to its limits, which it broke and by how much. Pure; no I/O.
//
// A figure is an integer, of bytes but for `parameters`, which are counted. A limit is broken when its figure is above
// a level; so more bytes never turn a broken limit into a kept one. Growth is against the same figure of a baseline.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/breakdown.h"
#include "base/names.h"

namespace headroom {

// peak, requested, reserved: the most over the run, each at its own instant. kv_per_token: of one sequence.
// largest_tensor: the largest block of the run. category, layer: at the peak of what is allocated.
enum class MetricKind : std::uint8_t {
  peak,
  requested,
  reserved,
  parameters,
  parameter_bytes,
  kv_per_token,
  largest_tensor,
  category,
  layer
};
inline constexpr std::array kMetricNames{Named<MetricKind>{MetricKind::peak, "peak"},
                                         Named<MetricKind>{MetricKind::requested, "requested"},
                                         Named<MetricKind>{MetricKind::reserved, "reserved"},
                                         Named<MetricKind>{MetricKind::parameters, "parameters"},
                                         Named<MetricKind>{MetricKind::parameter_bytes, "parameter-bytes"},
                                         Named<MetricKind>{MetricKind::kv_per_token, "kv-per-token"},
                                         Named<MetricKind>{MetricKind::largest_tensor, "largest-tensor"},
                                         Named<MetricKind>{MetricKind::category, "category"},
                                         Named<MetricKind>{MetricKind::layer, "layer"}};

struct Metric {
  MetricKind kind = MetricKind::peak;
  Category category = Category::unresolved;  // of a category; of layers: `unresolved` stands for all
  std::string layers;                        // a glob: of the layers that match, the one with the most bytes
  bool self = false;                         // of layers: without what is below them

  bool operator==(const Metric&) const = default;
};

// What a limit is called in files: "peak", "category.activation", "layer.encoder.*", "layer.encoder.* self activation".
std::string key_of(const Metric& metric);
bool is_counted(const Metric& metric);  // no bytes

// * is any text without a dot, ** any text, ? one character other than a dot. Takes time in proportion to the product
// of the lengths, whatever the glob.
bool matches_glob(std::string_view glob, std::string_view path);

inline constexpr std::int64_t kWhole = 1'000'000;

struct Growth {
  std::int64_t amount = 0;  // bytes, or millionths of the baseline's figure
  bool is_share = false;

  bool operator==(const Growth&) const = default;
};

// The most that `growth` allows from `before`; never overflows.
std::int64_t grown(std::int64_t before, const Growth& growth);

struct Levels {
  std::optional<std::int64_t> warn, fail;
  std::optional<Growth> warn_growth, fail_growth;

  bool any() const { return warn || fail || grows(); }
  bool grows() const { return warn_growth || fail_growth; }
};

// Levels that take the place of a limit's own up to and including a day, "2026-12-31".
struct Exception {
  Levels levels;
  std::string reason, expires;
};

struct Limit {
  Metric metric;
  Levels levels;
  std::string reason;
  std::optional<Exception> exception;
  std::uint32_t line = 0;  // of the file that states it
};

struct Budget {
  std::vector<Limit> limits;
};

// A baseline's figures, by key_of(metric).
using Figures = std::map<std::string, std::int64_t>;

inline constexpr std::int64_t kNoBlock = -1;

struct Figure {
  std::int64_t value = 0;
  std::optional<LayerId> layer;        // that has it, of a metric of layers
  std::int64_t allocation = kNoBlock;  // index into Breakdown::allocations, of the largest tensor
};

// Empty where the run has no such figure: no layer matches, no parameters or no cache are known.
std::optional<Figure> figure_of(const Breakdown& run, const Metric& metric);

// Every figure that needs no glob, and those of the budget's limits.
Figures figures_of(const Breakdown& run, const Budget& budget);

enum class Status : std::uint8_t { within, warned, failed };
inline constexpr std::array kStatusNames{Named<Status>{Status::within, "within"},
                                         Named<Status>{Status::warned, "warned"},
                                         Named<Status>{Status::failed, "failed"}};
enum class ExceptionState : std::uint8_t { none, in_force, expired };
inline constexpr std::array kExceptionStateNames{Named<ExceptionState>{ExceptionState::none, "none"},
                                                 Named<ExceptionState>{ExceptionState::in_force, "in_force"},
                                                 Named<ExceptionState>{ExceptionState::expired, "expired"}};

struct Check {
  std::size_t limit = 0;  // index into Budget::limits
  Figure figure;
  std::optional<std::int64_t> before;  // the baseline's figure
  Status status = Status::within;
  ExceptionState exception = ExceptionState::none;
  // The lowest level of those that are broken most gravely; of a kept limit the lowest at which it would fail, else
  // warn.
  std::int64_t allowed = 0;
  Status level = Status::failed;  // what breaking it means
  std::optional<Growth> growth;   // where it is one of growth

  std::int64_t over() const { return figure.value - allowed; }
};

// A limit that cannot be judged, and why.
struct Unjudged {
  std::size_t limit = 0;
  std::string why;
};

struct Verdict {
  std::vector<Check> checks;  // in the order of the limits
  std::vector<Unjudged> unjudged;

  Status status() const;
};

// `today` as "2026-12-31", for exceptions alone. A limit of growth is unjudged where `baseline` lacks its figure.
Verdict judge(const Breakdown& run, const Budget& budget, const std::optional<Figures>& baseline,
              std::string_view today);

// One sentence for each invariant that does not hold: every limit is judged once or not at all, its figure is the
// run's, and its status is what comparing it with its levels gives. Empty when all hold.
std::vector<std::string> verify(const Verdict& verdict, const Breakdown& run, const Budget& budget);

}  // namespace headroom
