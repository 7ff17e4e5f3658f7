#include "cli/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "cli/descriptor.h"
#include "cli/interrupts.h"

namespace headroom::cli {
namespace {

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (auto& string : strings) out.push_back(string.data());
  out.push_back(nullptr);
  return out;
}

// Everything the child does between fork and exec, prepared before the fork: there it may call only the kernel.
struct Launch {
  const ProgramCall& call;
  char** arguments;
  char** environment;
  int failure, nowhere;
  pid_t parent;
  const sigset_t* mask;
};

void keep_addresses() {
  constexpr unsigned long kOnlyAsk = 0xffffffff;
  const int now = personality(kOnlyAsk);
  if (now >= 0) personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE);
}

[[noreturn]] void become_program(const Launch& launch) {
  if (launch.call.same_addresses) keep_addresses();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launch.parent) _exit(127);
  std::signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_SETMASK, launch.mask, nullptr);
  if (launch.call.stdout_to_stderr) dup2(STDERR_FILENO, STDOUT_FILENO);
  if (launch.call.again) {
    dup2(launch.nowhere, STDIN_FILENO);
    dup2(launch.nowhere, STDOUT_FILENO);
  }
  execvpe(launch.call.file.c_str(), launch.arguments, launch.environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t count = write(launch.failure, &error, sizeof error);
  _exit(127);
}

// The pipe closes when the program has taken over; before that it may carry the reason why it could not.
void require_started(pid_t process, const Descriptor& failure, const ProgramCall& call) {
  int reason = 0;
  ssize_t count;
  while ((count = read(failure.get(), &reason, sizeof reason)) < 0 && errno == EINTR) {
  }
  if (count != sizeof reason) return;
  waitpid(process, nullptr, 0);
  throw bad_input(fmt::format("cannot run '{}': {}", call.file.string(), std::strerror(reason)));
}

pid_t start(const ProgramCall& call, const sigset_t& mask) {
  std::vector<std::string> arguments = call.command, environment = call.environment;
  auto argument_pointers = pointers(arguments), environment_pointers = pointers(environment);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw could_not_measure(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  const Descriptor failure(ends[0]), nowhere(open("/dev/null", O_RDWR | O_CLOEXEC));
  Descriptor report(ends[1]);
  const pid_t parent = getpid(), process = fork();
  if (process < 0) throw could_not_measure(fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (process == 0)
    become_program(
        {call, argument_pointers.data(), environment_pointers.data(), report.get(), nowhere.get(), parent, &mask});
  report.close();
  require_started(process, failure, call);
  return process;
}

// What the kernel sends comes from the terminal, which sends it to the program, too.
void pass_on(const signalfd_siginfo& caught, pid_t process) {
  if (caught.ssi_signo != SIGCHLD && caught.ssi_code != SI_KERNEL) kill(process, static_cast<int>(caught.ssi_signo));
}

}  // namespace

int run_program(const ProgramCall& call) {
  Interrupts signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2});
  const pid_t process = start(call, signals.original_mask());
  int status = 0;
  while (waitpid(process, &status, WNOHANG) == 0) {
    pollfd wanted{signals.descriptor(), POLLIN, 0};
    poll(&wanted, 1, -1);
    for (signalfd_siginfo caught; signals.next(caught);) pass_on(caught, process);
  }
  return status;
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
