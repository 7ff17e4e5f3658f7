#include "gui/session/session.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QFileSystemWatcher>
#include <QPointer>
#include <QTimer>
#include <algorithm>
#include <atomic>
#include <new>

#include "base/error.h"

namespace headroom::gui {
namespace {

constexpr int kSettleMilliseconds = 250;  // a file is read again once nobody wrote to it for so long
constexpr int kPollMilliseconds = 2000;   // where nobody tells of changes: network file systems, files that come back

FileStamp stamp_of(const QString& path) {
  const QFileInfo file(path);
  if (!file.exists()) return {};
  return {true, file.size(), file.lastModified()};
}

QString words_of(const std::exception& error) { return QString::fromUtf8(error.what()); }

bool is_lost(const SessionRun& run) { return run.state == RunState::failed && !run.loaded; }

// -1: none is open. The first where none can be read.
int first_readable(const std::vector<SessionRun>& runs) {
  const auto found = std::find_if_not(runs.begin(), runs.end(), is_lost);
  return found != runs.end() ? static_cast<int>(found - runs.begin()) : runs.empty() ? -1 : 0;
}

}  // namespace

Session::Session(QObject* parent) : QObject(parent), watcher_(new QFileSystemWatcher(this)) {
  loaders_.setMaxThreadCount(2);  // a large recording takes gigabytes while it is read
  connect(watcher_, &QFileSystemWatcher::fileChanged, this, &Session::file_changed);
  auto* poll = new QTimer(this);
  connect(poll, &QTimer::timeout, this, &Session::poll_files);
  poll->start(kPollMilliseconds);
}

Session::~Session() {
  loaders_.clear();
  loaders_.waitForDone();
}

const SessionRun* Session::current_run() const {
  return current_ < 0 ? nullptr : &runs_[static_cast<std::size_t>(current_)];
}

RunHandle Session::current_loaded() const {
  const SessionRun* run = current_run();
  return run == nullptr ? nullptr : run->loaded;
}

std::vector<int> Session::ready_runs() const {
  std::vector<int> ready;
  for (std::size_t i = 0; i < runs_.size(); ++i)
    if (runs_[i].loaded) ready.push_back(static_cast<int>(i));
  return ready;
}

bool Session::is_loading() const {
  return std::any_of(runs_.begin(), runs_.end(), [](const SessionRun& r) { return r.state == RunState::loading; });
}

int Session::index_of(std::uint64_t id) const {
  const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const SessionRun& r) { return r.id == id; });
  return found == runs_.end() ? -1 : static_cast<int>(found - runs_.begin());
}

QString Session::unique_label(const QString& wanted, std::uint64_t except) const {
  const auto taken = [&](const QString& label) {
    return std::any_of(runs_.begin(), runs_.end(),
                       [&](const SessionRun& r) { return r.id != except && r.label == label; });
  };
  if (!taken(wanted)) return wanted;
  for (int number = 2;; ++number)
    if (const QString label = QStringLiteral("%1 (%2)").arg(wanted).arg(number); !taken(label)) return label;
}

void Session::open(const QStringList& paths, bool make_current) {
  int first = -1;
  for (const QString& path : paths) {
    const QString absolute = QFileInfo(path).absoluteFilePath();
    const auto found =
        std::find_if(runs_.begin(), runs_.end(), [&](const SessionRun& r) { return r.path == absolute; });
    int index = static_cast<int>(found - runs_.begin());
    if (found == runs_.end()) {
      SessionRun run;
      run.id = next_id_++;
      run.path = absolute;
      run.label = unique_label(QString::fromStdString(label_of(absolute.toStdString())), run.id);
      runs_.push_back(run);
      start_loading(runs_.back());
    }
    if (first < 0) first = index;
  }
  if (first < 0) return;
  Q_EMIT runs_changed();
  if (make_current || current_ < 0) set_current(first);
  if (baseline_ < 0) set_baseline(first);
}

void Session::add(RunHandle loaded) {
  SessionRun run;
  run.id = next_id_++;
  run.path = QString::fromStdString(loaded->path.string());
  run.label = unique_label(QString::fromStdString(loaded->breakdown.label), run.id);
  run.state = RunState::ready;
  run.stamp = stamp_of(run.path);
  run.loaded = std::move(loaded);
  runs_.push_back(run);
  Q_EMIT runs_changed();
  if (current_ < 0) set_current(static_cast<int>(runs_.size()) - 1);
  if (baseline_ < 0) set_baseline(static_cast<int>(runs_.size()) - 1);
}

void Session::start_loading(SessionRun& run) {
  run.state = RunState::loading;
  run.message = tr("reading");
  run.stamp = stamp_of(run.path);
  const std::uint64_t id = run.id, attempt = next_attempt_++;
  std::erase_if(attempts_, [&](const auto& a) { return a.first == id; });
  attempts_.push_back({id, attempt});
  loaders_.start([this, id, attempt, path = run.path.toStdString()] {
    RunHandle loaded;
    QString error;
    const auto stage = [&](const char* what) {
      QMetaObject::invokeMethod(this, [this, id, text = tr(what)] {
        if (const int index = index_of(id); index >= 0 && runs_[index].state == RunState::loading) {
          runs_[index].message = text;
          Q_EMIT run_changed(index);
        }
      });
    };
    try {
      loaded = load_run(path, stage);
    } catch (const std::bad_alloc&) {
      error = tr("%1: host memory ran out while it was read").arg(QString::fromStdString(path));
    } catch (const std::exception& failure) {
      error = words_of(failure);
    }
    QMetaObject::invokeMethod(this, [this, id, attempt, loaded, error] { finish(id, attempt, loaded, error); });
  });
}

void Session::finish(std::uint64_t id, std::uint64_t attempt, RunHandle loaded, const QString& error) {
  const int index = index_of(id);
  const auto wanted = std::find(attempts_.begin(), attempts_.end(), std::pair(id, attempt));
  if (index < 0 || wanted == attempts_.end()) return;  // closed, or being read again
  attempts_.erase(wanted);
  SessionRun& run = runs_[static_cast<std::size_t>(index)];
  run.state = loaded ? RunState::ready : RunState::failed;
  run.message = error;
  if (loaded) run.loaded = std::move(loaded);
  watch(run.path);
  if (run.state == RunState::ready) Q_EMIT opened(run.path);
  if (index == current_) selection_.clear();
  Q_EMIT run_changed(index);
  if (index == current_) Q_EMIT current_changed();
  if (index == baseline_ && is_lost(runs_[static_cast<std::size_t>(index)])) set_baseline(first_readable(runs_));
}

void Session::watch(const QString& path) {
  if (QFileInfo::exists(path) && !watcher_->files().contains(path)) watcher_->addPath(path);
}

// Writers replace a file by renaming another over it, so it may be gone for a moment.
void Session::file_changed(const QString& path) {
  QTimer::singleShot(kSettleMilliseconds, this, [this, path] {
    const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const SessionRun& r) { return r.path == path; });
    if (found == runs_.end() || found->state == RunState::loading) return;
    const int index = static_cast<int>(found - runs_.begin());
    const FileStamp now = stamp_of(path);
    if (now == found->stamp) return watch(path);
    found->stamp = now;
    if (now.exists) return reload(index);
    found->message = found->loaded ? tr("the file is gone; what was read of it is shown") : tr("the file is gone");
    Q_EMIT run_changed(index);
  });
}

// Elsewhere, for a file system that does not answer must not stop the window; one round at a time.
void Session::poll_files() {
  static std::atomic<bool> is_polling = false;
  std::vector<std::pair<QString, FileStamp>> known;
  for (const SessionRun& run : runs_)
    if (run.state != RunState::loading && QFileInfo(run.path).isAbsolute()) known.emplace_back(run.path, run.stamp);
  if (known.empty() || is_polling.exchange(true)) return;
  QThreadPool::globalInstance()->start([session = QPointer<Session>(this), known = std::move(known)] {
    for (const auto& [path, stamp] : known)
      if (QCoreApplication* application = QCoreApplication::instance(); application && stamp_of(path) != stamp)
        QMetaObject::invokeMethod(
            application, [session, path = path] { session ? session->file_changed(path) : void(); },
            Qt::QueuedConnection);
    is_polling = false;
  });
}

void Session::close(int index) {
  if (index < 0 || index >= static_cast<int>(runs_.size())) return;
  watcher_->removePath(runs_[static_cast<std::size_t>(index)].path);
  const std::uint64_t id = runs_[static_cast<std::size_t>(index)].id;
  std::erase_if(attempts_, [&](const auto& a) { return a.first == id; });
  runs_.erase(runs_.begin() + index);
  const auto moved = [&](int which) {
    return which > index || which >= static_cast<int>(runs_.size()) ? which - 1 : which;
  };
  const bool was_current = index == current_, was_baseline = index == baseline_;
  current_ = moved(current_);
  baseline_ = was_baseline ? first_readable(runs_) : moved(baseline_);
  if (was_current) selection_.clear();
  Q_EMIT runs_changed();
  if (was_current) Q_EMIT current_changed();
  if (was_baseline) Q_EMIT baseline_changed();
}

void Session::close_all() {
  while (!runs_.empty()) close(static_cast<int>(runs_.size()) - 1);
}

void Session::reload(int index) {
  if (index < 0 || index >= static_cast<int>(runs_.size())) return;
  start_loading(runs_[static_cast<std::size_t>(index)]);
  Q_EMIT run_changed(index);
}

void Session::set_current(int index) {
  if (index == current_ || index < 0 || index >= static_cast<int>(runs_.size())) return;
  current_ = index;
  selection_.clear();
  Q_EMIT current_changed();
}

void Session::set_baseline(int index) {
  if (index == baseline_ || index < 0 || index >= static_cast<int>(runs_.size())) return;
  baseline_ = index;
  Q_EMIT baseline_changed();
}

void Session::rename(int index, const QString& label) {
  if (index < 0 || index >= static_cast<int>(runs_.size()) || label.trimmed().isEmpty()) return;
  SessionRun& run = runs_[static_cast<std::size_t>(index)];
  run.label = unique_label(label.trimmed(), run.id);
  Q_EMIT runs_changed();
}

}  // namespace headroom::gui
