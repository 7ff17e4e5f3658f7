#include "gui/session/loaded_run.h"

#include <QtGlobal>

#include "base/error.h"
#include "recording/columns.h"
#include "recording/snapshot/open.h"
#include "recording/tasks.h"
#include "recording/verify.h"

namespace headroom::gui {

namespace {

bool is_large(const Recording& recording) { return recording.events.size() >= columns::kManyRows; }

void add_up(LoadedRun& run) {
  run.breakdown = make_breakdown(run.recording, label_of(run.path));
  const std::vector<Allocation>& allocations = run.breakdown.allocations;
  run_tasks({[&] { run.detail = LevelOfDetail(run.recording, allocations, group_layers(run.breakdown)); },
             [&] { run.fragmentation = explain_fragmentation(run.recording, allocations); }},
            is_large(run.recording));
}

}  // namespace

std::string label_of(const std::filesystem::path& path) { return path.stem().string(); }

RunHandle make_run(Recording recording, const std::filesystem::path& path) {
  auto run = std::make_shared<LoadedRun>();
  run->path = path;
  run->recording = std::move(recording);
  add_up(*run);
  return run;
}

RunHandle load_run(const std::filesystem::path& path, const std::function<void(const char*)>& stage) {
  const auto say = [&](const char* what) {
    if (stage) stage(what);
  };
  say(QT_TRANSLATE_NOOP("Session", "reading"));
  auto run = std::make_shared<LoadedRun>();
  run->path = path;
  run->recording = open_recording(path);
  say(QT_TRANSLATE_NOOP("Session", "adding up"));
  // Adding up survives broken promises, so nobody waits to hear that there are none.
  std::vector<std::string> problems;
  run_tasks({[&] { add_up(*run); }, [&] { problems = verify(run->recording); }}, is_large(run->recording));
  if (!problems.empty()) throw bad_input(path.string() + ": what it says contradicts itself: " + problems.front());
  return run;
}

}  // namespace headroom::gui
