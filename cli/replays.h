// Repeats a recording's requests in workers over the virtual GPU: as they were, and with one thing changed each.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/interrupts.h"
#include "cli/time_limit.h"
#include "recording/recording.h"

namespace headroom::cli {

struct PlannedReplay {
  std::string label;
  ReplayChange change = ReplayChange::none;
  std::string settings;  // the whole of PYTORCH_CUDA_ALLOC_CONF
};

// What PYTORCH_CUDA_ALLOC_CONF was in the recorded run.
std::string recorded_settings(const Recording& recording);

// As recorded, then each of `settings`; where there are none, what is worth trying for a recording of these settings.
std::vector<PlannedReplay> planned_replays(const Recording& recording, const std::vector<std::string>& settings);

// The device of the catalogue that stands for the recorded one: "virtual:h100-80gb". Throws bad_input when none does.
std::string replay_device(const Recording& recording);

// In the order planned. `file` holds the recording; `limit` is of each. Throws bad_input where the recording cannot be
// repeated or PyTorch refuses settings, could_not_measure when there is no worker or it fails, Interrupted once the
// workers are dead.
std::vector<AllocatorReplay> run_replays(const Recording& recording, const std::filesystem::path& file,
                                         const std::vector<PlannedReplay>& planned, TimeLimit limit, bool show_progress,
                                         Interrupts& interrupts);

}  // namespace headroom::cli
