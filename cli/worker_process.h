// One running headroom-worker: started in its own process group, fed its job, listened to without ever blocking.
//
// The job is a file on the worker's stdin and its pipes are drained as they fill, so neither side can wait for the
// other. The worker dies with this process (PR_SET_PDEATHSIG) and at the latest with this object. One that has a limit
// is asked to end when that has passed (SIGTERM), and a second later made to, it and all that it started.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/json.h"
#include "cli/interrupts.h"
#include "cli/progress.h"
#include "cli/time_limit.h"
#include "cli/worker_command.h"
#include "cli/worker_exit.h"

namespace headroom::cli {

class WorkerProcess {
 public:
  // `job`: a RunSpec, or a replay's or a training's; `out`: what the worker writes; `mask`: the signals blocked in the
  // worker. Throws could_not_measure when it cannot be started.
  WorkerProcess(const WorkerCommand& command, const Json& job, const std::filesystem::path& out, const sigset_t& mask,
                TimeLimit limit);
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  void add_descriptors(std::vector<pollfd>& wanted) const;
  void read_available();
  int milliseconds_left() const {
    return deadline_.milliseconds_left();
  }                       // until has_ended() has to be asked; -1: ever
  bool has_ended();       // reaps it; then `end()` is known and all it wrote is read. Says so once where it is stopped
  WorkerEnd end() const;  // only after has_ended()

  const Progress& progress() const { return progress_; }

 private:
  void reap();
  void tell_stop();
  void take_progress(const std::string& bytes);

  pid_t process_ = -1;
  bool reaped_ = false, told_stop_ = false;
  const TimeLimit limit_;
  Deadline deadline_;
  int wait_status_ = 0;
  Descriptor progress_pipe_, stderr_pipe_;
  std::string partial_line_, stderr_text_;
  Progress progress_;
};

// Until one of the workers (null: none in that place) has something to read or has had its time, a signal is caught or,
// where `milliseconds` is not -1, so much time has passed.
void wait_for_any(const std::vector<std::unique_ptr<WorkerProcess>>& workers, const Interrupts& interrupts,
                  int milliseconds);

}  // namespace headroom::cli
