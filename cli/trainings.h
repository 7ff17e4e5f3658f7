// Trainings of small language models in workers, several at once; each finished one is a file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/interrupts.h"
#include "cli/time_limit.h"
#include "recording/training.h"

namespace headroom::cli {

struct Trainings {
  std::vector<TrainingResult> results;  // in the order of the jobs
  std::vector<std::string> failures;    // one sentence for each job that gave none
};

// A result that is in `folder` already, of the very same job, is taken from there; others are put there as they finish:
// MECHANISM-seed-N.json. `limit` is of each. Each end is told on stderr unless `quiet`, on a terminal with a line of
// progress. Throws Interrupted once the workers are dead.
Trainings run_trainings(const std::vector<TrainingJob>& jobs, const std::filesystem::path& folder, TimeLimit limit,
                        bool quiet, Interrupts& interrupts);

}  // namespace headroom::cli
