// What runs took, kept from one command to the next, for the command line and the viewer alike: one small file for each
// run that was made, cache_folder()/results/HASH.json (headroom.result/2).
//
// A file counts only where all of what decides a run is the same; that is its key. What is damaged, or cannot be read
// or written, is as good as absent. Several processes may use the folder at once: files are written whole. It may be
// emptied at any time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "analysis/run_summary.h"

namespace headroom {

// cache_folder()/results; empty where no variable says where.
std::filesystem::path results_folder();

// The file headroom-worker: HEADROOM_WORKER, or beside `program`, which is headroom. It need not exist.
std::filesystem::path worker_of(const std::filesystem::path& program);

// Which run of `program` it is, as ASCII text: the spec (of a config.json its text's hash), the version and the builds
// of headroom, the worker and the virtual GPU, the worker's Torch, and the variables that change allocations. Throws
// bad_input where a config.json cannot be read.
std::string run_key(const RunSpec& spec, const std::filesystem::path& program);

// Where either is passed the older half of the files goes.
struct CacheBounds {
  std::size_t files = 20'000;
  std::uint64_t bytes = 64u << 20;
};

class ResultCache {
 public:
  // An empty folder: what was found lives as long as this.
  explicit ResultCache(std::filesystem::path folder, CacheBounds bounds = {})
      : folder_(std::move(folder)), bounds_(bounds) {}
  ~ResultCache();
  ResultCache(const ResultCache&) = delete;
  ResultCache& operator=(const ResultCache&) = delete;

  std::optional<RunSummary> find(const std::string& key) const;
  void keep(const std::string& key, const RunSummary& run);  // nothing of a run that failed
  void clear();

 private:
  std::filesystem::path folder_;
  CacheBounds bounds_;
  std::map<std::string, RunSummary> known_;  // where there is no folder
  std::size_t written_ = 0;
};

}  // namespace headroom
