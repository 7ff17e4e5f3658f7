#include "cli/child_process.h"

#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace headroom::cli {
namespace {

using Handler = void (*)(int);
Handler at_the_limit = SIG_DFL;  // as this program was started

}  // namespace

void take_write_errors() {
  std::signal(SIGPIPE, SIG_IGN);
  at_the_limit = std::signal(SIGXFSZ, SIG_IGN);
}

void give_back_limit() { std::signal(SIGXFSZ, at_the_limit); }

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (auto& string : strings) out.push_back(string.data());
  out.push_back(nullptr);
  return out;
}

void keep_addresses() {
  constexpr unsigned long kOnlyAsk = 0xffffffff;
  const int now = personality(kOnlyAsk);
  if (now >= 0) personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE);
}

void belong_to(pid_t parent, const sigset_t& mask) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  std::signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
}

void tell_failure(int failure) {
  const int error = errno;
  [[maybe_unused]] const ssize_t count = write(failure, &error, sizeof error);
  _exit(127);
}

std::optional<int> why_not_started(pid_t process, const Descriptor& failure) {
  int reason = 0;
  ssize_t count;
  while ((count = read(failure.get(), &reason, sizeof reason)) < 0 && errno == EINTR) {
  }
  if (count != sizeof reason) return std::nullopt;
  waitpid(process, nullptr, 0);
  return reason;
}

}  // namespace headroom::cli
