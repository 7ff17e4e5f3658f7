// Prints what a recording costs to write, to read and to take apart: bytes on disk, and seconds by the clock and of all threads.
//
//   recording_speed [EVENTS] [LAUNCHES]     by default 1,000,000 events of the allocator and 500,000 launches, each a call and a
//                                           kernel: training steps of a made-up transformer of twelve blocks
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>

#include "analysis/breakdown.h"
#include "benchmarks/made_up_recording.h"
#include "recording/file.h"
#include "recording/verify.h"

namespace {

using namespace headroom;

double seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <class F>
auto measured(const char* what, F work) {
  const double clock = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
  auto result = work();
  fmt::print("{:<34}{:8.2f} s by the clock {:8.2f} s of the processor\n", what, seconds(CLOCK_MONOTONIC) - clock,
             seconds(CLOCK_PROCESS_CPUTIME_ID) - processor);
  return result;
}

void print_size(const Recording& whole, std::size_t bytes) {
  Recording without = whole;
  const std::size_t launches = whole.activity.activities.size() / 2;
  without.activity = {};
  const std::size_t of_events = encode_recording(without).size();
  fmt::print("{:<34}{:8.2f} bytes each\n", "events", static_cast<double>(of_events) / static_cast<double>(whole.events.size()));
  if (launches > 0)
    fmt::print("{:<34}{:8.2f} bytes each\n", "launches", static_cast<double>(bytes - of_events) / static_cast<double>(launches));
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int i, std::size_t fallback) { return i < argc ? std::strtoull(argv[i], nullptr, 10) : fallback; };
  const std::size_t events = number(1, 1'000'000), launches = number(2, 500'000);
  if (events == 0) return fmt::print(stderr, "recording_speed: the number of events must be above 0\n"), 2;
  std::string bytes;
  {
    const Recording recording = measured("make it up", [&] { return benchmarks::MadeUpRecording().make(events, launches); });
    bytes = measured("encode", [&] { return encode_recording(recording); });
    print_size(recording, bytes.size());
  }
  const Recording recording = measured("decode", [&] { return decode_recording(bytes, "made up"); });
  const auto problems = measured("verify", [&] { return verify(recording); });
  for (const std::string& problem : problems) fmt::print("{}\n", problem);
  measured("breakdown", [&] { return make_breakdown(recording, "made up"); });
  return problems.empty() ? 0 : 1;
}
