// What is kept of a run of which only its peak is wanted, and the cache of those that were made.
#pragma once

#include <QString>
#include <cstdint>
#include <optional>

#include "analysis/breakdown.h"
#include "base/json.h"
#include "recording/recording.h"

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

RunResult result_of(const Recording& recording);
RunResult failed_result(const QString& message);

Json to_json(const RunResult& result);
RunResult run_result_from_json(const Json& json, const std::string& where);  // throws bad_input

// One file for each spec, under the folder for caches. What another version of headroom, another build of it, or
// another config.json gave is not found. A damaged file is as good as none.
class ResultCache {
 public:
  explicit ResultCache(QString folder = default_folder());

  std::optional<RunResult> find(const RunSpec& spec) const;
  void keep(const RunSpec& spec, const RunResult& result) const;  // nothing of `failed`; a full disk is no error
  void clear() const;
  static QString default_folder();

 private:
  QString file_of(const RunSpec& spec) const;

  QString folder_;
};

}  // namespace headroom::gui
