// What is exported of runs that are not looked at: a session of its own with the same runs, names, baseline and filter,
// and its own views, so that the window stays as it is while they are written.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "gui/export/exporter.h"
#include "gui/session/session.h"

namespace headroom::gui {

class ExportStage {
 public:
  // The runs of `session` that are loaded. `states`: of views, by id, as a session file keeps them.
  ExportStage(const Session& session, const std::map<std::string, Json>& states);

  // The view showing the item's run, perhaps still computing; nullptr: there is none of that name.
  View* view(const ExportItem& item);
  const Session& session() const { return session_; }

 private:
  Session session_;
  std::map<std::string, Json> states_;
  std::map<QByteArray, std::unique_ptr<View>> views_;
};

// A folder for each run that is loaded, in their order: named like the run as far as a file may be, and unlike each
// other and `taken` whatever the case of letters.
QStringList run_folders(const Session& session, const QStringList& taken);

// The pages of each run in its folder, then once those that compare runs.
std::vector<ExportItem> items_of_all_runs(const Session& session, const std::vector<ExportItem>& items);

}  // namespace headroom::gui
