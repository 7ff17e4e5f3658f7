// A hand-made case for the writers of headroom fragmentation: 380 MiB reserved, of which ten small blocks pin 180 MiB.
#pragma once

#include "reports/fragmentation.h"
#include "tests/reports/synthetic.h"

namespace headroom::synthetic {

inline FragmentationReport pinned_segments() {
  constexpr std::int64_t kMiB = 1 << 20;
  Run r("pinned");
  r.run.spec.model = "pinned";
  r.run.spec.device = "virtual:h100-80gb";
  r.run.environment.device_kind = DeviceKind::virtual_cuda;
  r.run.environment.device_name = "NVIDIA H100 80GB HBM3";
  r.run.environment.device_total_bytes = std::int64_t{85'017'493'504};
  r.run.model.name = "pinned";
  const LayerId block = r.layer("block", LayerKind::block);
  FragmentationReport out;
  Fragmentation& f = out.fragmentation;
  r.phase(Phase::forward, 1);
  for (std::uint64_t i = 0; i < 10; ++i) {
    const std::int64_t requested = 2 * kMiB - static_cast<std::int64_t>(i);
    const auto index = static_cast<std::int64_t>(r.alloc(block, Category::activation, requested, "aten::mm", "[1024, 512] float32"));
    f.segments.push_back({(i + 1) << 26, 20 * kMiB, 0, 0, requested, 2 * kMiB, 0, 18 * kMiB, 18 * kMiB, {index}});
  }
  r.phase(Phase::backward, 1);
  const auto large = static_cast<std::int64_t>(r.alloc(LayerId::root, Category::temporary, 180 * kMiB, "", ""));
  f.segments.push_back({1ull << 40, 180 * kMiB, 0, 0, 180 * kMiB, 180 * kMiB, 0, 0, 0, {large}});
  out.report = {"0.1.0", {r.finish()}, {}};
  f.event = 10;
  f.phase = Phase::backward;
  f.step = 1;
  f.reserved_bytes = 380 * kMiB;
  f.requested_bytes = 200 * kMiB - 45;
  f.rounding_bytes = 45;
  f.fragmented_bytes = 180 * kMiB;
  out.replays = {{"as recorded", ReplayChange::none, "", "h100-80gb", 200 * kMiB, 200 * kMiB - 45, 380 * kMiB, 380 * kMiB, 11, 11,
                  false, -1, 0, true, ""},
                 {"max_split_size_mb:64", ReplayChange::settings, "max_split_size_mb:64", "h100-80gb", 200 * kMiB,
                  200 * kMiB - 45, 400 * kMiB, 400 * kMiB, 12, 12, false, -1, 0, false, ""},
                 {"expandable_segments:True", ReplayChange::settings, "expandable_segments:True", "h100-80gb", 200 * kMiB,
                  200 * kMiB - 45, 360 * kMiB, 360 * kMiB, 18, 18, false, -1, 0, false, ""},
                 {"lasting blocks first", ReplayChange::lasting_first, "", "h100-80gb", 200 * kMiB, 200 * kMiB - 45, 200 * kMiB,
                  200 * kMiB, 2, 2, true, 10, 180 * kMiB, false, ""}};
  return out;
}

}  // namespace headroom::synthetic
