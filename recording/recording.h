// Recording: what one run allocated, as plain data. No Torch, no Qt; everything downstream of the profiler reads this.
//
// Invariant (checked by verify.h): replaying `events` in order, a block is allocated only at an address not live and
// freed only when live; the running sum of block_bytes never goes negative and its maximum equals
// stats.peak_allocated_bytes; likewise requested_bytes and the segments' reserved bytes. Layers come after their parents,
// a layer's id is its index, ids are within their tables, and events have the phase and step of the mark before them.
//
// Units: integers of bytes end in _bytes, nanoseconds since the run's start in _ns, counts in _count.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/names.h"
#include "recording/device_activity.h"
#include "recording/identifiers.h"
#include "recording/replay.h"
#include "recording/run_spec.h"

namespace headroom {

inline constexpr std::string_view kRecordingSchema = "headroom.recording/1";

// `unresolved` occurs only inside a recording: the profiler did not know the block, and analysis/categories.h tells it
// apart by its lifetime. Every byte of a Breakdown has one of the others.
enum class Category : std::uint8_t {
  parameter, gradient, optimizer_state, activation, temporary, kv_cache, input, workspace, other, unresolved
};
inline constexpr std::size_t kCategoryCount = 9;  // without `unresolved`

enum class Action : std::uint8_t { alloc, free, segment_alloc, segment_free };
enum class OutcomeKind : std::uint8_t { ok, oom, error };
// unknown: of a snapshot, which does not say whether a GPU or a virtual one was under it.
enum class DeviceKind : std::uint8_t { cpu, cuda, virtual_cuda, unknown };
enum class LayerKind : std::uint8_t {
  model, stack, block, embedding, attention, ffn, norm, head, loss, other
};

inline constexpr std::array kCategoryNames{
    Named<Category>{Category::parameter, "parameter"},   Named<Category>{Category::gradient, "gradient"},
    Named<Category>{Category::optimizer_state, "optimizer_state"},
    Named<Category>{Category::activation, "activation"}, Named<Category>{Category::temporary, "temporary"},
    Named<Category>{Category::kv_cache, "kv_cache"},     Named<Category>{Category::input, "input"},
    Named<Category>{Category::workspace, "workspace"},   Named<Category>{Category::other, "other"},
    Named<Category>{Category::unresolved, "unresolved"}};
inline constexpr std::array kActionNames{
    Named<Action>{Action::alloc, "alloc"}, Named<Action>{Action::free, "free"},
    Named<Action>{Action::segment_alloc, "segment_alloc"}, Named<Action>{Action::segment_free, "segment_free"}};
inline constexpr std::array kOutcomeNames{
    Named<OutcomeKind>{OutcomeKind::ok, "ok"}, Named<OutcomeKind>{OutcomeKind::oom, "oom"},
    Named<OutcomeKind>{OutcomeKind::error, "error"}};
inline constexpr std::array kDeviceKindNames{
    Named<DeviceKind>{DeviceKind::cpu, "cpu"}, Named<DeviceKind>{DeviceKind::cuda, "cuda"},
    Named<DeviceKind>{DeviceKind::virtual_cuda, "virtual"}, Named<DeviceKind>{DeviceKind::unknown, "unknown"}};
inline constexpr std::array kLayerKindNames{
    Named<LayerKind>{LayerKind::model, "model"},         Named<LayerKind>{LayerKind::stack, "stack"},
    Named<LayerKind>{LayerKind::block, "block"},         Named<LayerKind>{LayerKind::embedding, "embedding"},
    Named<LayerKind>{LayerKind::attention, "attention"}, Named<LayerKind>{LayerKind::ffn, "ffn"},
    Named<LayerKind>{LayerKind::norm, "norm"},           Named<LayerKind>{LayerKind::head, "head"},
    Named<LayerKind>{LayerKind::loss, "loss"},           Named<LayerKind>{LayerKind::other, "other"}};

struct Layer {
  LayerId id{};
  LayerId parent{};    // the root is its own parent
  std::string path;    // "encoder.layer.3.attention"; the root's is "model"
  LayerKind kind = LayerKind::other;
};

struct ParameterRecord {
  std::string name;    // "encoder.layer.3.attention.query.weight"
  std::vector<std::int64_t> shape;
  std::string dtype;   // "float32", "bfloat16", …
  std::int64_t bytes = 0;       // elements x element size; 0 for a parameter that shares another's storage
  LayerId layer{};
  bool trainable = true;
  std::string shared_with;      // the name of the parameter whose storage this one is; empty: its own
};

// Whom the allocator keeps a block for: it hands one out again only on the same stream and within the same pool.
struct Lane {
  std::uint8_t stream = 0;
  std::int32_t pool = 0;
};

// One row per event, columns of equal length, in the order the allocator saw them.
struct Events {
  std::vector<std::int64_t> time_ns;
  std::vector<Action> action;
  std::vector<std::uint64_t> address;
  std::vector<std::int64_t> requested_bytes;  // what the caller asked for; on free, of the block freed; 0 for segments
  std::vector<std::int64_t> block_bytes;      // what the allocator counts as allocated; the segment's size for segments
  std::vector<LayerId> layer;                 // on free: 0
  std::vector<Phase> phase;                   // at the event
  std::vector<std::int32_t> step;             // 0: before the first step; 1, 2, … inside steps
  std::vector<Category> category;             // alloc: the profiler's tag, or unresolved; others: unresolved
  std::vector<StringId> op;                   // innermost operator that is not a mere allocation, e.g. "aten::addmm"
  std::vector<StringId> tensor;               // "[8, 128, 768] float32"; none: scratch that no tensor ever showed
  std::vector<StringId> source;               // "train.py:42": the program's line, in backward that of the forward; empty
                                              // column: not asked for
  // The next three are empty columns where every value is 0, or nobody recorded them.
  std::vector<std::uint8_t> stream;           // the device's stream in order of first use; 0: the default stream, 255: any
                                              // beyond the 254th other
  std::vector<std::int32_t> pool;             // private pool (graphs, torch.cuda.MemPool) in order of first use; 0: none
  std::vector<std::int64_t> held;             // on free: the allocator had the block back so many events later, when the
                                              // streams that still used it were done (record_stream)

  std::size_t size() const { return action.size(); }
};

// A phase begins before event number `event` (0 … events.size()).
struct Mark {
  std::int64_t time_ns = 0;
  std::int64_t event = 0;
  Phase phase = Phase::build;
  std::int32_t step = 0;
};

struct Environment {
  std::string headroom_version;
  std::string torch_version;
  std::string cuda_version;        // of the CUDA runtime Torch was built with; empty on the CPU
  std::string driver_version;      // empty where there is none
  DeviceKind device_kind = DeviceKind::cpu;
  std::string device_name;         // "NVIDIA H100 80GB HBM3"; on the CPU the processor's name
  std::string compute_capability;  // "9.0"; empty on the CPU
  std::int64_t device_total_bytes = 0;  // as cudaMemGetInfo reports it; 0 on the CPU
  std::string allocator_settings;  // the variables that change allocations, as the run saw them: NAME=VALUE …

  bool operator==(const Environment&) const = default;
};

// kind oom: what failed. kind error: message only.
struct Outcome {
  OutcomeKind kind = OutcomeKind::ok;
  std::string message;
  std::int64_t failed_request_bytes = 0;  // as asked of the allocator
  std::int64_t free_bytes = 0;            // on the device when it failed
  std::int64_t allocated_bytes = 0;       // live in the allocator when it failed
  std::int64_t reserved_bytes = 0;
  std::string phase;                      // where: phase and layer path
  std::string layer;
};

// The allocator's own statistics over the whole run; the CPU has no reserved bytes beyond the allocated ones.
struct AllocatorStats {
  std::int64_t peak_allocated_bytes = 0;
  std::int64_t peak_requested_bytes = 0;
  std::int64_t peak_reserved_bytes = 0;
  std::int64_t final_allocated_bytes = 0;
  std::int64_t final_reserved_bytes = 0;
};

// A closed form of models/catalog evaluated for this run, to be shown beside what was recorded.
struct ClosedForm {
  std::string quantity;   // "parameter_bytes" | "activation_bytes" (kept for backward) | "recomputed_bytes" (the same,
                          // computed again in backward) | "kv_cache_bytes_per_token"
  std::string layer;      // path of the layer it speaks of; "model" for the whole
  std::string formula;    // "4·B·T·d_m + B·n·T²"
  std::int64_t bytes = 0;
};

// What the model is, resolved: enough to read a report without the program that made it.
struct ModelSummary {
  std::string name;
  std::string attention;
  Json config = Json::object();             // every field of the model's configuration
  std::int64_t parameter_count = 0;         // distinct storages only
  std::int64_t attention_parameter_count = 0;  // projections, embeddings and W^O of all attention sublayers, with biases
  std::int64_t kv_cache_bytes_per_token = 0;   // closed form, all layers, one sequence; 0 where there is no decoder
};

struct Recording {
  RunSpec spec;
  Environment environment;
  Outcome outcome;
  ModelSummary model;
  std::vector<std::string> strings{""};
  std::vector<Layer> layers;
  std::vector<ParameterRecord> parameters;
  Events events;
  std::vector<Mark> marks;
  AllocatorStats stats;
  DeviceActivity activity;
  std::vector<AllocatorReplay> replays;     // the first is of what was recorded
  std::vector<ClosedForm> closed_forms;
  std::vector<std::string> assumptions;     // what a virtual run could not know, in plain sentences
  std::int64_t dropped_event_count = 0;

  const std::string& text(StringId id) const { return strings.at(static_cast<std::size_t>(id)); }
};

}  // namespace headroom
