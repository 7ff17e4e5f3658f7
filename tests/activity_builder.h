// Device activities of a recording by hand, for tests: each call adds a row at the place said last.
//
//   ActivityBuilder(recording).at(layer, Phase::forward, 1).kernel("gemm", {.grid = {8, 1, 1}}, 100, 50)
#pragma once

#include <algorithm>
#include <string>

#include "recording/recording.h"

namespace headroom::testing_support {

class ActivityBuilder {
 public:
  explicit ActivityBuilder(Recording& recording) : r_(recording) {}

  ActivityBuilder& at(LayerId layer, Phase phase, std::int32_t step = 1) {
    layer_ = layer;
    phase_ = phase;
    step_ = step;
    return *this;
  }

  ActivityBuilder& kernel(const std::string& name, const LaunchShape& shape, std::int64_t start_ns,
                          std::int64_t duration_ns = kNoDuration, std::uint32_t stream = 7) {
    return row(ActivityKind::kernel, start_ns, duration_ns, name, shape_number(shape), 0, 0, stream);
  }
  ActivityBuilder& copy(CopyKind kind, std::int64_t bytes, std::int64_t start_ns,
                        std::int64_t duration_ns = kNoDuration) {
    return row(ActivityKind::copy, start_ns, duration_ns, "", static_cast<std::uint32_t>(kind), bytes, 0, 7);
  }
  ActivityBuilder& set(std::int64_t bytes, std::int64_t start_ns, std::int64_t duration_ns = kNoDuration) {
    return row(ActivityKind::set, start_ns, duration_ns, "", 0, bytes, 0, 7);
  }
  ActivityBuilder& call(const std::string& name, std::int64_t start_ns, std::uint32_t result = 0) {
    return row(ActivityKind::call, start_ns, 10, name, result, 0, 0, kNoStream);
  }
  ActivityBuilder& wait(const std::string& kind, std::int64_t start_ns, std::int64_t duration_ns) {
    return row(ActivityKind::synchronization, start_ns, duration_ns, kind, 0, 0, 0, kNoStream);
  }
  ActivityBuilder& overhead(const std::string& kind, std::int64_t start_ns, std::int64_t duration_ns) {
    return row(ActivityKind::overhead, start_ns, duration_ns, kind, 0, 0, 0, kNoStream);
  }
  ActivityBuilder& take(MemoryKind kind, const std::string& source, std::uint64_t address, std::int64_t bytes,
                        std::int64_t start_ns, std::uint32_t stream = kNoStream) {
    return memory(kind, MemoryOperation::allocate, source, address, bytes, start_ns, stream);
  }
  ActivityBuilder& give_back(MemoryKind kind, std::uint64_t address, std::int64_t start_ns) {
    return memory(kind, MemoryOperation::release, "", address, 0, start_ns, kNoStream);
  }
  ActivityBuilder& sample(SampleMoment moment, std::int64_t time_ns, std::int64_t event, std::int64_t used_bytes,
                          std::int64_t total_bytes = std::int64_t{80} << 30) {
    r_.activity.samples.push_back({moment, time_ns, event, used_bytes, total_bytes});
    return *this;
  }

 private:
  std::uint32_t shape_number(const LaunchShape& shape) {
    auto& shapes = r_.activity.shapes;
    const auto found = std::ranges::find(shapes, shape);
    const auto number = static_cast<std::uint32_t>(found - shapes.begin());
    if (found == shapes.end()) shapes.push_back(shape);
    return number;
  }

  StringId intern(const std::string& text) {
    const auto found = std::ranges::find(r_.strings, text);
    const StringId id{static_cast<std::uint32_t>(found - r_.strings.begin())};
    if (found == r_.strings.end()) r_.strings.push_back(text);
    return id;
  }

  ActivityBuilder& memory(MemoryKind kind, MemoryOperation operation, const std::string& source, std::uint64_t address,
                          std::int64_t bytes, std::int64_t start_ns, std::uint32_t stream) {
    const auto detail = static_cast<std::uint32_t>(kind) * 2 + static_cast<std::uint32_t>(operation);
    return row(ActivityKind::memory, start_ns, kNoDuration, source, detail, bytes, address, stream);
  }

  ActivityBuilder& row(ActivityKind kind, std::int64_t start_ns, std::int64_t duration_ns, const std::string& name,
                       std::uint32_t detail, std::int64_t bytes, std::uint64_t address, std::uint32_t stream) {
    Activities& a = r_.activity.activities;
    a.kind.push_back(kind);
    a.start_ns.push_back(start_ns);
    a.duration_ns.push_back(duration_ns);
    a.name.push_back(intern(name));
    a.detail.push_back(detail);
    a.bytes.push_back(bytes);
    a.address.push_back(address);
    a.stream.push_back(stream);
    a.correlation.push_back(0);
    a.thread.push_back(0);
    a.layer.push_back(layer_);
    a.phase.push_back(phase_);
    a.step.push_back(step_);
    return *this;
  }

  Recording& r_;
  LayerId layer_ = LayerId::root;
  Phase phase_ = Phase::build;
  std::int32_t step_ = 0;
};

}  // namespace headroom::testing_support
