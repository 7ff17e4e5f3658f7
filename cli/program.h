// A program of the user's, run as the shell would: its own stdin, stdout and stderr, the terminal and its job control,
// and every signal that this process gets.
//
// It stays in this process's group, so that Ctrl-C and Ctrl-Z reach it from the terminal as they would alone; a signal
// that someone sends to this process is passed on to it. It dies when this process is killed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/environment.h"
#include "cli/time_limit.h"

namespace headroom::cli {

struct ProgramCall {
  std::filesystem::path file;
  std::vector<std::string> command;  // the words as typed
  Environment environment;
  bool stdout_to_stderr = false;  // this process's own stdout is wanted for a document
  bool again = false;             // a repetition: stdin and stdout are /dev/null
  bool same_addresses = false;    // without address randomisation, so that a repeated run repeats its addresses
  TimeLimit limit = kNoLimit;     // then it is asked to end, and made to, with all that it started
};

struct ProgramEnd {
  int wait_status = 0;  // as waitpid gives it
  bool timed_out = false;
};

// Starts it and waits until it has ended. Throws bad_input when it cannot be started.
ProgramEnd run_program(const ProgramCall& call);

// The code a shell shows: the program's own, or 128 + the signal that killed it.
int exit_code_of(int wait_status);

// "ended with exit code 1", "was killed by SIGSEGV (Segmentation fault)".
std::string ending_of(int wait_status);

}  // namespace headroom::cli
