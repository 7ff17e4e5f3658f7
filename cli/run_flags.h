// The flags that describe a run, shared by the commands that measure, and the RunSpec they make.
#pragma once

#include <string>

#include "cli/trace_flags.h"
#include "cli/virtual_flags.h"
#include "models/catalog/cache.h"
#include "models/catalog/config.h"
#include "recording/run_spec.h"

namespace CLI {
class App;
}  // namespace CLI

namespace headroom::cli {

// As typed; empty where the default holds.
struct RunFlags {
  std::string model, attention, positions, compression, batch, seq, mode, new_tokens, beams, cache, cache_dtype, page,
      dtype, optimizer, optimizer_implementation, momentum, checkpoint, accumulate, clip, loss_chunk, sdpa, dropout,
      steps, device, seed, capacity_factor;
  VirtualFlags virtual_device;
  TraceFlags trace;
  bool padding = false;
  bool counters = false;  // of profile
};

// One mechanism or several: what --attention takes is the command's to say.
void add_run_flags(CLI::App& command, RunFlags& flags, const char* attention_type, const char* attention_help);

// The same without MODEL.
void add_settings_flags(CLI::App& command, RunFlags& flags, const char* attention_type, const char* attention_help);

// A run that is known to make sense, all but its mechanism: every value in range, the model readable, the shape within
// it, the device known. Throws bad_input, or could_not_measure for cuda where no GPU is usable.
struct CheckedRun {
  RunSpec spec;
  models::ModelConfig model;
};
CheckedRun check_run(const RunFlags& flags);

// The same with its one mechanism, its positions and its compression applied. Throws bad_input for several mechanisms.
CheckedRun check_single_run(const RunFlags& flags);

// The cache of a run that generates, as the catalogue's closed forms ask for it.
models::CacheSize cache_size_of(const RunSpec& spec);

// What a run of this model may be called: letters, digits and ._- only, so that it can name a file.
std::string model_label(const models::ModelConfig& model);

}  // namespace headroom::cli
