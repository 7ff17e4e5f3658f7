// The flags that say what CUPTI shall trace of a run, shared by the commands that measure.
#pragma once

#include <string>

#include "recording/run_spec.h"

namespace CLI {
class App;
}  // namespace CLI

namespace headroom::cli {

// As typed; empty where the default holds.
struct TraceFlags {
  std::string level;
  bool require_cupti = false;
};

void add_trace_flags(CLI::App& command, TraceFlags& flags);

// Fills trace and require_cupti. Throws bad_input for an unknown level.
void read_trace_flags(const TraceFlags& flags, RunSpec& spec);

}  // namespace headroom::cli
