// --timeout: how long a run may take before it counts as one that hangs.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace CLI {
class App;
}  // namespace CLI

namespace headroom::cli {

// Of one run, from the start of its process on; 0: as long as it likes.
using TimeLimit = std::chrono::milliseconds;
inline constexpr TimeLimit kNoLimit{0};

// "90", "90s", "10m", "1.5h" or "none". Throws bad_input, beginning with `where`.
TimeLimit parse_time_limit(std::string_view where, std::string_view text);

// The same as a value of a budget or sweep file: a text, or a number of seconds.
TimeLimit time_limit_of(std::string_view where, const Json& value);

// "90s", "10m", "none": as it would be typed, and read again.
std::string time_limit_text(TimeLimit limit);

// Of a run that was ended for it. `heard`: what was last heard of it; empty: nothing.
std::string timeout_message(TimeLimit limit, const std::string& heard = "");

// What is to be done when to a process with a limit: asked to end once that has passed, and made to `patience` later.
class Deadline {
 public:
  Deadline(TimeLimit limit, std::chrono::milliseconds patience);

  int milliseconds_left() const;                   // until signal_due() has to be asked again, for poll; -1: for ever
  int signal_due();                                // SIGTERM or SIGKILL, each once; 0: none
  bool has_passed() const { return has_passed_; }  // signal_due() has given one

 private:
  std::optional<std::chrono::steady_clock::time_point> next_;
  std::chrono::milliseconds patience_;
  bool has_passed_ = false;
};

// `otherwise`: what holds without it, for its help.
void add_timeout_flag(CLI::App& command, std::string& timeout, const char* group, std::string_view otherwise = "none");

// Empty where the flag was not given.
std::optional<TimeLimit> read_timeout(const std::string& timeout);

}  // namespace headroom::cli
