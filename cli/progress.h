// What the workers say while they run, and the one line on stderr that shows it: rewritten in place, on a terminal
// only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::cli {

struct Progress {
  std::string phase;
  std::int64_t step = 0, steps = 0;
  std::int64_t allocated_bytes = 0;

  bool operator==(const Progress&) const = default;
};

// "step 1 of 2, backward, 1.21 GiB"; empty where nothing was told.
std::string describe(const Progress& progress);

// One line of the worker's protocol; empty for anything else, however odd.
std::optional<Progress> parse_progress(std::string_view line);

struct RunningRun {
  std::string label;
  Progress progress;
};

// "2 of 7 done · mqa: step 1 of 2, backward, 1.21 GiB · skv: build", cut to `width` columns; "2 done" where nobody
// knows how many there will be.
std::string progress_text(std::size_t done, std::optional<std::size_t> total, const std::vector<RunningRun>& running,
                          int width);

// {"run":"mqa","phase":"forward","step":1,"steps":2,"allocated_bytes":1299227607,"done":2,"runs":7} and a newline; the
// phase is "starting" before its worker has said anything.
std::string progress_document(std::size_t done, std::size_t total, const RunningRun& run);

class ProgressLine {
 public:
  explicit ProgressLine(bool enabled) : enabled_(enabled) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  bool enabled() const { return enabled_; }
  void show(const std::string& text);  // at most some twenty times a second
  void clear();

 private:
  bool enabled_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace headroom::cli
