// (Breakdown, Breakdown) -> Diff: what was at the peak of one run and not at that of another, layer by layer, category
// by category and tensor by tensor. Pure; no I/O.
//
// Invariants (checked by verify()): before and after of the peak are the runs' own peaks; each of the two is the sum of
// its categories, of its layers' own bytes and of their cells; a layer with what is below it is itself and its
// children; and the changes of the tensors sum to the change of the peak. diff(b, a) is diff(a, b) with its sides
// exchanged.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/breakdown.h"
#include "analysis/layer_union.h"

namespace headroom {

struct Change {
  std::int64_t before = 0, after = 0;

  std::int64_t delta() const { return after - before; }
  bool any() const { return before != after; }
  Change& operator+=(const Change& other) {
    before += other.before;
    after += other.after;
    return *this;
  }
  bool operator==(const Change&) const = default;
};

using CategoryChanges = std::array<Change, kCategoryCount>;  // indexed by Category

struct DiffLayer {
  UnitedLayer united;  // of_run[0]: before, of_run[1]: after
  Change self, total;  // bytes at the peaks, without and with the layers below it
  CategoryChanges self_categories{}, total_categories{};
  Change parameter_bytes;  // block bytes of its own parameters

  bool was_added() const { return !united.of_run[0] && united.of_run[1]; }
  bool was_removed() const { return united.of_run[0] && !united.of_run[1]; }
};

inline constexpr std::int64_t kNoAllocation = -1;

// A block at one of the peaks, or one at each that stand for each other: of the same layer, operator and category, in
// the order of their allocation; those of the same shape, then those of the same size, then the others.
struct TensorChange {
  std::int64_t before = kNoAllocation, after = kNoAllocation;  // indices into the allocations of each Breakdown
  std::size_t layer = 0;                                       // index into Diff::layers
  Category category{};
  Change bytes;  // of blocks

  bool came() const { return before == kNoAllocation; }
  bool went() const { return after == kNoAllocation; }
};

// Something other than memory in which the runs differ, so that the comparison may not be fair.
struct SettingChange {
  std::string name;  // "batch", "torch_version": as in a recording's document
  std::string before, after;
  bool of_environment = false;  // else of what was asked for
};

struct Diff {
  Change peak, peak_requested;  // allocated at the peaks, and requested of the same blocks
  Change peak_reserved;         // the most over the runs
  Change parameter_bytes, parameter_count;
  Change kv_cache_bytes_per_token;
  CategoryChanges categories{};
  std::vector<DiffLayer> layers;      // parents first, a layer right before what is below it
  std::vector<TensorChange> tensors;  // that differ in bytes or shape, or are at one peak only; largest change first
  std::int64_t unchanged_tensor_count = 0;
  std::vector<SettingChange> settings;

  bool is_empty() const;  // both peaks are made of the same
};

Diff diff(const Breakdown& before, const Breakdown& after);

// One sentence for each invariant that does not hold; empty when all hold.
std::vector<std::string> verify(const Diff& diff, const Breakdown& before, const Breakdown& after);

// Bytes of every layer at the peak of one of several runs, with what is below it, along `united`.
std::vector<std::int64_t> total_bytes_at_peak(const std::vector<UnitedLayer>& united, const Breakdown& run,
                                              std::size_t run_index);

}  // namespace headroom
