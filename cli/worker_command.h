// Which headroom-worker to start and what it needs around it: the environment half of the protocol.
//
// The worker is HEADROOM_WORKER, or `headroom-worker` beside this executable. A device virtual:NAME needs
// headroom-virtual-gpu.so preloaded, found under ../lib/headroom/virtual-gpu of the worker's folder or of this
// executable's.
#pragma once

#include <filesystem>

#include "cli/environment.h"

namespace headroom::cli {

struct WorkerCommand {
  std::filesystem::path executable;
  Environment environment;  // whole
};

// Throws could_not_measure when a part is missing, with the remedy.
WorkerCommand worker_command(const RunSpec& spec);

}  // namespace headroom::cli
