// What a run of --mode generate kept of the tokens before: by layer, and how it grew from step to step.
//
// Bytes of the cache are requested bytes, as in its closed forms; `block_bytes` are the allocator's.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/names.h"
#include "recording/recording.h"

namespace headroom {

struct Allocation;
struct Breakdown;

// How a layer's cache takes on a token, as far as this run shows it.
//   token: with every token · page: with a page of tokens, when the last is full · room: all of it was made before the
//   prompt · window: it holds as many tokens as it ever will · constant: a state, or of the source alone
enum class CacheGrowth : std::uint8_t { token, page, room, window, constant };
inline constexpr std::array kCacheGrowthNames{
    Named<CacheGrowth>{CacheGrowth::token, "token"}, Named<CacheGrowth>{CacheGrowth::page, "page"},
    Named<CacheGrowth>{CacheGrowth::room, "room"}, Named<CacheGrowth>{CacheGrowth::window, "window"},
    Named<CacheGrowth>{CacheGrowth::constant, "constant"}};

inline constexpr std::int64_t kUnknownBytes = -1;

struct CacheLayer {
  LayerId layer{};
  CacheGrowth growth = CacheGrowth::token;
  std::int64_t prompt_bytes = 0;  // at the end of the prefill
  std::int64_t bytes = 0;         // at the end of the last step
  std::int64_t block_bytes = 0;   // of the same blocks
  // Of one sequence, as recorded: the most that it grew between two steps, by sequences and by tokens of a page.
  // Unknown where it did not grow before our eyes, or not by whole bytes.
  std::int64_t bytes_per_token = kUnknownBytes;
  std::int64_t expected_bytes_per_token = kUnknownBytes;  // by its closed form
};

struct CacheStep {
  std::int32_t step = 0;  // 1: the prefill
  Phase phase = Phase::prefill;
  std::int64_t tokens = 0;           // of a sequence in the cache at the step's end
  std::int64_t cache_bytes = 0;      // at the step's end
  std::int64_t allocated_bytes = 0;  // of everything, at the step's end
  std::int64_t peak_bytes = 0;       // most allocated within the step
  LayerId peak_layer{};
};

struct KvCache {
  std::int64_t sequences = 0;      // batch × beams
  std::int64_t prompt_tokens = 0;  // of a decoder: 1 beside an encoder, which reads the prompt
  std::int64_t bytes = 0, block_bytes = 0;
  std::int64_t bytes_per_token = kUnknownBytes;  // all layers, as recorded; unknown where it is of one of them
  std::vector<CacheLayer> layers;                // those that have a cache, in the recording's order
  std::vector<CacheStep> growth;                 // every step

  bool any() const { return !growth.empty(); }
  const CacheStep* highest(Phase phase) const;  // the step with the highest peak; nullptr: no such step
};

// A decoder beside an encoder: the prompt is the encoder's.
bool reads_source(const ModelSummary& model);

// Empty unless the recording is of --mode generate.
KvCache add_up_cache(const Recording& recording, const std::vector<Allocation>& allocations);

// Of one sequence, all layers: as recorded; where a layer did not grow in this run, and in other modes, by closed form.
std::int64_t cache_bytes_per_token(const Breakdown& run);

// At most `most` steps (4 or more): every n-th, the first, the last, and those of the highest peaks of both phases.
std::vector<CacheStep> thinned(const KvCache& cache, std::size_t most);

}  // namespace headroom
