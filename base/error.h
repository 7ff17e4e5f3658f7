// Errors that reach a person. Inside the tool everything throws; `main` and the worker's loop catch once.
//
// A message says what was wrong, where (file, key, flag), and what would be right. The exit code is the
// command line's contract: 2 bad usage or bad input, 3 could not measure or could not write.
#pragma once

#include <stdexcept>
#include <string>

namespace headroom {

enum class ExitCode : int { done = 0, over_budget = 1, bad_input = 2, could_not_measure = 3 };

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

// Exit code 2: the user can mend it by changing what they typed or the file they named.
inline Error bad_input(const std::string& message) { return {ExitCode::bad_input, message}; }

// Exit code 3: the input was right, the machine said no (no device, disk full, worker died).
inline Error could_not_measure(const std::string& message) { return {ExitCode::could_not_measure, message}; }

}  // namespace headroom
