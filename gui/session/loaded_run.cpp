#include "gui/session/loaded_run.h"

#include "base/error.h"
#include "recording/snapshot/open.h"
#include "recording/verify.h"

namespace headroom::gui {

std::string label_of(const std::filesystem::path& path) { return path.stem().string(); }

RunHandle make_run(Recording recording, const std::filesystem::path& path) {
  auto run = std::make_shared<LoadedRun>();
  run->path = path;
  run->recording = std::move(recording);
  run->breakdown = make_breakdown(run->recording, label_of(path));
  run->fragmentation = explain_fragmentation(run->recording, run->breakdown.allocations);
  return run;
}

RunHandle load_run(const std::filesystem::path& path, const std::function<void(const char*)>& stage) {
  const auto say = [&](const char* what) {
    if (stage) stage(what);
  };
  say("reading");
  Recording recording = open_recording(path);
  if (const auto problems = verify(recording); !problems.empty())
    throw bad_input(path.string() + ": what it says contradicts itself: " + problems.front());
  say("adding up");
  return make_run(std::move(recording), path);
}

}  // namespace headroom::gui
