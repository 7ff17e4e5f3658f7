#include "analysis/fit.h"

#include <algorithm>
#include <tuple>

namespace headroom {

bool keeps_the_model(ChangeKind kind) {
  return kind == ChangeKind::checkpointing || kind == ChangeKind::fused_attention || kind == ChangeKind::loss_chunks ||
         kind == ChangeKind::optimizer || kind == ChangeKind::precision || kind == ChangeKind::together;
}

void rank(std::vector<TriedChange>& changes) {
  const auto place = [](const TriedChange& change) {
    const bool fits = change.run && change.run->fits();
    const std::int64_t saved = change.saved_bytes.value_or(fits ? -change.run->allocated_bytes : 0);
    return std::tuple(!fits, !change.run.has_value(), -saved);
  };
  std::ranges::stable_sort(changes, {}, place);
}

}  // namespace headroom
