// What every process that this program starts has in common: the lists exec wants, and how a start that fails is told.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"

namespace headroom::cli {

// Pointers into `strings`, which must stay, and a nullptr at the end.
std::vector<char*> pointers(std::vector<std::string>& strings);

// From here on a write that nobody reads, or beyond the limit of a file's size, is an error of the write and no signal.
void take_write_errors();

// The rest is called in the child, between fork and exec: nothing but the kernel.

// No address randomisation from the exec on. PyTorch keeps autocast's casted weights in a table keyed by host addresses
// and frees them in the table's order, on which the places of later blocks depend: the same run twice needs the same
// addresses. A sandbox may forbid it; then nothing else changes.
void keep_addresses();

// The child dies with `parent`, and has the signals as they were before this program took some.
void belong_to(pid_t parent, const sigset_t& mask);

// The limit of a file's size kills the child as it would have killed this program.
void give_back_limit();

// After an exec that failed: tells why through `failure` and ends.
[[noreturn]] void tell_failure(int failure);

// In the parent. From here on a process whose parent ends becomes this one's child, and is found below.
void adopt_orphans();

// Sends the signal to all processes that this one started, and that those did. Returns how many there were.
int signal_descendants(int number);

// In the parent. Waits until the child has become another program, and gives nothing; or until it failed: then reaps it
// and gives errno. `failure` is the reading end of a pipe that exec closes.
std::optional<int> why_not_started(pid_t process, const Descriptor& failure);

}  // namespace headroom::cli
