// A session as a file: which runs are open, what is looked at and how. JSON of schema headroom.session/1, described by
// reports/schema/session.schema.json. It holds no numbers of the runs: their recordings are read again.
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "gui/session/session.h"

namespace headroom::gui {

struct SavedRun {
  QString path;  // absolute
  QString label;
};

// Layers by their paths, which stay what they are when a run is made again.
struct SavedSession {
  std::vector<SavedRun> runs;
  int current = -1, baseline = -1;    // indices into runs; -1: none
  QByteArray view;                    // the id of the view that is shown
  std::map<std::string, Json> views;  // by id: what View::state() said
  Filter filter;                      // without its layer
  std::string filter_layer;
  Chosen chosen;  // without its layer
  std::string chosen_layer;
  QByteArray geometry, docks;     // of the window, as Qt gives them; empty: not kept
  Json unknown = Json::object();  // members that a later version wrote, written again
};

// Throws Error: not readable, not JSON, of another or a newer schema, a member of the wrong kind; the message names the
// file and what would be right. Runs are not looked for; of a relative path whose file exists that one is taken, else
// the absolute one.
SavedSession read_session_file(const std::filesystem::path& path);
SavedSession session_of_text(std::string_view text, const std::filesystem::path& path);  // as if it were that file's

// Whole or not at all. Throws Error.
void write_session_file(const std::filesystem::path& path, const SavedSession& saved);
std::string text_of_session(const SavedSession& saved, const std::filesystem::path& path);

// The open runs, filter and selection; views and window are added by whoever knows them.
SavedSession saved_runs(const Session& session);

// Once the runs are loaded: filter and selection as far as the current run has what they name.
void restore_selection(Session& session, const SavedSession& saved);

bool is_session_file(const QString& path);  // by its name

}  // namespace headroom::gui
