// A recording that was opened: what was read and what follows from it, made once, never changed, shared by all threads.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "analysis/breakdown.h"
#include "analysis/fragmentation.h"
#include "recording/recording.h"

namespace headroom::gui {

struct LoadedRun {
  std::filesystem::path path;
  Recording recording;
  Breakdown breakdown;
  Fragmentation fragmentation;  // at the peak of reserved memory
};

using RunHandle = std::shared_ptr<const LoadedRun>;

// What a run is called until the user calls it otherwise: the file's name without its ending.
std::string label_of(const std::filesystem::path& path);

// Reads the file in whatever format it is: a recording, or a memory snapshot of PyTorch's. `stage` hears in words what is being done. Throws Error.
RunHandle load_run(const std::filesystem::path& path, const std::function<void(const char*)>& stage = {});

// The same of a recording in memory.
RunHandle make_run(Recording recording, const std::filesystem::path& path);

}  // namespace headroom::gui
