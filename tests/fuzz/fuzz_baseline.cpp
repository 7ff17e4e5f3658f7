// parse_baseline takes any text: an Error, or a baseline that is written as it is read, and against which runs are
// judged.
#include <cstddef>
#include <cstdint>

#include "reports/baseline.h"
#include "tests/fuzz/survive.h"
#include "tests/random_recording.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  static const Breakdown run = make_breakdown(testing_support::random_recording(3, 40), "run");
  static const Budget budget{
      {Limit{.metric = {}, .levels = {.warn_growth = Growth{10, true}, .fail_growth = Growth{5, false}}},
       Limit{.metric = {.kind = MetricKind::layer, .layers = "**"}, .levels = {.fail_growth = Growth{}}}}};
  Baseline baseline;
  if (!fuzz::is_taken([&] { baseline = parse_baseline({reinterpret_cast<const char*>(data), size}, "fuzz"); }))
    return 0;
  const std::string again = write_baseline(baseline);
  fuzz::require(write_baseline(parse_baseline(again, "again")) == again);
  fuzz::require_none(verify(judge(run, budget, baseline.figures, "2026-12-31"), run, budget));
  const Baseline now = make_baseline(run, budget, "run", "headroom");
  (void)incomparable(baseline, now);
  (void)changed_cells(baseline.layers, now.layers);
  return 0;
}
