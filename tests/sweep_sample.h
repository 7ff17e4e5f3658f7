// A made-up sweep of six runs: one out of memory, the others a line each of two mechanisms.
#pragma once

#include <string>
#include <vector>

#include "analysis/scaling.h"

namespace headroom::testing_support {

inline SweepRow sweep_row(std::int64_t number, std::vector<Json> settings, std::int64_t bytes) {
  SweepRow row{number, std::move(settings), {}};
  SweepResult& r = row.result;
  r.key = "00000000000000f" + std::to_string(number % 10);
  r.spec = RunSpec{.model = "bert-base"};
  r.maker.headroom_version = "0.1.0";
  r.torch_version = "2.11.0";
  r.device_kind = DeviceKind::virtual_cuda;
  r.device_name = "NVIDIA H100 80GB HBM3";
  r.parameter_count = 109'000'000;
  r.parameter_bytes = 436'000'000;
  r.peak = SweepPeak{bytes, bytes - 100, bytes + 1000, {}, Phase::backward, 2, "encoder.layer.11.attention"};
  r.peak->categories[static_cast<std::size_t>(Category::parameter)] = bytes / 4;
  r.peak->categories[static_cast<std::size_t>(Category::activation)] = bytes - bytes / 4;
  return row;
}

inline Sweep sweep_sample() {
  constexpr std::int64_t kMiB = 1 << 20;
  Sweep sweep{"0.1.0", "0123456789abcdef", {"attention", "seq"}, 6, {}};
  sweep.rows = {sweep_row(1, {"mha", 64}, 600 * kMiB),   sweep_row(2, {"mha", 128}, 1000 * kMiB),
                sweep_row(3, {"mha", 256}, 2400 * kMiB), sweep_row(4, {"mha", 512}, 0),
                sweep_row(5, {"mqa", 64}, 550 * kMiB),   sweep_row(6, {"mqa", 128}, 800 * kMiB)};
  SweepResult& oom = sweep.rows[3].result;
  oom.outcome = SweepOutcome::oom;
  oom.reason = "out of memory: 2.00 GiB asked for in backward, \"loss\", with 1.00 GiB free";
  oom.peak.reset();
  oom.failure = SweepFailure{2048 * kMiB, 1024 * kMiB, "backward", "loss"};
  return sweep;
}

}  // namespace headroom::testing_support
