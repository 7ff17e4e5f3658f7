// Recording -> Breakdown: where every byte was at the peak, and what each layer took. Pure; no I/O.
//
// Invariant (checked by verify()): for each PeakView the categories, the layers, and the layer x category cells each
// sum to allocated_bytes, to the byte; likewise the live tensors.
//
// A Recording given here has its ids within its tables, as decode_recording ensures. Its events may break other
// promises: a free of nothing is passed over, an allocation at a live address ends the one that was there. Memory and
// time grow linearly with the events. "The last step" is the highest step number of any event; 0, the build, when no
// step began.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/device_activity.h"
#include "analysis/kv_cache.h"
#include "analysis/reconciliation.h"
#include "recording/recording.h"

namespace headroom {

using CategoryBytes = std::array<std::int64_t, kCategoryCount>;  // indexed by Category

inline constexpr std::int64_t kNeverFreed = -1;

// One allocation: from event `begin` up to, not including, event `end`.
struct Allocation {
  std::int64_t begin = 0;
  std::int64_t end = kNeverFreed;
  std::uint64_t address = 0;
  std::int64_t requested_bytes = 0, block_bytes = 0;
  LayerId layer{};
  Phase phase{};          // at allocation
  std::int32_t step = 0;  // at allocation
  Category category{};    // resolved; never `unresolved`
  StringId op{}, tensor{}, source{};
};

// Every allocation of the run in order of `begin`, with its category resolved. Untagged blocks by lifetime, the first
// rule that holds:
//   allocated inside a step, never shown by a tensor, and outliving that step -> workspace
//   allocated in forward, or computed again in backward, and alive when backward next starts or goes on in the same step
//     -> activation
//   freed within the step it was allocated in (the build counts as step 0) -> temporary
//   anything else -> other
// A block never freed outlives its step. Where a training run ended before the step's backward (out of memory), what is
// alive of its forward is activation: it would have been kept. A run without backward keeps nothing: what it frees
// within the step is temporary.
std::vector<Allocation> resolve_allocations(const Recording& recording);

struct LayerBytes {
  LayerId layer{};
  std::int64_t bytes = 0;  // self, without children
  CategoryBytes categories{};
};

struct PeakView {
  std::int64_t event = -1;  // the first event after which allocated bytes are at their maximum (for a step: the
                            // maximum over its own events); -1: no events
  std::int64_t time_ns = 0;
  Phase phase = Phase::build;
  std::int32_t step = 0;
  LayerId layer{};  // of the allocation that made the peak; the root when a step's peak is no allocation
  std::int64_t allocated_bytes = 0;  // sum of live block bytes
  std::int64_t requested_bytes = 0;  // of the same live blocks
  std::int64_t reserved_bytes =
      0;  // segments at that instant; allocated_bytes where the allocator has no segments (CPU)
  CategoryBytes categories{};
  std::vector<LayerBytes> layers;  // every layer of the recording, in its order
  std::vector<std::int64_t> live;  // indices into Breakdown::allocations, largest block first
};

// Bytes of blocks (and requested bytes where the name says so) of the layer itself, without its children. Parameters,
// gradients, optimizer state and KV cache: the most of them alive at once in the last step.
struct LayerRow {
  LayerId layer{};
  std::int64_t parameter_bytes = 0;  // block bytes of its parameters
  std::int64_t gradient_bytes = 0;   // of the last step
  std::int64_t optimizer_state_bytes = 0;
  std::int64_t activation_bytes = 0;  // kept for backward in the last step; of several micro-batches the most at once
  std::int64_t activation_requested_bytes = 0;
  std::int64_t temporary_peak_bytes = 0;  // most of its temporaries alive at once, over the run
  std::int64_t kv_cache_bytes = 0;
  // Most bytes allocated on the device while it or a layer below it ran forward (prefill and decode included) or
  // backward (recomputation included), over the run, as seen at their allocations; 0: they never allocated.
  std::int64_t forward_peak_bytes = 0;
  std::int64_t backward_peak_bytes = 0;
};

struct StepView {
  std::int32_t step = 0;  // 1, 2, …
  PeakView peak;
};
inline constexpr std::size_t kStepViewsAtEachEnd = 8;

// What was recorded beside a closed form, in requested bytes: parameter_bytes, of the layer's parameters, once the
// build is done; activation_bytes, of what the layer's forward kept for backward in the last step, once backward began;
// recomputed_bytes, the same of what checkpointing computed again; kv_cache_bytes, of what the layer's cache held at
// the end of the last step, and kv_cache_bytes_per_token, of one sequence (kv_cache.h), both of a run that generated to
// its end. The layer "model" stands for all layers, others for themselves.
struct ClosedFormCheck {
  ClosedForm form;
  std::int64_t recorded_bytes = -1;  // -1: not recorded in this run (for example a KV cache in training)
};

struct Breakdown {
  std::string label;  // what the run is called in a comparison: its mechanism, or its model
  RunSpec spec;
  Environment environment;
  Outcome outcome;
  ModelSummary model;
  AllocatorStats stats;
  std::vector<std::string> strings;
  std::vector<Layer> layers;
  std::vector<Mark> marks;
  std::vector<Allocation> allocations;
  PeakView peak;                          // over the whole run
  std::int64_t peak_requested_bytes = 0;  // the allocator's own, each at its own instant
  std::int64_t peak_reserved_bytes = 0;
  std::vector<StepView> steps;  // ascending; of long runs the first and the last few, and the step of the run's peak
  std::vector<LayerRow> layer_rows;                       // every layer of the recording, in its order
  std::int64_t parameter_count = 0, parameter_bytes = 0;  // of distinct storages: elements, and elements x element
                                                          // size; by the closed form where the build did not end
  CategoryBytes last_step_bytes{};  // requested bytes in the last step, all layers: of activations, the sum of what was
                                    // kept for backward; of others, the most alive at once
  KvCache cache;                    // of --mode generate; cache.any() is false elsewhere
  std::vector<ClosedFormCheck> closed_forms;
  DeviceWork device;  // what the driver saw; device.any() is false where nothing was traced
  WholeGpu gpu;
  std::vector<std::string> assumptions;
  std::int64_t dropped_event_count = 0;

  const std::string& text(StringId id) const { return strings.at(static_cast<std::size_t>(id)); }
  const Layer& layer(LayerId id) const { return layers.at(static_cast<std::size_t>(id)); }
};

Breakdown make_breakdown(const Recording& recording, std::string label);

// Bytes allocated over the run, one point per alloc or free event, thinned to at most `max_points` so that every
// interval keeps its minimum and maximum, the first and the last point and the run's peak among them (below four
// points: the peak alone). For curves.
struct TimelinePoint {
  std::int64_t event = 0, time_ns = 0;
  std::int64_t reserved_bytes = 0;
  CategoryBytes categories{};
};
std::vector<TimelinePoint> make_timeline(const Recording& recording, const Breakdown& breakdown,
                                         std::size_t max_points);

// One sentence for each invariant that does not hold; empty when all hold.
std::vector<std::string> verify(const Breakdown& breakdown);

}  // namespace headroom
