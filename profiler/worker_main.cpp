// headroom-worker --out FILE [--progress-fd N] < RunSpec, replay job (replay.h) or training job (training/training.h)
// as JSON
//
// Runs one spec and writes its recording, or repeats a recording's requests and writes what they reserved
// (recording/replay.h), or trains a small language model and writes what it measured (recording/training.h). Exit 0:
// FILE is written (the outcome inside may be ok or oom); 2: bad input; 3: could not measure; both with one line on
// stderr. The kernel ends the worker when its parent dies.
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "profiler/replay.h"
#include "profiler/run.h"
#include "profiler/training/training.h"
#include "recording/file.h"
#include "recording/verify.h"

namespace {

using namespace headroom;

struct Arguments {
  std::filesystem::path out;
  int progress_fd = -1;
};

Arguments parse_arguments(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = values[i];
    if (name == "--out")
      arguments.out = values[i + 1];
    else if (name == "--progress-fd")
      arguments.progress_fd = std::atoi(values[i + 1]);
    else
      throw bad_input(fmt::format("headroom-worker: unknown option '{}'", name));
  }
  if (arguments.out.empty() || count % 2 == 0)
    throw bad_input("usage: headroom-worker --out FILE [--progress-fd N] < spec.json");
  return arguments;
}

Json read_job() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  return parse_json(text, "the run's spec");
}

// One line for each report; a reader that went away is no reason to stop.
class ProgressLines : public profiler::Progress {
 public:
  explicit ProgressLines(int fd) : fd_(fd) {}
  void report(const profiler::ProgressReport& report) override {
    if (fd_ < 0) return;
    const std::string line =
        fmt::format("{{\"phase\":\"{}\",\"step\":{},\"steps\":{},\"allocated_bytes\":{}}}\n",
                    to_name(kPhaseNames, report.phase), report.step, report.steps, report.allocated_bytes);
    if (write(fd_, line.data(), line.size()) < 0) fd_ = -1;
  }

 private:
  int fd_;
};

void require_promises(const Recording& recording) {
  const auto violations = verify(recording);
  if (violations.empty()) return;
  std::string message = "the recording contradicts itself and was not written:";
  for (const std::string& violation : violations) message += " " + violation;
  throw could_not_measure(message);
}

void work(int count, char** values) {
  const Arguments arguments = parse_arguments(count, values);
  const Json job = read_job();
  const auto folder = std::filesystem::absolute(arguments.out).parent_path();
  require_writable_folder(folder);
  if (profiler::is_replay_job(job)) {
    const AllocatorReplay replay = profiler::replay(profiler::parse_replay_job(job, "the replay job"));
    write_file(arguments.out, replay_document(replay).dump());
    return;
  }
  ProgressLines progress(arguments.progress_fd);
  if (profiler::is_training_job(job)) {
    const TrainingResult result = profiler::train(parse_training_job(job, "the training job"), progress);
    write_file(arguments.out, training_document(result).dump());
    return;
  }
  const RunSpec spec = run_spec_from_json(job, "the run's spec");
  const Recording recording = profiler::run(spec, progress);
  require_promises(recording);
  write_recording(arguments.out, recording);
}

int complain(const char* message, ExitCode code) {
  std::cerr << message << '\n';
  return static_cast<int>(code);
}

int guarded(int count, char** values) {
  try {
    work(count, values);
    return 0;
  } catch (const Error& error) {
    return complain(error.what(), error.code());
  } catch (const std::exception& error) {
    return complain(error.what(), ExitCode::could_not_measure);
  }
}

}  // namespace

int main(int count, char** values) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  const int code = guarded(count, values);
  std::cerr.flush();
  _exit(code);  // Torch's destructors take longer than a run
}
