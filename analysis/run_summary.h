// What a search keeps of a run: whether it fitted, its peak, and what was where. Small enough for a cache. Pure.
#pragma once

#include <string>

#include "analysis/breakdown.h"
#include "base/json.h"

namespace headroom {

inline constexpr std::string_view kRunSummarySchema = "headroom.run-summary/2";

struct RunSummary {
  OutcomeKind outcome = OutcomeKind::error;  // ok or oom; error: nothing is known but `message`
  std::string message;
  std::string device_name;
  DeviceKind device_kind = DeviceKind::cpu;
  std::int64_t device_bytes = 0;  // that the run could have: without what was reserved for others
  std::int64_t parameter_count = 0;
  // Peaks; of `oom` as far as it got. At the peak of allocated bytes:
  std::int64_t allocated_bytes = 0, reserved_bytes = 0;
  Phase phase = Phase::build;
  std::int32_t step = 0;
  std::string layer;  // whose allocation made the peak
  CategoryBytes categories{};
  std::string heaviest_layer;  // that holds most by itself
  std::int64_t heaviest_bytes = 0;
  // Of `oom`: what was asked for in vain.
  std::int64_t failed_request_bytes = 0, free_bytes = 0;
  std::string failed_phase, failed_layer;

  bool fits() const { return outcome == OutcomeKind::ok; }
  std::int64_t left_bytes() const { return device_bytes - reserved_bytes; }
  Category heaviest_category() const;
  // What does not depend on how large its batch is: parameters, gradients, optimizer state and workspaces.
  std::int64_t fixed_bytes() const;

  bool operator==(const RunSummary&) const = default;
};

RunSummary summarize(const Recording& recording);

Json to_json(const RunSummary& run);
// Throws bad_input for anything that to_json does not write of a run that fits or is out of memory.
RunSummary run_summary_from_json(const Json& json, const std::string& where);

}  // namespace headroom
