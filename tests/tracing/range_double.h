// A double of CUPTI's Range Profiler: a state machine that answers as the documentation says, counts what is launched
// into the open range, and remembers every call. One at a time.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tracing/profiler_api.h"

namespace headroom::tracing::testing {

struct RangeDouble {
  // What the chip has, and in how many passes.
  std::string chip = "GH100";
  std::map<std::string, std::size_t> metrics{{"dram__bytes_read.sum", 1}, {"dram__bytes_write.sum", 1}};
  std::map<std::string, CUptiResult> answers;  // of functions that are to fail
  std::size_t dropped = 0;
  bool all_passes_submitted = true;
  bool leaves_out_idle_ranges = false;
  bool newest_first = false;  // in which order results are given
  std::map<std::string, std::string> renamed;
  double scale = 1;  // of what is evaluated

  // What happened.
  std::vector<std::string> calls;
  std::vector<std::string> violations;  // of the order of calls, or parameters that are not as they must be
  std::size_t hosts = 0;                // open host objects
  int waits = 0;
  bool initialized = false, enabled = false, configured = false, started = false, open = false;
  std::size_t max_ranges = 0;

  void launch(double read, double written);  // what a kernel moves
  void wait() {
    ++waits;
    idle = true;
  }
  int count(const std::string& function) const;

  static RangeDouble& now();
  static ProfilerApi api();
  RangeDouble();
  ~RangeDouble();
  RangeDouble(const RangeDouble&) = delete;
  RangeDouble& operator=(const RangeDouble&) = delete;

  struct Range {
    std::string name;
    double read = 0, written = 0;
    bool launched = false;
  };
  std::vector<Range> ranges, decoded;
  std::vector<std::string> chosen;
  bool idle = true;
};

}  // namespace headroom::tracing::testing
