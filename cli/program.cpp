#include "cli/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "cli/child_process.h"
#include "cli/interrupts.h"

namespace headroom::cli {
namespace {

constexpr std::chrono::seconds kPatience{3};  // from SIGTERM to SIGKILL
constexpr int kMostRounds = 1000;

// Everything the child does between fork and exec, prepared before the fork: there it may call only the kernel.
struct Launch {
  const ProgramCall& call;
  char** arguments;
  char** environment;
  int failure, nowhere;
  pid_t parent;
  const sigset_t* mask;
};

[[noreturn]] void become_program(const Launch& launch) {
  if (launch.call.same_addresses) keep_addresses();
  belong_to(launch.parent, *launch.mask);
  give_back_limit();
  if (launch.call.stdout_to_stderr) dup2(STDERR_FILENO, STDOUT_FILENO);
  if (launch.call.again) {
    dup2(launch.nowhere, STDIN_FILENO);
    dup2(launch.nowhere, STDOUT_FILENO);
  }
  execvpe(launch.call.file.c_str(), launch.arguments, launch.environment);
  tell_failure(launch.failure);
}

pid_t start(const ProgramCall& call, const sigset_t& mask) {
  std::vector<std::string> arguments = call.command, environment = call.environment;
  auto argument_pointers = pointers(arguments), environment_pointers = pointers(environment);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw could_not_measure(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  const Descriptor failure(ends[0]), nowhere(open("/dev/null", O_RDWR | O_CLOEXEC));
  Descriptor report(ends[1]);
  if (!nowhere.is_open()) throw could_not_measure(fmt::format("cannot open /dev/null: {}", std::strerror(errno)));
  const pid_t parent = getpid(), process = fork();
  if (process < 0) throw could_not_measure(fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (process == 0)
    become_program(
        {call, argument_pointers.data(), environment_pointers.data(), report.get(), nowhere.get(), parent, &mask});
  report.close();
  if (const auto reason = why_not_started(process, failure))
    throw bad_input(fmt::format("cannot run '{}': {}", call.file.string(), std::strerror(*reason)));
  return process;
}

// Those that start others meanwhile are met again.
void end_descendants() {
  for (int round = 0; round < kMostRounds && signal_descendants(SIGKILL) > 0; ++round) usleep(1000);
}

// What the kernel sends comes from the terminal, which sends it to the program, too.
void pass_on(const signalfd_siginfo& caught, pid_t process) {
  if (caught.ssi_signo != SIGCHLD && caught.ssi_code != SI_KERNEL) kill(process, static_cast<int>(caught.ssi_signo));
}

}  // namespace

ProgramEnd run_program(const ProgramCall& call) {
  Interrupts signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2});
  if (call.limit != kNoLimit) adopt_orphans();
  const pid_t process = start(call, signals.original_mask());
  Deadline deadline(call.limit, kPatience);
  ProgramEnd end;
  while (waitpid(process, &end.wait_status, WNOHANG) == 0) {
    pollfd wanted{signals.descriptor(), POLLIN, 0};
    poll(&wanted, 1, deadline.milliseconds_left());
    for (signalfd_siginfo caught; signals.next(caught);) pass_on(caught, process);
    const int number = deadline.signal_due();
    if (number != 0 && signal_descendants(number) == 0) kill(process, number);  // where there is no /proc
  }
  end.timed_out = deadline.has_passed();
  if (end.timed_out) end_descendants();
  return end;
}

int exit_code_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

std::string ending_of(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return fmt::format("ended with exit code {}", WEXITSTATUS(wait_status));
  const char* name = sigabbrev_np(WTERMSIG(wait_status));
  const char* description = sigdescr_np(WTERMSIG(wait_status));
  if (!name || !description) return fmt::format("was killed by signal {}", WTERMSIG(wait_status));
  return fmt::format("was killed by SIG{} ({})", name, description);
}

}  // namespace headroom::cli
