// What must hold for whatever decode_recording lets through: it reads back the same, and analysis takes it.
#pragma once

#include <cstdlib>
#include <string>

#include "analysis/breakdown.h"
#include "base/error.h"
#include "recording/file.h"
#include "recording/verify.h"

namespace headroom::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
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
  require(verify(breakdown).empty());
  require(make_timeline(recording, breakdown, 16).size() <= 16);
}

}  // namespace headroom::fuzz
