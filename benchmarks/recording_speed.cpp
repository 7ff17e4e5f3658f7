// Prints what a recording costs to write, to read and to take apart: bytes on disk, and seconds by the clock and of all threads.
//
//   recording_speed [EVENTS] [LAUNCHES]     by default 1,000,000 events of the allocator and 500,000 launches, each a call and a
//                                           kernel: training steps of a made-up transformer of twelve blocks
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <map>
#include <random>

#include "analysis/breakdown.h"
#include "recording/file.h"
#include "recording/verify.h"

namespace {

using namespace headroom;

constexpr int kBlocks = 12, kLayersPerBlock = 8, kTensorsPerLayer = 5, kOperators = 60, kKernels = 300;

class Generator {
 public:
  Recording make(std::size_t event_count, std::size_t launch_count) {
    describe();
    launches_per_event_ = static_cast<double>(launch_count) / static_cast<double>(std::max<std::size_t>(event_count, 1));
    while (r_.events.size() < event_count) step();
    for (const Kept& kept : kept_) release(kept);
    while (r_.activity.activities.size() < 2 * launch_count) launch();
    return std::move(r_);
  }

 private:
  struct Kept {
    std::uint64_t address;
    std::int64_t bytes;
  };

  void describe() {
    r_.spec.model = "made up";
    r_.environment.device_kind = DeviceKind::cuda;
    r_.layers.push_back({LayerId::root, LayerId::root, "model", LayerKind::model});
    for (std::uint32_t b = 0; b < kBlocks; ++b)
      for (std::uint32_t l = 0; l < kLayersPerBlock; ++l) {
        const auto id = static_cast<std::uint32_t>(r_.layers.size());
        r_.layers.push_back({LayerId(id), LayerId(l == 0 ? 0 : id - l), fmt::format("block.{}.{}", b, l), LayerKind::other});
      }
    for (int i = 0; i < kOperators; ++i) r_.strings.push_back(fmt::format("aten::operator_{}", i));
    for (int i = 0; i < kKernels; ++i) r_.strings.push_back(fmt::format("void kernel_{}<float, {}>(float*)", i, i * 7));
    r_.activity.level = TraceLevel::full;
    r_.activity.tracer = "CUPTI 13.0 (130001)";
    for (std::uint32_t i = 0; i < kKernels; ++i) r_.activity.shapes.push_back({{i + 1, 1, 1}, {128, 1, 1}, 32, 0, 0, 0});
    r_.marks.push_back({0, 0, Phase::build, 0});
  }

  void step() {
    ++step_;
    operator_ = 0;
    begin(Phase::forward);
    for (std::uint32_t layer = 1; layer < r_.layers.size(); ++layer) work(LayerId(layer), true);
    begin(Phase::backward);
    for (std::uint32_t layer = static_cast<std::uint32_t>(r_.layers.size()) - 1; layer > 0; --layer) {
      work(LayerId(layer), false);
      for (int i = 0; i < kTensorsPerLayer && !kept_.empty(); ++i) {
        release(kept_.back());
        kept_.pop_back();
      }
    }
  }

  void begin(Phase phase) {
    phase_ = phase;
    r_.marks.push_back({time_, static_cast<std::int64_t>(r_.events.size()), phase, step_});
  }

  void work(LayerId layer, bool keep) {
    for (int i = 0; i < kTensorsPerLayer; ++i) {
      const std::int64_t bytes = 4096 * (1 + operator_ % 97 * 13);
      Kept block{allocate(bytes), bytes};
      push(Action::alloc, block, layer, StringId(1 + operator_ % kOperators));
      if (keep)
        kept_.push_back(block);
      else
        release(block);
      for (due_ += launches_per_event_ * 2; due_ >= 1; --due_) launch(layer);
      ++operator_;
    }
  }

  std::uint64_t allocate(std::int64_t bytes) {
    std::vector<std::uint64_t>& free = free_[bytes];
    if (free.empty()) {
      next_address_ += static_cast<std::uint64_t>(bytes);
      return next_address_ - static_cast<std::uint64_t>(bytes);
    }
    const std::uint64_t address = free.back();
    free.pop_back();
    return address;
  }

  void release(const Kept& block) {
    push(Action::free, block, LayerId::root, StringId(1 + operator_ % kOperators));
    free_[block.bytes].push_back(block.address);
  }

  void push(Action action, const Kept& block, LayerId layer, StringId op) {
    Events& e = r_.events;
    e.time_ns.push_back(time_ += 2000 + random_() % 8192);
    e.action.push_back(action);
    e.address.push_back(block.address);
    e.requested_bytes.push_back(block.bytes - 100);
    e.block_bytes.push_back(block.bytes);
    e.layer.push_back(layer);
    e.phase.push_back(phase_);
    e.step.push_back(step_);
    e.category.push_back(Category::unresolved);
    e.op.push_back(op);
    e.tensor.push_back(op);
    live_ += action == Action::alloc ? block.bytes : -block.bytes;
    live_requested_ += action == Action::alloc ? block.bytes - 100 : 100 - block.bytes;
    r_.stats.peak_allocated_bytes = std::max(r_.stats.peak_allocated_bytes, live_);
    r_.stats.peak_requested_bytes = std::max(r_.stats.peak_requested_bytes, live_requested_);
    r_.stats.final_allocated_bytes = live_;
  }

  // The device is some way behind its host.
  void launch(LayerId layer = LayerId::root) {
    Activities& a = r_.activity.activities;
    const std::uint32_t kernel = kernel_++ % 2741 % kKernels;
    for (const bool call : {true, false}) {
      a.kind.push_back(call ? ActivityKind::call : ActivityKind::kernel);
      a.start_ns.push_back(activity_time_ += 1000 + random_() % 2048);
      a.duration_ns.push_back(static_cast<std::int64_t>((call ? 1500 : 900 * (1 + kernel % 50)) + random_() % 512));
      a.name.push_back(StringId(call ? 1 : 1 + kOperators + kernel));
      a.detail.push_back(call ? 0 : kernel);
      a.bytes.push_back(0);
      a.address.push_back(0);
      a.stream.push_back(call ? kNoStream : 7);
      a.correlation.push_back(kernel_ + (call ? 40 : 0));
      a.thread.push_back(call ? 4711 : 0);
      a.layer.push_back(layer);
      a.phase.push_back(phase_);
      a.step.push_back(step_);
    }
  }

  Recording r_;
  std::mt19937 random_{1};
  std::map<std::int64_t, std::vector<std::uint64_t>> free_;
  std::vector<Kept> kept_;
  std::uint64_t next_address_ = 0x7f0000000000;
  std::int64_t time_ = 0, activity_time_ = 0, live_ = 0, live_requested_ = 0;
  std::uint32_t operator_ = 0, kernel_ = 0;
  double launches_per_event_ = 0, due_ = 0;
  Phase phase_ = Phase::build;
  std::int32_t step_ = 0;
};

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
    const Recording recording = measured("make it up", [&] { return Generator().make(events, launches); });
    bytes = measured("encode", [&] { return encode_recording(recording); });
    print_size(recording, bytes.size());
  }
  const Recording recording = measured("decode", [&] { return decode_recording(bytes, "made up"); });
  const auto problems = measured("verify", [&] { return verify(recording); });
  for (const std::string& problem : problems) fmt::print("{}\n", problem);
  measured("breakdown", [&] { return make_breakdown(recording, "made up"); });
  return problems.empty() ? 0 : 1;
}
