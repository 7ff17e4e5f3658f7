// One replay of a recording through PyTorch's own caching allocator, over the virtual device that this process was started with.
#pragma once

#include <filesystem>
#include <string>

#include "base/json.h"
#include "recording/recording.h"

namespace headroom::profiler {

// {"replay": {"recording": "run.headroom", "label": "…", "change": "settings", "settings": "expandable_segments:True"}}; the
// settings are those in this process's environment, from before Torch was loaded.
struct ReplayJob {
  std::filesystem::path recording;
  std::string label;
  ReplayChange change = ReplayChange::none;
  std::string settings;
};

bool is_replay_job(const Json& json);
ReplayJob parse_replay_job(const Json& json, const std::string& where);

// Throws bad_input for a recording that cannot be repeated and for settings that PyTorch refuses, could_not_measure without a
// virtual device. Once in a process.
AllocatorReplay replay(const ReplayJob& job);

}  // namespace headroom::profiler
