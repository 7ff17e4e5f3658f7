#include "tests/random_activity.h"

#include <random>
#include <string>
#include <vector>

#include "recording/activity_rows.h"
#include "recording/activity_rules.h"

namespace headroom::testing_support {
namespace {

class Generator {
 public:
  Generator(std::uint32_t seed, TraceLevel level, Recording& recording)
      : random_(seed), r_(recording), a_(recording.activity.activities) {
    r_.activity.level = level;
  }

  void make(std::size_t row_count) {
    describe();
    while (a_.size() < row_count) step();
    r_.activity.unmatched_count = count_unmatched(a_);
    add_samples();
    if (real()) add_dram();
  }

 private:
  bool real() const { return r_.environment.device_kind == DeviceKind::cuda; }
  std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }
  std::int64_t number(std::size_t count) { return static_cast<std::int64_t>(below(count)); }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }

  void describe() {
    DeviceActivity& d = r_.activity;
    d.tracer = "CUPTI 13.0 (130001)";
    d.problems = {"The Range Profiler needs privileges: run as root."};
    d.dropped_count = number(3);
    d.outside_count = number(3);
    d.peak_dram_bytes_per_second = real() ? 3'350'000'000'000 : 0;
    for (std::uint32_t i = 1; i < 8; ++i) d.shapes.push_back({{i, 1, 1}, {32 * i, 1, 1}, 8 * i, 1024, 16 * i, 0});
    first_name_ = r_.strings.size();
    for (const char* name : {"void gemm<float, 128>(float*, int)", "cudaLaunchKernel", "cudaMalloc", "libcublas.so.13",
                             "stream", "module load", "softmax «warp»"})
      r_.strings.push_back(name);
  }

  // A call and what it caused.
  void step() {
    move_on();
    ++correlation_;
    push(ActivityKind::call, 0, real_or_virtual_duration());
    a_.name.back() = StringId(first_name_ + 1 + below(2));
    a_.thread.back() = 4711 + static_cast<std::uint32_t>(below(2));
    if (chance(20)) a_.detail.back() = 2;
    const auto kind = static_cast<ActivityKind>(below(kActivityKindNames.size()));
    const ActivityRules& rules = rules_of(kind);
    if (kind == ActivityKind::call || rules.level > r_.activity.level) return;
    if (chance(9)) correlation_ += 2;
    push(kind, detail_of(kind), rules.is_launched && !real() ? kNoDuration : real_or_virtual_duration());
    if (rules.has_bytes) a_.bytes.back() = number(1 << 20);
    if (rules.has_address) a_.address.back() = 0x7f0000000000 + (below(12) << 21);
    if (kind == ActivityKind::kernel || chance(2)) a_.name.back() = StringId(first_name_ + below(7));
    if (rules.is_launched) a_.stream.back() = static_cast<std::uint32_t>(7 + below(3));
  }

  void move_on() {
    if (!chance(10)) return;
    layer_ = r_.layers.empty() ? LayerId::root : LayerId(below(r_.layers.size()));
    phase_ = Phase(below(4));
    step_ += chance(4) ? 1 : 0;
  }

  std::int64_t real_or_virtual_duration() { return chance(30) ? kNoDuration : number(5000); }

  std::uint32_t detail_of(ActivityKind kind) {
    if (kind == ActivityKind::kernel) return static_cast<std::uint32_t>(below(r_.activity.shapes.size()));
    return static_cast<std::uint32_t>(below(std::size_t{std::min(rules_of(kind).last_detail, 0xFFu)} + 1));
  }

  void push(ActivityKind kind, std::uint32_t detail, std::int64_t duration) {
    a_.kind.push_back(kind);
    a_.start_ns.push_back(time_ += number(2000));
    a_.duration_ns.push_back(duration);
    a_.name.push_back(StringId::none);
    a_.detail.push_back(detail);
    a_.bytes.push_back(0);
    a_.address.push_back(0);
    a_.stream.push_back(kNoStream);
    a_.correlation.push_back(correlation_);
    a_.thread.push_back(0);
    a_.layer.push_back(layer_);
    a_.phase.push_back(phase_);
    a_.step.push_back(step_);
  }

  void add_samples() {
    std::int64_t time = 0, event = 0;
    const auto events = static_cast<std::int64_t>(r_.events.size());
    for (std::size_t i = 0; i < 6; ++i) {
      r_.activity.samples.push_back(
          {SampleMoment(i), time += number(9000), event = std::min(events, event + number(40)), number(1 << 30), 80ll << 30});
    }
  }

  void add_dram() {
    for (const Layer& layer : r_.layers)
      if (chance(2)) r_.activity.dram.push_back({layer.id, Phase(below(4)), number(1 << 30), number(1 << 30)});
  }

  std::mt19937 random_;
  Recording& r_;
  Activities& a_;
  std::size_t first_name_ = 0;
  std::int64_t time_ = 0;
  std::uint32_t correlation_ = 0;
  LayerId layer_{};
  Phase phase_ = Phase::build;
  std::int32_t step_ = 0;
};

}  // namespace

void add_random_activity(std::uint32_t seed, std::size_t row_count, TraceLevel level, Recording& recording) {
  Generator(seed, level, recording).make(row_count);
}

}  // namespace headroom::testing_support
