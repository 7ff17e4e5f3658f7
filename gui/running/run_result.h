// A run of which only its peak is wanted, as it is shown, and the cache of those that were made.
#pragma once

#include <QString>
#include <cstdint>
#include <optional>

#include "analysis/run_summary.h"
#include "result_cache/result_cache.h"

namespace headroom::gui {

struct RunResult {
  // failed: nothing was recorded, and `message` says why.
  enum class Kind { fits, oom, failed };
  Kind kind = Kind::failed;
  bool is_virtual = false;
  std::int64_t allocated_bytes = 0, reserved_bytes = 0;  // peaks; of `oom` as far as it got
  std::int64_t device_bytes = 0;                         // that the device has; 0: no limit is known
  std::int64_t parameter_count = 0;
  CategoryBytes categories{};  // at the peak of allocated bytes
  std::string device;          // what it calls itself
  std::string place;           // of the peak: "backward of step 2 at loss"
  std::string message;

  bool operator==(const RunResult&) const = default;

  bool fits() const { return kind == Kind::fits; }
  // What the device has beyond the peak of reserved memory.
  std::int64_t left_bytes() const { return device_bytes - reserved_bytes; }
};

RunResult result_of(const RunSummary& run);
RunResult failed_result(const QString& message);

// The cache that the command line has, too, for runs of the program that the viewer starts.
class ResultCache {
 public:
  explicit ResultCache(const std::filesystem::path& folder = results_folder()) : cache_(folder) {}

  std::optional<RunSummary> find(const RunSpec& spec) const;
  void keep(const RunSpec& spec, const RunSummary& run);  // nothing of a run that failed; a full disk is no error
  void clear() { cache_.clear(); }

 private:
  headroom::ResultCache cache_;
};

}  // namespace headroom::gui
