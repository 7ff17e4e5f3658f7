// What a run's trace shows and when: tracks, and items on them in order of time. Plain data; reports/perfetto.cpp gives
// the items their names and arguments.
//
// Slices of one track nest: what begins inside another ends there. Where activities of one stream or thread overlap
// without nesting, they take another track of the same name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/breakdown.h"
#include "reports/export.h"

namespace headroom::perfetto {

enum class Shape : std::uint8_t { begin, end, instant, counter };

// What an item speaks of; its `value` is then an index into what stands on the right.
enum class Subject : std::uint8_t {
  none,        // a counter's value, or the end of a slice
  step,        // marks
  phase,       // marks
  layer,       // Timeline::layers
  operators,   // Timeline::operators
  allocation,  // Breakdown::allocations
  activity,    // activities
  peak,
  failure
};

struct Item {
  std::int64_t time_ns = 0;
  std::int64_t value = 0;
  std::uint32_t track = 0;  // index into Timeline::tracks
  Shape shape{};
  Subject subject{};
};

struct Track {
  std::string name, description;
  bool counts_bytes = false;
};

// From the first to the last thing seen of a layer, or of one inside it, until something of another layer or phase is
// seen. Seen are allocations and, where they were traced, API calls.
struct LayerSlice {
  LayerId layer{};
  Phase phase{};
  std::int32_t step = 0;
};

// Allocations of one operator in one layer with no other's in between, from the first to the last.
struct OperatorSlice {
  StringId op{};
  LayerId layer{};
  std::int64_t bytes = 0, block_count = 0;
};

struct Timeline {
  std::vector<Track> tracks;
  std::vector<Item> items;
  std::vector<LayerSlice> layers;
  std::vector<OperatorSlice> operators;

  std::uint32_t add_track(Track track) {
    tracks.push_back(std::move(track));
    return static_cast<std::uint32_t>(tracks.size() - 1);
  }
};

Timeline make_timeline(const ExportRun& run);

// Parts of it, in the order of the tracks.
void add_counters(Timeline& timeline, const ExportRun& run);
void add_phases(Timeline& timeline, const ExportRun& run);
void add_layers(Timeline& timeline, const ExportRun& run);
void add_operators(Timeline& timeline, const ExportRun& run);
void add_activities(Timeline& timeline, const ExportRun& run);

}  // namespace headroom::perfetto
