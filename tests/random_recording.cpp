#include "tests/random_recording.h"

#include <random>
#include <string>
#include <vector>

#include "tests/random_activity.h"
#include "tests/recording_text.h"

namespace headroom::testing_support {
namespace {

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  Recording make(std::size_t event_count) {
    describe();
    while (r_.events.size() < event_count) {
      if (chance(24)) begin_phase();
      if (r_.events.size() == 0 || chance(40))
        reserve();
      else if (!live_.empty() && chance(2))
        release();
      else
        allocate();
    }
    if (chance(2)) add_lanes();
    set_stats_by_replay(r_);
    return std::move(r_);
  }

 private:
  struct Block {
    std::uint64_t address;
    std::int64_t requested, bytes;
  };

  std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }

  void describe() {
    r_.spec = {.model = "random", .attention = "mha", .batch = 3, .dropout = 0.25};
    r_.environment = {
        .headroom_version = "0.1.0", .device_kind = DeviceKind::virtual_cuda, .device_name = "H100 \"x\""};
    r_.model.name = "random";
    r_.model.config = {{"d_model", 768}, {"norm_eps", 1e-12}};
    r_.layers.push_back({LayerId::root, LayerId::root, "model", LayerKind::model});
    const std::size_t layer_count = 1 + below(12);
    for (std::size_t i = 1; i < layer_count; ++i)
      r_.layers.push_back({LayerId(i), LayerId(below(i)), "layer." + std::to_string(i), LayerKind(below(10))});
    for (std::size_t i = 1; i < 8; ++i) r_.strings.push_back("text " + std::to_string(i) + " é");
    r_.parameters.push_back({"w", {4, 8}, "float32", 128, LayerId(below(layer_count)), true, ""});
    r_.parameters.push_back({"v", {4, 8}, "float32", 0, LayerId(below(layer_count)), false, "w"});
    r_.model.parameter_count = 32;
    r_.closed_forms.push_back({"parameter_bytes", "model", "4·n", 128});
    r_.assumptions.push_back("Nothing was measured.");
    r_.marks.push_back({0, 0, Phase::build, 0});
  }

  void begin_phase() {
    static constexpr Phase kNext[] = {Phase::forward, Phase::backward, Phase::optimizer, Phase::forward};
    if (phase_ == Phase::build || phase_ == Phase::optimizer) ++step_;
    phase_ = kNext[static_cast<std::size_t>(phase_)];
    r_.marks.push_back({time_, static_cast<std::int64_t>(r_.events.size()), phase_, step_});
  }

  void allocate() {
    const auto requested = static_cast<std::int64_t>(below(5000));
    const Block block{fresh_address(), requested, (requested + 511) / 512 * 512};
    live_.push_back(block);
    push(Action::alloc, block);
    Events& e = r_.events;
    e.layer.back() = LayerId(below(r_.layers.size()));
    e.op.back() = StringId(below(r_.strings.size()));
    e.tensor.back() = StringId(below(r_.strings.size()));
    e.category.back() = chance(2) ? Category::unresolved : Category(below(kCategoryCount));
  }

  void release() {
    std::swap(live_[below(live_.size())], live_.back());
    push(Action::free, live_.back());
    freed_.push_back(live_.back().address);
    live_.pop_back();
  }

  void reserve() {
    if (!segments_.empty() && chance(3)) {
      push(Action::segment_free, segments_.back());
      segments_.pop_back();
    } else {
      segments_.push_back({fresh_address() << 20, 0, 2 << 20});
      push(Action::segment_alloc, segments_.back());
    }
  }

  // Streams, private pools and blocks that other streams hold on to, each recorded or not.
  void add_lanes() {
    Events& e = r_.events;
    const std::size_t count = e.size();
    if (chance(2)) e.stream.resize(count);
    if (chance(2)) e.pool.resize(count);
    if (chance(2)) e.held.resize(count);
    for (auto& stream : e.stream) stream = static_cast<std::uint8_t>(below(256));
    for (auto& pool : e.pool) pool = static_cast<std::int32_t>(below(3));
    for (std::size_t i = 0; i < e.held.size(); ++i)
      if (e.action[i] == Action::free) e.held[i] = static_cast<std::int64_t>(below(count - i));
  }

  std::uint64_t fresh_address() {
    if (!freed_.empty() && chance(2)) {
      const std::uint64_t reused = freed_.back();
      freed_.pop_back();
      return reused;
    }
    return (next_address_ += 512);
  }

  void push(Action action, const Block& block) {
    Events& e = r_.events;
    e.time_ns.push_back(time_ += static_cast<std::int64_t>(below(1000)));
    e.action.push_back(action);
    e.address.push_back(block.address);
    e.requested_bytes.push_back(block.requested);
    e.block_bytes.push_back(block.bytes);
    e.layer.push_back(LayerId::root);
    e.phase.push_back(phase_);
    e.step.push_back(step_);
    e.category.push_back(Category::unresolved);
    e.op.push_back(StringId::none);
    e.tensor.push_back(StringId::none);
  }

  std::mt19937 random_;
  Recording r_;
  std::vector<Block> live_, segments_;
  std::vector<std::uint64_t> freed_;
  std::uint64_t next_address_ = 0x7f0000000000;
  std::int64_t time_ = 0;
  Phase phase_ = Phase::build;
  std::int32_t step_ = 0;
};

}  // namespace

Recording random_recording(std::uint32_t seed, std::size_t event_count, DeviceKind device) {
  Recording recording = Generator(seed).make(event_count);
  recording.environment.device_kind = device;
  if (const auto level = static_cast<TraceLevel>(seed % kTraceLevelNames.size()); level != TraceLevel::none)
    add_random_activity(seed, event_count, level, recording);
  return recording;
}

}  // namespace headroom::testing_support
