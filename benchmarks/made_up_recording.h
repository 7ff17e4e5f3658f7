// Recordings of any length for benchmarks: training steps of a made-up transformer of twelve blocks.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>

#include "recording/recording.h"

namespace headroom::benchmarks {

inline constexpr int kBlocks = 12, kLayersPerBlock = 8, kTensorsPerLayer = 5, kOperators = 60, kKernels = 300;
inline constexpr std::int64_t kSegmentBytes = 64 << 20;

class MadeUpRecording {
 public:
  Recording make(std::size_t event_count, std::size_t launch_count) {
    describe();
    launches_per_event_ =
        static_cast<double>(launch_count) / static_cast<double>(std::max<std::size_t>(event_count, 1));
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
        r_.layers.push_back(
            {LayerId(id), LayerId(l == 0 ? 0 : id - l), fmt::format("block.{}.{}", b, l), LayerKind::other});
      }
    for (int i = 0; i < kOperators; ++i) r_.strings.push_back(fmt::format("aten::operator_{}", i));
    for (int i = 0; i < kKernels; ++i) r_.strings.push_back(fmt::format("void kernel_{}<float, {}>(float*)", i, i * 7));
    r_.activity.level = TraceLevel::full;
    r_.activity.tracer = "CUPTI 13.0 (130001)";
    for (std::uint32_t i = 0; i < kKernels; ++i)
      r_.activity.shapes.push_back({{i + 1, 1, 1}, {128, 1, 1}, 32, 0, 0, 0});
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
      if (next_address_ + static_cast<std::uint64_t>(bytes) > segment_end_) reserve();
      next_address_ += static_cast<std::uint64_t>(bytes);
      return next_address_ - static_cast<std::uint64_t>(bytes);
    }
    const std::uint64_t address = free.back();
    free.pop_back();
    return address;
  }

  // Segments lie apart from each other, so that maps of addresses have something to fold away.
  void reserve() {
    next_address_ = segment_end_ + kSegmentBytes;
    segment_end_ = next_address_ + kSegmentBytes;
    push(Action::segment_alloc, {next_address_, kSegmentBytes}, LayerId::root, StringId::none);
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
    const bool is_segment = action == Action::segment_alloc;
    e.requested_bytes.push_back(is_segment ? 0 : block.bytes - 100);
    e.block_bytes.push_back(block.bytes);
    e.layer.push_back(layer);
    e.phase.push_back(phase_);
    e.step.push_back(step_);
    e.category.push_back(Category::unresolved);
    e.op.push_back(op);
    e.tensor.push_back(op);
    if (is_segment) {
      r_.stats.peak_reserved_bytes = r_.stats.final_reserved_bytes += block.bytes;
      return;
    }
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
  std::uint64_t next_address_ = 0x7f0000000000, segment_end_ = next_address_;
  std::int64_t time_ = 0, activity_time_ = 0, live_ = 0, live_requested_ = 0;
  std::uint32_t operator_ = 0, kernel_ = 0;
  double launches_per_event_ = 0, due_ = 0;
  Phase phase_ = Phase::build;
  std::int32_t step_ = 0;
};

}  // namespace headroom::benchmarks
