#include "reports/summary_cache.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "reports/summary.h"

namespace headroom {
namespace {

// "layer.12.attention" -> "layer.*.attention"
std::string pattern_of(const std::string& path) {
  std::string out;
  for (const char c : path) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) out += c;
    if (digit && !out.ends_with('*')) out += '*';
  }
  return out;
}

// Whatever the blocks are that the allocator found for them.
bool equal(const CacheLayer& a, const CacheLayer& b) {
  return a.growth == b.growth && a.prompt_bytes == b.prompt_bytes && a.bytes == b.bytes &&
         a.bytes_per_token == b.bytes_per_token && a.expected_bytes_per_token == b.expected_bytes_per_token;
}

std::string runs_text(int count) { return fmt::format("{} run{}", count, count == 1 ? "" : "s"); }

std::string at_the_limit(const Breakdown& run, const FoundSize& found) {
  const std::string value = format_count(*found.largest.value);
  if (found.limit == FitLimit::positions) return fmt::format("all {} positions of the model fit", value);
  return fmt::format("{} {}, as many as a step may have, and memory is left", value,
                     found.size == FitSize::batch ? "sequences"
                     : reads_source(run.model)    ? "source tokens"
                                                  : "tokens");
}

std::string within_memory(const Breakdown& run, const FoundSize& found) {
  const std::int64_t value = *found.largest.value;
  const std::string count = format_count(value), more = format_count(value + 1);
  if (found.size == FitSize::batch)
    return fmt::format("{} sequence{} of this length; {} do not fit", count, value == 1 ? "" : "s", more);
  return fmt::format("{} {} at batch {}; {} do not fit", count,
                     reads_source(run.model) ? "source tokens" : "tokens, prompt and new ones,", run.spec.batch, more);
}

}  // namespace

std::vector<CacheRow> cache_rows(const Breakdown& run) {
  std::vector<CacheRow> rows;
  for (const CacheLayer& layer : run.cache.layers) {
    const std::string path = layer_path(run, layer.layer), name = pattern_of(path);
    const auto same = std::ranges::find_if(
        rows, [&](const CacheRow& row) { return pattern_of(row.name) == name && equal(row.of_one, layer); });
    if (same == rows.end()) {
      rows.push_back({path, 1, layer});
    } else {
      same->name = name;
      ++same->layer_count;
    }
  }
  return rows;
}

std::string_view per_token_basis(const Breakdown& run) {
  if (run.cache.bytes_per_token != kUnknownBytes) return "as recorded";
  const auto has = [&](CacheGrowth growth) {
    return std::ranges::any_of(run.cache.layers, [&](const CacheLayer& layer) {
      return layer.growth == growth && layer.bytes_per_token == kUnknownBytes;
    });
  };
  if (has(CacheGrowth::room)) return "by closed form: room for all tokens was made at once";
  if (has(CacheGrowth::page)) return "by closed form: no page was added after the prompt";
  if (has(CacheGrowth::window)) return "by closed form: the windows were full";
  return "by closed form: too few tokens to see it grow";
}

std::string_view growth_text(CacheGrowth growth) {
  switch (growth) {
    case CacheGrowth::token:
      return "with each token";
    case CacheGrowth::page:
      return "a page at a time";
    case CacheGrowth::room:
      return "all room at once";
    case CacheGrowth::window:
      return "window is full";
    default:
      return "stays as it is";
  }
}

std::string cache_kind(const RunSpec& spec) {
  const Generation& generation = spec.generation;
  std::string text(to_name(kCacheKindNames, generation.cache));
  if (generation.cache == CacheKind::paged) text += fmt::format(", {} tokens a page", generation.page);
  if (generation.cache_dtype != CacheDtype::model)
    text += fmt::format(", {}", to_name(kCacheDtypeNames, generation.cache_dtype));
  return text;
}

std::string peak_verdict(const Breakdown& run) {
  if (run.peak.phase == Phase::prefill) return "the peak of the run is that of the prefill";
  if (run.peak.phase == Phase::decode) return "the peak of the run is that of the decode";
  return fmt::format("the peak of the run is in its {}", to_name(kPhaseNames, run.peak.phase));
}

std::string_view size_name(FitSize size) { return size == FitSize::context ? "Largest context" : "Largest batch"; }

std::string found_text(const Breakdown& run, const FoundSize& found) {
  if (!found.problem.empty()) return "not found: " + found.problem;
  const std::string runs = runs_text(found.largest.probe_count);
  if (!found.largest.value) return fmt::format("not even {} fit ({})", format_count(found.least), runs);
  const bool end = found.largest.is_high && found.limit != FitLimit::memory;
  return fmt::format("{} ({})", end ? at_the_limit(run, found) : within_memory(run, found), runs);
}

}  // namespace headroom
