// read_report_run takes any text: an Error, or a run that can be compared with itself and with another.
#include <cstddef>
#include <cstdint>

#include "analysis/diff.h"
#include "reports/diff_report.h"
#include "tests/fuzz/survive.h"
#include "tests/random_recording.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  static const Breakdown other = make_breakdown(testing_support::random_recording(3, 40), "other");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Breakdown run;
  if (!fuzz::is_taken([&] { run = read_report_run(text, "fuzz", ""); })) return 0;
  fuzz::require(!run.layers.empty() && run.layers.size() == run.peak.layers.size());
  for (const Breakdown& before : {run, other}) {
    const DiffReport report = make_diff_report(before, "before", run, "fuzz", false);
    for (const std::string& problem : verify(report.diff, report.before, report.after))
      fuzz::require(problem.starts_with("the tensors"));  // of which a report says nothing
    fuzz::require(!write_diff_markdown(report, 5).empty() && !write_diff_json(report).empty());
  }
  return 0;
}
