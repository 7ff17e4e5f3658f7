#include "analysis/proposal.h"

namespace headroom {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

std::int64_t rounded_up(std::int64_t bytes) {
  if (bytes < kRoundedFrom) return bytes;
  const std::int64_t more = (kMiB - bytes % kMiB) % kMiB;
  std::int64_t sum = 0;
  return __builtin_add_overflow(bytes, more, &sum) ? bytes : sum;
}

}  // namespace

std::vector<ProposedLimit> propose(const Figures& figures, const Growth& margin) {
  std::vector<ProposedLimit> out;
  for (const MetricKind kind :
       {MetricKind::peak, MetricKind::reserved, MetricKind::parameters, MetricKind::kv_per_token}) {
    const Metric metric{.kind = kind};
    const auto found = figures.find(key_of(metric));
    if (found == figures.end()) continue;
    ProposedLimit limit{.metric = metric, .measured = found->second, .allowed = found->second};
    if (kind == MetricKind::peak || kind == MetricKind::reserved) {
      limit.margin = margin;
      limit.allowed = rounded_up(grown(found->second, margin));
    }
    if (kind == MetricKind::peak) limit.growth = kProposedGrowth;
    out.push_back(limit);
  }
  return out;
}

}  // namespace headroom
