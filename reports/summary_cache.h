// Words about the cache of a run that generates, and about what a device holds, which every writer takes the same way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/report.h"

namespace headroom {

// Layers whose paths differ in numbers alone and whose caches are equal: one row.
struct CacheRow {
  std::string name;  // "layer.*.attention"
  std::int64_t layer_count = 0;
  CacheLayer of_one;
};
std::vector<CacheRow> cache_rows(const Breakdown& run);

// "as recorded", or that it is the closed form, and why nothing was recorded.
std::string_view per_token_basis(const Breakdown& run);

// "grows with each token", "a page at a time", …
std::string_view growth_text(CacheGrowth growth);

// "dynamic" or "paged, 16 tokens a page"; with the dtype where it is not the model's.
std::string cache_kind(const RunSpec& spec);

// "the peak of the run is in the prefill": which of both it is, or that it is neither.
std::string peak_verdict(const Breakdown& run);

// "largest context", "largest batch"; and what was found: "12,345 tokens a sequence …".
std::string_view size_name(FitSize size);
std::string found_text(const Breakdown& run, const FoundSize& found);

}  // namespace headroom
