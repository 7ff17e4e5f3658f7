// What must hold for whatever decode_recording lets through: it reads back the same, and analysis takes it.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "analysis/breakdown.h"
#include "base/error.h"
#include "recording/file.h"
#include "recording/verify.h"

namespace headroom::fuzz {

// No Error, so that nothing takes it for a refusal: libFuzzer sees a crash, GoogleTest a failure. (clang 14 has no
// std::source_location.)
inline void require(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!holds) throw std::logic_error(std::string(file) + ":" + std::to_string(line) + ": broken promise");
}

// Of a verify().
inline void require_none(const std::vector<std::string>& problems) {
  if (!problems.empty()) throw std::logic_error("broken promise: " + problems.front());
}

// Whether `action` went well; if not, it must have been refused as bad input.
template <class F>
bool is_taken(F action, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  try {
    action();
    return true;
  } catch (const Error& error) {
    require(error.code() == ExitCode::bad_input, file, line);
    return false;
  }
}

inline void survive(std::string_view bytes) {
  Recording recording;
  try {
    recording = decode_recording(bytes, "fuzz");
  } catch (const Error& error) {
    require(error.code() == ExitCode::bad_input);
    return;
  }
  const std::string again = encode_recording(recording);
  require(encode_recording(decode_recording(again, "again")) == again);
  (void)verify(recording);
  Breakdown breakdown = make_breakdown(recording, "fuzz");
  breakdown.stats.peak_allocated_bytes = breakdown.peak.allocated_bytes;
  require_none(verify(breakdown));
  require(make_timeline(recording, breakdown, 16).size() <= 16);
}

}  // namespace headroom::fuzz
