// A hand-made case for the writers of headroom fit: a device with room for 12 sequences and what would make more of
// them, and one that holds none; hostile names among them.
#pragma once

#include "reports/fit.h"

namespace headroom::synthetic {

inline RunSummary summary(OutcomeKind outcome, std::int64_t gib) {
  constexpr std::int64_t kGiB = 1 << 30;
  RunSummary run{.outcome = outcome,
                 .device_name = "NVIDIA A100-SXM4-40GB",
                 .device_bytes = 40 * kGiB,
                 .allocated_bytes = gib * kGiB,
                 .reserved_bytes = gib * kGiB + 1024,
                 .phase = Phase::backward,
                 .step = 2,
                 .layer = "loss",
                 .heaviest_layer = "decoder.layer.3.attention",
                 .heaviest_bytes = kGiB};
  run.categories[static_cast<std::size_t>(Category::parameter)] = kGiB;
  run.categories[static_cast<std::size_t>(Category::activation)] = (gib - 1) * kGiB;
  if (outcome != OutcomeKind::oom) return run;
  run.failed_request_bytes = 2 * kGiB;
  run.free_bytes = kGiB;
  run.failed_phase = "forward";
  run.failed_layer = "decoder.layer.11.attention";
  return run;
}

inline SearchResult found(std::int64_t value, std::int64_t gib) {
  return {{FitSize::batch, {value, false, 4}, FitLimit::tokens, 1, ""},
          summary(OutcomeKind::ok, gib),
          value + 1,
          summary(OutcomeKind::oom, gib + 1),
          {}};
}

inline FitReport two_devices() {
  FitReport report{"0.1.0", "headroom fit gpt2 --solve batch", "gpt2|<b>", RunSpec{.model = "gpt2"}, FitSize::batch, "",
                   {}};
  DeviceFit a100{"virtual:a100-40gb", "NVIDIA A100-SXM4-40GB", std::int64_t{40} << 30, found(12, 38), 12, {}};
  a100.result.out_of_order = {{9, 10}};
  const auto change = [&](ChangeKind kind, const char* flags, std::int64_t gib) {
    a100.changes.push_back({kind, flags, summary(OutcomeKind::ok, gib), std::int64_t{38 - gib} << 30, {}, ""});
    return &a100.changes.back();
  };
  change(ChangeKind::together, "--checkpoint block --sdpa flash", 8)->search = found(96, 39);
  change(ChangeKind::checkpointing, "--checkpoint block", 15)->search = found(31, 38);
  change(ChangeKind::mechanism, "--attention mqa", 37);
  change(ChangeKind::cache, "--cache paged", 39);
  a100.changes.push_back({ChangeKind::optimizer, "--optimizer adafactor", {}, {}, {}, "the worker died, \"badly\""});
  DeviceFit t4{"virtual:t4-16gb", "Tesla T4", std::int64_t{15'828'320'256}, {}, 0, {}};
  t4.result = {{FitSize::batch, {{}, false, 1}, FitLimit::tokens, 1, ""}, {}, 1, summary(OutcomeKind::oom, 14), {}};
  report.devices = {a100, t4};
  return report;
}

}  // namespace headroom::synthetic
