// Runs what of a sweep is not there yet, and makes the tables.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

#include "analysis/scaling.h"
#include "cli/shard.h"
#include "cli/sweep_file.h"
#include "cli/written.h"

namespace headroom::cli {

struct SweepRequest {
  SweepPlan plan;
  Shard shard;
  std::filesystem::path folder;
  std::size_t jobs = 0;  // 0: as many as the devices take
  bool keep_recordings = false, quiet = false, progress_lines = false;
  std::optional<TimeLimit> limit;  // of each run, whatever the plan says
};

// Kept results of the same runs, made by the same versions, are taken as they are; others are run and kept as they
// end. Tells on stderr what is there already and what is run again. Throws Interrupted, and could_not_measure where
// nothing can be kept any more: what was kept stays. `tables`: what of them could not be written.
Sweep run_sweep(const SweepRequest& request, Written& tables);

}  // namespace headroom::cli
