#include "analysis/run_summary.h"

#include <algorithm>
#include <limits>

namespace headroom {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

CategoryBytes categories_from(const JsonReader& reader) {
  const Json& json = reader.member("categories");
  if (!json.is_array() || json.size() != kCategoryCount) reader.fail("categories", "a number for each category");
  CategoryBytes bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!json[i].is_number_integer()) reader.fail("categories", "a whole number for each category");
    bytes[i] = json[i].get<std::int64_t>();
  }
  return bytes;
}

void take_peak(const Breakdown& run, RunSummary& out) {
  const auto path = [&](LayerId id) {
    return static_cast<std::size_t>(id) < run.layers.size() ? run.layer(id).path : std::string();
  };
  out.phase = run.peak.phase;
  out.step = run.peak.step;
  out.layer = path(run.peak.layer);
  out.categories = run.peak.categories;
  const auto heaviest = std::ranges::max_element(run.peak.layers, {}, &LayerBytes::bytes);
  if (heaviest == run.peak.layers.end()) return;
  out.heaviest_layer = path(heaviest->layer);
  out.heaviest_bytes = heaviest->bytes;
}

}  // namespace

Category RunSummary::heaviest_category() const {
  return static_cast<Category>(std::ranges::max_element(categories) - categories.begin());
}

std::int64_t RunSummary::fixed_bytes() const {
  std::int64_t bytes = 0;
  for (const Category category :
       {Category::parameter, Category::gradient, Category::optimizer_state, Category::workspace})
    bytes += categories[static_cast<std::size_t>(category)];
  return bytes;
}

RunSummary summarize(const Recording& recording) {
  const Breakdown run = make_breakdown(recording, recording.spec.model);
  const Outcome& outcome = recording.outcome;
  RunSummary out{.outcome = outcome.kind,
                 .message = outcome.message,
                 .device_name = recording.environment.device_name,
                 .device_kind = recording.environment.device_kind,
                 .device_bytes = recording.environment.device_total_bytes,
                 .parameter_count = run.parameter_count,
                 .allocated_bytes = run.peak.allocated_bytes,
                 .reserved_bytes = std::max(run.peak_reserved_bytes, run.peak.allocated_bytes)};
  if (out.device_bytes > 0) out.device_bytes -= recording.spec.virtual_options.reserve_bytes;
  take_peak(run, out);
  if (outcome.kind != OutcomeKind::oom) return out;
  out.failed_request_bytes = outcome.failed_request_bytes;
  out.free_bytes = outcome.free_bytes;
  out.failed_phase = outcome.phase;
  out.failed_layer = outcome.layer;
  return out;
}

Json to_json(const RunSummary& run) {
  return {{"schema", kRunSummarySchema},
          {"outcome", to_name(kOutcomeNames, run.outcome)},
          {"message", run.message},
          {"device_name", run.device_name},
          {"device_kind", to_name(kDeviceKindNames, run.device_kind)},
          {"device_bytes", run.device_bytes},
          {"parameter_count", run.parameter_count},
          {"allocated_bytes", run.allocated_bytes},
          {"reserved_bytes", run.reserved_bytes},
          {"phase", to_name(kPhaseNames, run.phase)},
          {"step", run.step},
          {"layer", run.layer},
          {"categories", run.categories},
          {"heaviest_layer", run.heaviest_layer},
          {"heaviest_bytes", run.heaviest_bytes},
          {"failed_request_bytes", run.failed_request_bytes},
          {"free_bytes", run.free_bytes},
          {"failed_phase", run.failed_phase},
          {"failed_layer", run.failed_layer}};
}

RunSummary run_summary_from_json(const Json& json, const std::string& where) {
  const JsonReader reader(json, where);
  const std::string schema(kRunSummarySchema);
  if (reader.string("schema") != schema) reader.fail("schema", schema);
  RunSummary run;
  run.outcome = from_name(kOutcomeNames, "outcome", reader.string("outcome"));
  if (run.outcome == OutcomeKind::error) reader.fail("outcome", "ok or oom");
  run.message = reader.string("message");
  run.device_name = reader.string("device_name");
  run.device_kind = from_name(kDeviceKindNames, "device kind", reader.string("device_kind"));
  run.device_bytes = reader.integer("device_bytes", 0, kMost);
  run.parameter_count = reader.integer("parameter_count", 0, kMost);
  run.allocated_bytes = reader.integer("allocated_bytes", 0, kMost);
  run.reserved_bytes = reader.integer("reserved_bytes", 0, kMost);
  run.phase = from_name(kPhaseNames, "phase", reader.string("phase"));
  run.step = static_cast<std::int32_t>(reader.integer("step", 0, std::numeric_limits<std::int32_t>::max()));
  run.layer = reader.string("layer");
  run.categories = categories_from(reader);
  run.heaviest_layer = reader.string("heaviest_layer");
  run.heaviest_bytes = reader.integer("heaviest_bytes", 0, kMost);
  run.failed_request_bytes = reader.integer("failed_request_bytes", 0, kMost);
  run.free_bytes = reader.integer("free_bytes", 0, kMost);
  run.failed_phase = reader.string("failed_phase");
  run.failed_layer = reader.string("failed_layer");
  return run;
}

}  // namespace headroom
