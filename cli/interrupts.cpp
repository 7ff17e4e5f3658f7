#include "cli/interrupts.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace headroom::cli {
namespace {

bool is_ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t signals_to_hold(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  for (int signal : signals)
    if (!is_ignored(signal)) sigaddset(&set, signal);
  return set;
}

}  // namespace

Interrupts::Interrupts(std::initializer_list<int> signals) {
  std::signal(SIGCHLD, SIG_DFL);  // an inherited "ignore" would reap the workers behind our back
  const sigset_t held = signals_to_hold(signals);
  descriptor_ = Descriptor(signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!descriptor_.is_open()) throw could_not_measure(std::string("cannot watch for signals: ") + std::strerror(errno));
  sigprocmask(SIG_BLOCK, &held, &original_mask_);
}

Interrupts::~Interrupts() { sigprocmask(SIG_SETMASK, &original_mask_, nullptr); }

void Interrupts::throw_if_caught() {
  signalfd_siginfo info;
  while (next(info))
    if (info.ssi_signo != SIGCHLD) throw Interrupted{static_cast<int>(info.ssi_signo)};
}

bool Interrupts::next(signalfd_siginfo& caught) {
  return read(descriptor_.get(), &caught, sizeof caught) == sizeof caught;
}

void end_by_signal(int signal) {
  std::signal(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  raise(signal);
  std::_Exit(128 + signal);
}

}  // namespace headroom::cli
