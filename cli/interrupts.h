// Ctrl-C and its kin, turned from a sudden death into an event a loop can wait for.
//
// While an Interrupts lives, SIGINT, SIGTERM and SIGHUP, or those it was given (of either those that are not ignored,
// as under nohup), and SIGCHLD are held back and readable from `descriptor()`. One that was caught is thrown as
// Interrupted once everything is tidy.
#pragma once

#include <sys/signalfd.h>

#include <csignal>
#include <initializer_list>

#include "base/descriptor.h"

namespace headroom::cli {

struct Interrupted {
  int signal;
};

class Interrupts {
 public:
  explicit Interrupts(std::initializer_list<int> signals = {SIGINT, SIGTERM, SIGHUP});
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  int descriptor() const { return descriptor_.get(); }
  const sigset_t& original_mask() const { return original_mask_; }  // for child processes

  void throw_if_caught();               // reads what has arrived, never blocks
  bool next(signalfd_siginfo& caught);  // the same, one by one; false when nothing is left

 private:
  sigset_t original_mask_{};
  Descriptor descriptor_;
};

// Ends this process by `signal`, as if it had never been caught.
[[noreturn]] void end_by_signal(int signal);

}  // namespace headroom::cli
