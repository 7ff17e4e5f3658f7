#include "analysis/shortfall.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>

namespace headroom {
namespace {

// Of blocks in falling order of size.
std::int64_t enough_of(const std::vector<std::int64_t>& sizes, std::int64_t missing) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    if ((sum += sizes[i]) >= missing) return static_cast<std::int64_t>(i) + 1;
  return 0;
}

ShortfallGroup make_group(const Breakdown& run, std::vector<std::int64_t> blocks, std::int64_t missing) {
  const auto block = [&run](std::int64_t i) -> const Allocation& {
    return run.allocations[static_cast<std::size_t>(i)];
  };
  std::ranges::stable_sort(blocks, std::ranges::greater(), [&](std::int64_t i) { return block(i).block_bytes; });
  const Allocation& largest = block(blocks.front());
  ShortfallGroup group{.category = largest.category, .tensor = largest.tensor, .op = largest.op};
  group.largest = blocks.front();
  group.count = static_cast<std::int64_t>(blocks.size());
  std::vector<std::int64_t> sizes;
  std::set<LayerId> layers;
  for (const std::int64_t i : blocks) {
    sizes.push_back(block(i).block_bytes);
    group.bytes += block(i).block_bytes;
    layers.insert(block(i).layer);
  }
  group.enough = enough_of(sizes, missing);
  group.first_layer = *layers.begin();
  group.last_layer = *layers.rbegin();
  group.layer_count = static_cast<std::int64_t>(layers.size());
  return group;
}

}  // namespace

Shortfall make_shortfall(const Breakdown& run, const std::vector<std::int64_t>& live) {
  const Outcome& outcome = run.outcome;
  Shortfall result;
  result.missing_bytes = std::max<std::int64_t>(0, outcome.failed_request_bytes - outcome.free_bytes);
  result.gap_bytes = std::max<std::int64_t>(0, outcome.reserved_bytes - outcome.allocated_bytes);
  result.gaps_are_enough = result.gap_bytes >= outcome.failed_request_bytes;
  std::map<std::tuple<Category, StringId, StringId>, std::vector<std::int64_t>> alike;
  for (const std::int64_t i : live) {
    const Allocation& a = run.allocations[static_cast<std::size_t>(i)];
    alike[{a.category, a.tensor, a.op}].push_back(i);
  }
  for (auto& [key, blocks] : alike) result.groups.push_back(make_group(run, std::move(blocks), result.missing_bytes));
  std::ranges::stable_sort(result.groups, std::ranges::greater(), &ShortfallGroup::bytes);
  return result;
}

}  // namespace headroom
