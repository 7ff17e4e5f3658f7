// The runs that are open, which of them is looked at, and against which the others are compared. Files are read in
// threads of their own; everything here happens in the thread of the user interface.
#pragma once

#include <QDateTime>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QThreadPool>
#include <memory>
#include <utility>
#include <vector>

#include "gui/session/loaded_run.h"
#include "gui/session/selection.h"

class QFileSystemWatcher;

namespace headroom::gui {

enum class RunState { loading, ready, failed };

// What tells one state of a file from another.
struct FileStamp {
  bool exists = false;
  qint64 size = 0;
  QDateTime modified;

  bool operator==(const FileStamp&) const = default;
};

struct SessionRun {
  std::uint64_t id = 0;  // never used twice
  QString label;         // unique in the session
  QString path;          // absolute
  RunState state = RunState::loading;
  QString message;   // loading: what is being done; failed: why; ready: what became of the file since, if anything
  RunHandle loaded;  // what was read last; of a failed reload the run before it
  FileStamp stamp;   // of the file when it was last read, or found gone
};

class Session : public QObject {
  Q_OBJECT

 public:
  explicit Session(QObject* parent = nullptr);
  ~Session() override;

  const std::vector<SessionRun>& runs() const { return runs_; }
  int current() const { return current_; }    // index into runs(); -1: none is open
  int baseline() const { return baseline_; }  // index into runs(); -1: none is open
  const SessionRun* current_run() const;
  RunHandle current_loaded() const;     // null: none, or not yet
  std::vector<int> ready_runs() const;  // indices of those that are loaded
  bool is_loading() const;
  Selection& selection() { return selection_; }
  const Selection& selection() const { return selection_; }

  // Each file once: one that is open already becomes current. The first one opened becomes current and baseline;
  // without make_current what is looked at stays. A baseline that cannot be read gives way to the first run that may
  // be.
  void open(const QStringList& paths, bool make_current = true);
  void add(RunHandle run);  // that is in memory already
  void close(int index);
  void close_all();
  void reload(int index);
  void set_current(int index);
  void set_baseline(int index);
  void rename(int index, const QString& label);

 Q_SIGNALS:
  void runs_changed();          // how many, in which order, or what they are called
  void run_changed(int index);  // its state, message or what was loaded
  void current_changed();       // another run is current, or what it holds is new; the selection is cleared before
  void baseline_changed();
  void opened(const QString& path);  // it was read; for the list of recent files

 private:
  void start_loading(SessionRun& run);
  void finish(std::uint64_t id, std::uint64_t attempt, RunHandle loaded, const QString& error);
  void file_changed(const QString& path);
  void watch(const QString& path);
  void poll_files();
  int index_of(std::uint64_t id) const;
  QString unique_label(const QString& wanted, std::uint64_t except) const;

  std::vector<SessionRun> runs_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> attempts_;  // of each run being loaded: id, number
  int current_ = -1, baseline_ = -1;
  std::uint64_t next_id_ = 1, next_attempt_ = 1;
  Selection selection_;
  QFileSystemWatcher* watcher_;
  QThreadPool loaders_;
};

}  // namespace headroom::gui
