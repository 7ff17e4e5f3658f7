#include "analysis/layers.h"

#include <algorithm>
#include <unordered_map>

#include "analysis/sweep.h"

namespace headroom {
namespace {

std::int32_t last_step(const Recording& recording) {
  const auto& steps = recording.events.step;
  return steps.empty() ? 0 : *std::max_element(steps.begin(), steps.end());
}

std::int64_t first_event_of(const Recording& recording, std::int32_t step) {
  const auto& steps = recording.events.step;
  return std::find(steps.begin(), steps.end(), step) - steps.begin();
}

bool is_kept_in(const Allocation& a, std::int32_t step, Phase phase = Phase::forward) {
  return a.category == Category::activation && a.phase == phase && a.step == step;
}

bool is_forward(Phase phase) { return phase == Phase::forward || phase == Phase::prefill || phase == Phase::decode; }

// Bytes alive now and the most of them at once since `restart`.
struct Gauge {
  std::int64_t now = 0, most = 0;
  void add(std::int64_t bytes) {
    now += bytes;
    most = std::max(most, now);
  }
  void remove(std::int64_t bytes) { now -= bytes; }
  void restart() { most = now; }
};
using Gauges = std::array<Gauge, kCategoryCount>;

class Totals {
 public:
  Totals(const Recording& recording, const std::vector<Allocation>& allocations)
      : recording_(recording),
        allocations_(allocations),
        last_step_(last_step(recording)),
        blocks_(recording.layers.size()),
        temporaries_(recording.layers.size()),
        kept_(recording.layers.size()),
        kept_requested_(recording.layers.size()),
        result_{std::vector<LayerRow>(recording.layers.size())} {}

  LayerTotals run() {
    const std::int64_t last_step_begin = first_event_of(recording_, last_step_);
    sweep(
        allocations_, static_cast<std::int64_t>(recording_.events.size()),
        [&](std::size_t i) { begin(allocations_[i]); }, [&](std::size_t i) { end(allocations_[i]); },
        [&](std::int64_t event) {
          if (event + 1 == last_step_begin) restart();
        });
    read_gauges();
    raise_to_parents();
    return std::move(result_);
  }

 private:
  void begin(const Allocation& a) {
    const auto category = static_cast<std::size_t>(a.category);
    const auto layer = static_cast<std::size_t>(a.layer);
    LayerRow& row = result_.rows[layer];
    allocated_ += a.block_bytes;
    requested_[category].add(a.requested_bytes);
    blocks_[layer][category].add(a.block_bytes);
    if (a.category == Category::temporary) temporaries_[layer].add(a.block_bytes);
    if (is_forward(a.phase)) row.forward_peak_bytes = std::max(row.forward_peak_bytes, allocated_);
    if (a.phase == Phase::backward || a.phase == Phase::recompute)
      row.backward_peak_bytes = std::max(row.backward_peak_bytes, allocated_);
    if (!is_kept_in(a, last_step_)) return;
    kept_[layer].add(a.block_bytes);
    kept_requested_[layer].add(a.requested_bytes);
  }

  void end(const Allocation& a) {
    const auto category = static_cast<std::size_t>(a.category);
    const auto layer = static_cast<std::size_t>(a.layer);
    allocated_ -= a.block_bytes;
    requested_[category].remove(a.requested_bytes);
    blocks_[layer][category].remove(a.block_bytes);
    if (a.category == Category::temporary) temporaries_[layer].remove(a.block_bytes);
    if (!is_kept_in(a, last_step_)) return;
    kept_[layer].remove(a.block_bytes);
    kept_requested_[layer].remove(a.requested_bytes);
  }

  void restart() {
    for (Gauge& gauge : requested_) gauge.restart();
    for (Gauges& gauges : blocks_)
      for (Gauge& gauge : gauges) gauge.restart();
  }

  void read_gauges() {
    const auto most = [](const Gauges& gauges, Category c) { return gauges[static_cast<std::size_t>(c)].most; };
    auto& kept = result_.last_step_bytes[static_cast<std::size_t>(Category::activation)];
    for (std::size_t c = 0; c < kCategoryCount; ++c) result_.last_step_bytes[c] = requested_[c].most;
    kept = 0;
    for (std::size_t i = 0; i < result_.rows.size(); ++i) {
      LayerRow& row = result_.rows[i];
      row.layer = static_cast<LayerId>(i);
      row.parameter_bytes = most(blocks_[i], Category::parameter);
      row.gradient_bytes = most(blocks_[i], Category::gradient);
      row.optimizer_state_bytes = most(blocks_[i], Category::optimizer_state);
      row.kv_cache_bytes = most(blocks_[i], Category::kv_cache);
      row.temporary_peak_bytes = temporaries_[i].most;
      row.activation_bytes = kept_[i].most;
      row.activation_requested_bytes = kept_requested_[i].most;
      kept += row.activation_requested_bytes;
    }
  }

  // Children come after their parents, so one pass backwards reaches the root.
  void raise_to_parents() {
    for (std::size_t i = result_.rows.size(); i-- > 1;) {
      const LayerRow& row = result_.rows[i];
      LayerRow& parent = result_.rows[static_cast<std::size_t>(recording_.layers[i].parent)];
      parent.forward_peak_bytes = std::max(parent.forward_peak_bytes, row.forward_peak_bytes);
      parent.backward_peak_bytes = std::max(parent.backward_peak_bytes, row.backward_peak_bytes);
    }
  }

  const Recording& recording_;
  const std::vector<Allocation>& allocations_;
  std::int32_t last_step_;
  std::int64_t allocated_ = 0;
  Gauges requested_{};
  std::vector<Gauges> blocks_;                // per layer, in the last step
  std::vector<Gauge> temporaries_;            // per layer, over the run
  std::vector<Gauge> kept_, kept_requested_;  // per layer: kept for backward in the last step
  LayerTotals result_;
};

bool reached(const Recording& recording, Phase phase, std::int32_t step) {
  for (const Mark& mark : recording.marks)
    if (mark.phase == phase && mark.step == step) return true;
  const Events& events = recording.events;
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events.phase[i] == phase && events.step[i] == step) return true;
  return false;
}

// Requested bytes that closed forms speak of, per layer and in all.
class Recorded {
 public:
  Recorded(const Recording& recording, const std::vector<Allocation>& allocations, const KvCache& cache)
      : cache_(cache),
        generated_(cache.any() && recording.outcome.kind == OutcomeKind::ok),
        step_(last_step(recording)),
        built_(step_ > 0),
        kept_(built_ && reached(recording, Phase::backward, step_)),
        parameters_(recording.layers.size()),
        activations_(recording.layers.size()),
        recomputed_(recording.layers.size()) {
    for (const Layer& layer : recording.layers) layers_.emplace(layer.path, static_cast<std::size_t>(layer.id));
    const std::int64_t step_begin = first_event_of(recording, step_);
    for (const Allocation& a : allocations) {
      const bool alive = a.end == kNeverFreed || a.end >= step_begin;
      if (a.category == Category::parameter && alive)
        parameters_[static_cast<std::size_t>(a.layer)] += a.requested_bytes;
    }
    add_kept(recording, allocations, Phase::forward, activations_);
    add_kept(recording, allocations, Phase::recompute, recomputed_);
  }

  std::int64_t bytes(const ClosedForm& form) const {
    if (form.quantity == "parameter_bytes" && built_) return of_layer(parameters_, form.layer);
    if (form.quantity == "activation_bytes" && kept_) return of_layer(activations_, form.layer);
    if (form.quantity == "recomputed_bytes" && kept_) return of_layer(recomputed_, form.layer);
    if (form.quantity == "kv_cache_bytes" && generated_) return of_cache(form.layer, cache_.bytes, &CacheLayer::bytes);
    if (form.quantity == "kv_cache_bytes_per_token" && generated_)
      return of_cache(form.layer, cache_.bytes_per_token, &CacheLayer::bytes_per_token);
    return -1;
  }

 private:
  // What `phase` of the last step kept for backward: of several micro-batches the most at once.
  void add_kept(const Recording& recording, const std::vector<Allocation>& allocations, Phase phase,
                std::vector<std::int64_t>& sums) const {
    std::vector<Gauge> kept(sums.size());
    const auto of = [&](std::size_t i) -> Gauge* {
      const Allocation& a = allocations[i];
      return is_kept_in(a, step_, phase) ? &kept[static_cast<std::size_t>(a.layer)] : nullptr;
    };
    sweep(
        allocations, static_cast<std::int64_t>(recording.events.size()),
        [&](std::size_t i) {
          if (Gauge* gauge = of(i)) gauge->add(allocations[i].requested_bytes);
        },
        [&](std::size_t i) {
          if (Gauge* gauge = of(i)) gauge->remove(allocations[i].requested_bytes);
        },
        [](std::int64_t) {});
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = kept[i].most;
  }

  std::int64_t of_layer(const std::vector<std::int64_t>& bytes, const std::string& path) const {
    std::int64_t sum = 0;
    for (std::int64_t of_one : bytes) sum += of_one;
    if (path == "model") return sum;
    const auto found = layers_.find(path);
    return found == layers_.end() ? -1 : bytes[found->second];
  }

  std::int64_t of_cache(const std::string& path, std::int64_t of_model, std::int64_t CacheLayer::*bytes) const {
    if (path == "model") return of_model;
    const auto found = layers_.find(path);
    if (found == layers_.end()) return -1;
    for (const CacheLayer& layer : cache_.layers)
      if (static_cast<std::size_t>(layer.layer) == found->second) return layer.*bytes;
    return 0;
  }

  const KvCache& cache_;
  bool generated_;
  std::int32_t step_;
  bool built_, kept_;
  std::vector<std::int64_t> parameters_, activations_, recomputed_;
  std::unordered_map<std::string_view, std::size_t> layers_;
};

}  // namespace

LayerTotals total_layers(const Recording& recording, const std::vector<Allocation>& allocations) {
  return Totals(recording, allocations).run();
}

std::vector<ClosedFormCheck> check_closed_forms(const Recording& recording, const std::vector<Allocation>& allocations,
                                                const KvCache& cache) {
  const Recorded recorded(recording, allocations, cache);
  std::vector<ClosedFormCheck> checks;
  for (const ClosedForm& form : recording.closed_forms) checks.push_back({form, recorded.bytes(form)});
  return checks;
}

}  // namespace headroom
