// write_exports FOLDER: of every sample NAME.perfetto-trace, NAME.pickle, NAME.events.csv and NAME.json: what these must say,
// straight from the recording; and all.perfetto-trace, with every sample a process.
//
// write_exports FOLDER EVENTS: one random recording of so many events, for measuring.
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "reports/csv.h"
#include "reports/export.h"
#include "reports/snapshot_segments.h"
#include "reports/text.h"
#include "tests/random_recording.h"
#include "tests/reports/export_samples.h"

namespace {

using namespace headroom;

Json layers_of(const Breakdown& run) {
  Json out = Json::array();
  for (const Layer& layer : run.layers) out.push_back({{"path", printable(layer.path)}, {"parent", layer.parent}});
  return out;
}

Json events_of(const Recording& r) {
  Json out = Json::array();
  for (std::size_t i = 0; i < r.events.size(); ++i)
    out.push_back({{"time_ns", r.events.time_ns[i]},
                   {"action", to_name(kActionNames, r.events.action[i])},
                   {"address", r.events.address[i]},
                   {"requested_bytes", r.events.requested_bytes[i]},
                   {"bytes", r.events.block_bytes[i]},
                   {"phase", to_name(kPhaseNames, r.events.phase[i])}});
  return out;
}

Json allocations_of(const Breakdown& run) {
  Json out = Json::array();
  for (const Allocation& a : run.allocations)
    out.push_back({{"begin", a.begin},
                   {"end", a.end},
                   {"bytes", a.block_bytes},
                   {"layer", a.layer},
                   {"category", to_name(kCategoryNames, a.category)}});
  return out;
}

Json activities_of(const Recording& r) {
  Json out = Json::array();
  const Activities& a = r.activity.activities;
  for (std::size_t i = 0; i < a.size(); ++i)
    out.push_back({{"kind", to_name(kActivityKindNames, a.kind[i])},
                   {"start_ns", a.start_ns[i]},
                   {"duration_ns", a.duration_ns[i]},
                   {"name", printable(r.text(a.name[i]))},
                   {"stream", a.stream[i]},
                   {"correlation", a.correlation[i]}});
  return out;
}

Json expectations(const Recording& r, const Breakdown& run) {
  return {{"events", events_of(r)},
          {"allocations", allocations_of(run)},
          {"activities", activities_of(r)},
          {"layers", layers_of(run)},
          {"marks", r.marks.size()},
          {"peak_bytes", run.peak.allocated_bytes},
          {"outcome", to_name(kOutcomeNames, r.outcome.kind)},
          {"device_kind", to_name(kDeviceKindNames, r.environment.device_kind)}};
}

void write(const std::filesystem::path& folder, const std::string& name, const Recording& r, const Breakdown& run) {
  write_file(folder / (name + ".perfetto-trace"), write_perfetto({{&r, &run}}));
  write_file(folder / (name + ".pickle"), write_snapshot({&r, &run}));
  write_file(folder / (name + ".events.csv"), write_csv(Report{}, {{&r, &run}}).back().bytes);
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  if (argc > 2) {
    const Recording r = testing_support::random_recording(1, std::strtoull(argv[2], nullptr, 10));
    write(folder, "random", r, make_breakdown(r, "random"));
    return 0;
  }
  const auto samples = testing_support::export_samples();
  std::vector<Breakdown> breakdowns;
  for (const auto& [name, recording] : samples) breakdowns.push_back(make_breakdown(recording, name));
  std::vector<ExportRun> runs;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto& [name, recording] = samples[i];
    runs.push_back({&recording, &breakdowns[i]});
    write(folder, name, recording, breakdowns[i]);
    write_file(folder / (name + ".json"), expectations(recording, breakdowns[i]).dump());
  }
  write_file(folder / "all.perfetto-trace", write_perfetto(runs));
}
