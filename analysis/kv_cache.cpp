#include "analysis/kv_cache.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "analysis/breakdown.h"
#include "analysis/sweep.h"

namespace headroom {
namespace {

std::unordered_map<std::string, std::int64_t> expected_per_token(const Recording& recording) {
  std::unordered_map<std::string, std::int64_t> bytes;
  for (const ClosedForm& form : recording.closed_forms)
    if (form.quantity == "kv_cache_bytes_per_token") bytes.emplace(form.layer, form.bytes);
  return bytes;
}

class Growth {
 public:
  Growth(const Recording& recording, const std::vector<Allocation>& allocations)
      : recording_(recording), allocations_(allocations), layers_(recording.layers.size()) {
    const Generation& generation = recording.spec.generation;
    cache_.sequences = recording.spec.batch * generation.beams;
    cache_.prompt_tokens = reads_source(recording.model) ? 1 : recording.spec.seq;
    // After the prefill the rows of a sequence become those of its beams: no growth by a token.
    first_counted_step_ = generation.beams > 1 ? 3 : 2;
  }

  KvCache run() {
    const Events& events = recording_.events;
    const auto count = static_cast<std::int64_t>(events.size());
    sweep(
        allocations_, count, [&](std::size_t i) { change(allocations_[i], 1); },
        [&](std::size_t i) { change(allocations_[i], -1); },
        [&](std::int64_t event) {
          if (events.step[event] == 0) return;
          note_peak(event);
          if (event + 1 == count || events.step[event + 1] != events.step[event]) end_step();
        });
    add_layers();
    return std::move(cache_);
  }

 private:
  struct OfLayer {
    std::int64_t bytes = 0, block_bytes = 0;
    std::int64_t before = 0, prompt = 0;  // at the end of the step before, and of the first
    std::int64_t most_growth = 0;
  };

  void change(const Allocation& a, std::int64_t sign) {
    allocated_ += sign * a.block_bytes;
    if (a.category != Category::kv_cache) return;
    OfLayer& layer = layers_[static_cast<std::size_t>(a.layer)];
    layer.bytes += sign * a.requested_bytes;
    layer.block_bytes += sign * a.block_bytes;
    cache_.bytes += sign * a.requested_bytes;
    cache_.block_bytes += sign * a.block_bytes;
  }

  void note_peak(std::int64_t event) {
    const Events& events = recording_.events;
    if (cache_.growth.empty() || cache_.growth.back().step != events.step[event])
      cache_.growth.push_back({events.step[event], events.phase[event], cache_.prompt_tokens + events.step[event] - 1});
    CacheStep& step = cache_.growth.back();
    if (allocated_ <= step.peak_bytes) return;
    step.peak_bytes = allocated_;
    step.peak_layer = events.action[event] == Action::alloc ? events.layer[event] : LayerId::root;
  }

  void end_step() {
    CacheStep& step = cache_.growth.back();
    step.cache_bytes = cache_.bytes;
    step.allocated_bytes = allocated_;
    for (OfLayer& layer : layers_) {
      if (step.step == 1) layer.prompt = layer.bytes;
      if (step.step >= first_counted_step_) layer.most_growth = std::max(layer.most_growth, layer.bytes - layer.before);
      layer.before = layer.bytes;
    }
  }

  void add_layers() {
    const auto expected = expected_per_token(recording_);
    cache_.bytes_per_token = 0;
    for (const Layer& layer : recording_.layers) {
      const OfLayer& of = layers_[static_cast<std::size_t>(layer.id)];
      if (of.bytes == 0) continue;
      const auto form = expected.find(layer.path);
      cache_.layers.push_back(row(layer.id, of, form == expected.end() ? kUnknownBytes : form->second));
      const std::int64_t bytes = cache_.layers.back().bytes_per_token;
      const bool known = bytes != kUnknownBytes && cache_.bytes_per_token != kUnknownBytes;
      cache_.bytes_per_token = known ? cache_.bytes_per_token + bytes : kUnknownBytes;
    }
    if (!decoded()) cache_.bytes_per_token = kUnknownBytes;
  }

  CacheLayer row(LayerId id, const OfLayer& of, std::int64_t expected) const {
    const Generation& generation = recording_.spec.generation;
    CacheLayer layer{id, CacheGrowth::token, of.prompt, of.bytes, of.block_bytes, kUnknownBytes, expected};
    const bool paged = generation.cache == CacheKind::paged;
    if (of.most_growth > 0) {
      const std::int64_t tokens = paged ? generation.page : 1, of_one = of.most_growth / cache_.sequences;
      layer.growth = paged ? CacheGrowth::page : CacheGrowth::token;
      if (of.most_growth % cache_.sequences == 0 && of_one % tokens == 0) layer.bytes_per_token = of_one / tokens;
    } else if (expected == 0) {
      layer.growth = CacheGrowth::constant;
      layer.bytes_per_token = 0;
    } else if (generation.cache == CacheKind::fixed) {
      layer.growth = CacheGrowth::room;
    } else if (paged) {
      layer.growth = CacheGrowth::page;
    } else if (decoded()) {
      layer.growth = CacheGrowth::window;
    }
    return layer;
  }

  bool decoded() const { return !cache_.growth.empty() && cache_.growth.back().step >= first_counted_step_; }

  const Recording& recording_;
  const std::vector<Allocation>& allocations_;
  std::vector<OfLayer> layers_;
  std::int64_t allocated_ = 0;
  std::int32_t first_counted_step_ = 2;
  KvCache cache_;
};

bool higher(const CacheStep& a, const CacheStep& b) { return a.peak_bytes < b.peak_bytes; }

}  // namespace

const CacheStep* KvCache::highest(Phase phase) const {
  const CacheStep* found = nullptr;
  for (const CacheStep& step : growth)
    if (step.phase == phase && (!found || higher(*found, step))) found = &step;
  return found;
}

bool reads_source(const ModelSummary& model) {
  const auto architecture = model.config.find("architecture");
  return architecture != model.config.end() && *architecture == "encoder-decoder";
}

KvCache add_up_cache(const Recording& recording, const std::vector<Allocation>& allocations) {
  if (recording.spec.mode != Mode::generate || is_program(recording.spec)) return {};
  return Growth(recording, allocations).run();
}

std::int64_t cache_bytes_per_token(const Breakdown& run) {
  if (!run.cache.any()) return run.model.kv_cache_bytes_per_token;
  std::int64_t sum = 0;
  for (const CacheLayer& layer : run.cache.layers) {
    const std::int64_t bytes =
        layer.bytes_per_token != kUnknownBytes ? layer.bytes_per_token : layer.expected_bytes_per_token;
    if (bytes == kUnknownBytes) return run.model.kv_cache_bytes_per_token;
    sum += bytes;
  }
  return sum;
}

std::vector<CacheStep> thinned(const KvCache& cache, std::size_t most) {
  if (cache.growth.size() <= most) return cache.growth;
  const std::size_t stride = (cache.growth.size() + most - 4) / (most - 3);
  const CacheStep *const prefill = cache.highest(Phase::prefill), *const decode = cache.highest(Phase::decode);
  std::vector<CacheStep> kept;
  for (std::size_t i = 0; i < cache.growth.size(); ++i) {
    const CacheStep& step = cache.growth[i];
    const bool end = i == 0 || i + 1 == cache.growth.size();
    if (end || i % stride == 0 || &step == prefill || &step == decode) kept.push_back(step);
  }
  return kept;
}

}  // namespace headroom
