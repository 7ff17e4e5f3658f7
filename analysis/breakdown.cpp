#include "analysis/breakdown.h"

#include "analysis/layers.h"
#include "analysis/peaks.h"
#include "recording/columns.h"
#include "recording/tasks.h"

namespace headroom {

namespace {

std::int64_t expected_parameter_bytes(const Recording& recording) {
  for (const ClosedForm& form : recording.closed_forms)
    if (form.quantity == "parameter_bytes" && form.layer == "model") return form.bytes;
  return 0;
}

// What follows from the allocations: independent of each other, a pass over the events each.
void add_up_parts(const Recording& recording, Breakdown& b) {
  run_tasks({[&] {
               Peaks peaks = find_peaks(recording, b.allocations);
               b.peak = std::move(peaks.run);
               b.steps = std::move(peaks.steps);
             },
             [&] {
               LayerTotals totals = total_layers(recording, b.allocations);
               b.layer_rows = std::move(totals.rows);
               b.last_step_bytes = totals.last_step_bytes;
             },
             [&] {
               b.cache = add_up_cache(recording, b.allocations);
               b.closed_forms = check_closed_forms(recording, b.allocations, b.cache);
             },
             [&] { b.device = add_up_activity(recording); }, [&] { b.gpu = reconcile(recording, b.allocations); }},
            recording.events.size() >= columns::kManyRows);
}

}  // namespace

Breakdown make_breakdown(const Recording& recording, std::string label) {
  Breakdown b;
  b.label = std::move(label);
  b.spec = recording.spec;
  b.environment = recording.environment;
  b.outcome = recording.outcome;
  b.model = recording.model;
  b.stats = recording.stats;
  b.strings = recording.strings;
  b.layers = recording.layers;
  b.marks = recording.marks;
  b.allocations = resolve_allocations(recording);
  add_up_parts(recording, b);
  b.peak_requested_bytes = recording.stats.peak_requested_bytes;
  b.peak_reserved_bytes = recording.stats.peak_reserved_bytes;
  b.parameter_count = recording.model.parameter_count;
  for (const ParameterRecord& p : recording.parameters) b.parameter_bytes += p.bytes;
  if (recording.parameters.empty()) b.parameter_bytes = expected_parameter_bytes(recording);
  b.assumptions = recording.assumptions;
  b.dropped_event_count = recording.dropped_event_count;
  return b;
}

}  // namespace headroom
