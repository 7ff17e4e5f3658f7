// Opening and keeping what the main window shows: files, sessions, the window's own places.
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>

#include "base/error.h"
#include "gui/window/main_window.h"
#include "gui/window/page_frame.h"
#include "gui/window/settings.h"
#include "gui/window/side_pane.h"

namespace headroom::gui {
namespace {

int index_of_path(const Session& session, const QString& path) {
  for (std::size_t i = 0; i < session.runs().size(); ++i)
    if (session.runs()[i].path == path) return static_cast<int>(i);
  return -1;
}

// A folder stands for the recordings in it.
QStringList with_folders_opened(const QStringList& paths) {
  QStringList files;
  for (const QString& path : paths) {
    if (!QFileInfo(path).isDir()) {
      files.append(path);
      continue;
    }
    const QStringList kinds{QStringLiteral("*.headroom"), QStringLiteral("*.pickle")};
    for (const QString& name : QDir(path).entryList(kinds, QDir::Files, QDir::Name))
      files.append(QDir(path).filePath(name));
  }
  return files;
}

}  // namespace

void MainWindow::open_files(const QStringList& paths) {
  QStringList runs;
  const QStringList files = with_folders_opened(paths);
  for (const QString& path : files) is_session_file(path) ? open_session(path) : runs.append(path);
  if (files.isEmpty() && !paths.isEmpty())
    complain(tr("%1 has no recordings (*.headroom) or snapshots (*.pickle) in it")
                 .arg(QDir::toNativeSeparators(paths.front())));
  session_.open(runs);
}

void MainWindow::compare_with(const QStringList& paths) {
  const SessionRun* run = session_.current_run();
  QStringList others;
  for (const QString& path : with_folders_opened(paths))
    if (run == nullptr || QFileInfo(path).absoluteFilePath() != run->path) others.append(path);
  if (others.isEmpty())
    return complain(tr("that is the current run itself; choose another recording to compare it with"));
  session_.set_baseline(session_.current());
  session_.open(others);
  show_view(others.size() == 1 ? "diff" : "comparison");
}

void MainWindow::open_session(const QString& path) {
  const QString absolute = QFileInfo(path).absoluteFilePath();
  try {
    const SavedSession saved = read_session_file(absolute.toStdString());
    if (absolute != last_session_path()) {
      session_path_ = absolute;
      Settings().remember_file(absolute);
    }
    restore(saved);
  } catch (const Error& error) {
    complain(QString::fromUtf8(error.what()));
  }
}

void MainWindow::restore(const SavedSession& saved) {
  session_.close_all();
  QStringList paths;
  for (const SavedRun& run : saved.runs) paths.append(run.path);
  restoring_ = saved;
  unknown_ = saved.unknown;
  session_.open(paths);
  for (const SavedRun& run : saved.runs) session_.rename(index_of_path(session_, run.path), run.label);
  if (saved.current >= 0)
    session_.set_current(index_of_path(session_, saved.runs[static_cast<std::size_t>(saved.current)].path));
  if (saved.baseline >= 0)
    session_.set_baseline(index_of_path(session_, saved.runs[static_cast<std::size_t>(saved.baseline)].path));
  if (!saved.geometry.isEmpty()) restoreGeometry(saved.geometry);
  if (!saved.docks.isEmpty()) restoreState(saved.docks);
  show_view(saved.view);
  restore_when_loaded();
  if (saved.runs.empty()) show_start_page();
}

// Views know what to make of their states only once the runs are there.
void MainWindow::restore_when_loaded() {
  if (!restoring_ || session_.is_loading()) return;
  const SavedSession saved = *std::exchange(restoring_, std::nullopt);
  states_ = saved.views;
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    const auto state = states_.find(kinds_[i].id.toStdString());
    if (views_[i] == nullptr || state == states_.end()) continue;
    views_[i]->restore(state->second);
    states_.erase(state);
  }
  const SessionRun* run = session_.current_run();
  if (run != nullptr && saved.current >= 0 && run->path == saved.runs[static_cast<std::size_t>(saved.current)].path)
    restore_selection(session_, saved);
}

SavedSession MainWindow::saved() {
  if (restoring_) return *restoring_;  // it is not all there yet, and must not be lost
  SavedSession saved = saved_runs(session_);
  saved.view = current_id_;
  saved.views = states_;
  for (std::size_t i = 0; i < kinds_.size(); ++i)
    if (views_[i] != nullptr) saved.views[kinds_[i].id.toStdString()] = views_[i]->state();
  saved.geometry = saveGeometry();
  saved.docks = saveState();
  saved.unknown = unknown_;
  return saved;
}

bool MainWindow::save_session(const QString& path) {
  try {
    write_session_file(path.toStdString(), saved());
  } catch (const Error& error) {
    complain(QString::fromUtf8(error.what()));
    return false;
  }
  session_path_ = path;
  Settings().remember_file(path);
  say(tr("saved the session as %1").arg(QDir::toNativeSeparators(path)));
  return true;
}

void MainWindow::save() { session_path_.isEmpty() ? save_as() : static_cast<void>(save_session(session_path_)); }

void MainWindow::save_as() {
  QString path = QFileDialog::getSaveFileName(this, tr("Save the session"),
                                              Settings().last_folder() + QStringLiteral("/runs.headroom-session"),
                                              tr("Sessions (*.headroom-session)"));
  if (path.isEmpty()) return;
  if (!is_session_file(path)) path += QStringLiteral(".headroom-session");
  Settings().set_last_folder(QFileInfo(path).absolutePath());
  save_session(path);
}

void MainWindow::continue_session() { open_session(last_session_path()); }

void MainWindow::recall_window() {
  const Settings settings;
  restoreGeometry(settings.value(QStringLiteral("window/geometry")).toByteArray());
  restoreState(settings.value(QStringLiteral("window/docks")).toByteArray());
  if (const int side = settings.value(QStringLiteral("window/side")).toInt(); side > 0) sides_->set_side_width(side);
}

void MainWindow::remember_window() {
  Settings settings;
  settings.setValue(QStringLiteral("window/geometry"), saveGeometry());
  settings.setValue(QStringLiteral("window/docks"), saveState());
  settings.setValue(QStringLiteral("window/side"), sides_->side_width());
  if (session_.runs().empty()) return;
  try {
    write_session_file(last_session_path().toStdString(), saved());
  } catch (const Error&) {  // nobody is there to read why
  }
}

}  // namespace headroom::gui
