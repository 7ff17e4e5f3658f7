// How a worker ended, in one sentence a person can act on.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/time_limit.h"

namespace headroom::cli {

struct WorkerEnd {
  ExitCode code = ExitCode::done;  // done: it says that it wrote a recording
  std::string message;             // one sentence; empty when done
  std::string last_words;          // the end of its stderr where that tells more than the message
  bool timed_out = false;
};

// `wait_status` as waitpid gives it; `stderr_text` as much of the worker's stderr as was kept.
WorkerEnd explain_worker_exit(int wait_status, const std::string& stderr_text);

// Of one that was ended because `limit` had passed. `progress`: what it last told of how far it is; empty: nothing.
WorkerEnd explain_timeout(TimeLimit limit, const std::string& progress, const std::string& stderr_text);

}  // namespace headroom::cli
