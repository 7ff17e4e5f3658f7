// What runs took, kept from one command to the next: one small file for each run that was made,
// ${XDG_CACHE_HOME:-~/.cache}/headroom/results/HASH.json.
//
// A file counts only where all of what decides a run is the same: its spec (of a config.json the text), headroom, the
// worker and the virtual GPU as the disk has them, and the variables that change allocations. What is damaged, or
// cannot be read or written, is as good as absent. Several processes may use the folder at once: files are written
// whole.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "analysis/run_summary.h"

namespace headroom::cli {

// Empty where neither XDG_CACHE_HOME nor HOME says where.
std::filesystem::path default_results_folder();

// Which run it is, as text. Throws bad_input where a config.json cannot be read.
std::string run_key(const RunSpec& spec);

inline constexpr std::size_t kMostResults = 20'000;  // of some 3 KB

class ResultCache {
 public:
  // An empty folder: what was found lives as long as this.
  explicit ResultCache(std::filesystem::path folder, std::size_t most = kMostResults)
      : folder_(std::move(folder)), most_(most) {}
  ~ResultCache();  // where the folder has more than `most` files by then, the older ones go
  ResultCache(const ResultCache&) = delete;
  ResultCache& operator=(const ResultCache&) = delete;

  std::optional<RunSummary> find(const RunSpec& spec);
  void keep(const RunSpec& spec, const RunSummary& run);  // nothing of a run that failed

 private:
  std::filesystem::path folder_;
  std::size_t most_;
  std::map<std::string, RunSummary> known_;  // by key
  bool wrote_ = false;
};

}  // namespace headroom::cli
