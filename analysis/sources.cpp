#include "analysis/sources.h"

#include <algorithm>
#include <map>
#include <utility>

namespace headroom {

std::vector<SourceBytes> sources_at_peak(const Breakdown& run) {
  std::map<StringId, SourceBytes> by_source;
  for (const std::int64_t index : run.peak.live) {
    const Allocation& a = run.allocations.at(static_cast<std::size_t>(index));
    SourceBytes& row = by_source[a.source];
    row.source = a.source;
    row.bytes += a.block_bytes;
    row.categories[static_cast<std::size_t>(a.category)] += a.block_bytes;
    ++row.block_count;
  }
  if (by_source.empty() || (by_source.size() == 1 && by_source.begin()->first == StringId::none)) return {};
  std::vector<SourceBytes> rows;
  for (const auto& [source, row] : by_source) rows.push_back(row);
  std::ranges::sort(rows, {}, [](const SourceBytes& row) { return std::pair(-row.bytes, row.source); });
  return rows;
}

}  // namespace headroom
