// A baseline: what a run of a budget file took once, as a small text for version control, to tell growth from.
//
// headroom.baseline/1: JSON, keys sorted, one number a line, no times; the same run gives the same bytes.
// reports/schema/baseline.schema.json describes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/budget.h"
#include "analysis/diff.h"

namespace headroom {

// Bytes at the peak, by "encoder.layer.0–11.attention" (equal layers added up) and category, where there are any. Their
// sum is the peak.
using LayerCells = std::map<std::string, std::map<Category, std::int64_t>>;

struct Baseline {
  std::string name;     // of the budget
  std::string command;  // that repeats the run; empty: it was a recording
  std::string device;   // "virtual NVIDIA H100 80GB HBM3"
  std::string torch_version, allocator_settings;
  Figures figures;
  LayerCells layers;
};

Baseline make_baseline(const Breakdown& run, const Budget& budget, const std::string& name, const std::string& command);

std::string write_baseline(const Baseline& baseline);

// Throws bad_input, opening with `where`, for what is no baseline or one of another schema, with the remedy.
Baseline parse_baseline(std::string_view text, const std::string& where);
Baseline read_baseline(const std::filesystem::path& path);

// What was not the same when they were made, so that no growth can be told: "Torch 2.11.0 then, 2.15.0 now". Empty:
// they can be compared.
std::string incomparable(const Baseline& before, const Baseline& now);

struct CellChange {
  std::string layers;
  Category category{};
  Change bytes;
};

// Every cell that changed, largest growth first. The changes sum to that of the peak.
std::vector<CellChange> changed_cells(const LayerCells& before, const LayerCells& now);

}  // namespace headroom
