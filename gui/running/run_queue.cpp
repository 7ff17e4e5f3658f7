#include "gui/running/run_queue.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QThread>
#include <algorithm>

#include "gui/views/number_marks.h"
#include "gui/views/text.h"
#include "gui/views/view.h"
#include "gui/window/theme.h"
#include "recording/file.h"

namespace headroom::gui {
namespace {

constexpr int kClockMilliseconds = 500;

bool is_virtual(const RunSpec& spec) { return spec.device.starts_with("virtual:"); }

QString elapsed_text(qint64 milliseconds) {
  if (milliseconds < 60'000)
    return RunQueue::tr("%1 s").arg(in_language(QString::number(static_cast<double>(milliseconds) / 1000, 'f', 1)));
  return RunQueue::tr("%1 min %2 s").arg(milliseconds / 60'000).arg(milliseconds / 1000 % 60);
}

// A file of that name that is not there yet.
QString free_path(const QString& folder, const QString& name) {
  for (int number = 1;; ++number) {
    const QString path = QStringLiteral("%1/%2%3.headroom")
                             .arg(folder, name, number == 1 ? QString() : QStringLiteral("-%1").arg(number));
    if (!QFile::exists(path)) return path;
  }
}

// On whichever file system; empty where that was impossible.
QString moved(const QString& from, const QString& name) {
  const QString to = free_path(RunQueue::folder(), name);
  return QFile::rename(from, to) ? to : QString();
}

double fraction_of(const QueueItem& item) {
  if (item.is_over()) return item.state == QueueState::done ? 1 : -1;
  if (!item.process || item.process->progress().steps <= 0) return -1;
  const RunProgress& at = item.process->progress();
  const double part = at.phase == QLatin1String("backward") ? 0.5 : at.phase == QLatin1String("optimizer") ? 0.9 : 0;
  return std::clamp(
      (static_cast<double>(std::max<std::int64_t>(0, at.step - 1)) + part) / static_cast<double>(at.steps), 0.0, 1.0);
}

QString progress_text(const QueueItem& item) {
  if (item.state == QueueState::waiting) return RunQueue::tr("waits for a free core");
  if (item.state != QueueState::running) return item.problem;
  if (const int seconds = item.process->silent_seconds(); seconds > 0)
    return RunQueue::tr("no sign of life for %1 s; it can be cancelled").arg(seconds);
  const RunProgress& at = item.process->progress();
  if (at.phase.isEmpty()) return RunQueue::tr("starting");
  QString text = at.step > 0 ? RunQueue::tr("step %1 of %2, %3").arg(at.step).arg(at.steps).arg(at.phase) : at.phase;
  if (at.allocated_bytes > 0) text += QStringLiteral(", ") + size_text(at.allocated_bytes);
  return text;
}

RunResult read_result(const QString& path) {
  try {
    return result_of(summarize(read_recording(path.toStdString())));
  } catch (const std::exception& error) {
    return failed_result(QString::fromUtf8(error.what()));
  }
}

}  // namespace

QString title_of(QueueState state) {
  switch (state) {
    case QueueState::waiting:
      return RunQueue::tr("waiting");
    case QueueState::running:
      return RunQueue::tr("running");
    case QueueState::done:
      return RunQueue::tr("✓ done");
    case QueueState::oom:
      return RunQueue::tr("✕ out of memory");
    case QueueState::failed:
      return RunQueue::tr("✕ failed");
    case QueueState::cancelled:
      return RunQueue::tr("cancelled");
  }
  return {};
}

QString settings_text(const RunSpec& spec) {
  if (is_program(spec)) return to_text(spec.device);
  QStringList parts{RunQueue::tr("batch %1 × seq %2").arg(count_text(spec.batch), count_text(spec.seq)),
                    to_text(to_name(kModeNames, spec.mode)), to_text(to_name(kDtypeNames, spec.dtype))};
  if (spec.mode == Mode::train) parts.append(to_text(to_name(kOptimizerNames, spec.optimizer)));
  if (spec.checkpoint != Checkpoint::none) parts.append(RunQueue::tr("checkpointed"));
  if (spec.sdpa != Sdpa::eager) parts.append(to_text(to_name(kSdpaNames, spec.sdpa)));
  if (!spec.compression.empty()) parts.append(to_text(spec.compression));
  parts.append(to_text(spec.device));
  return parts.join(QStringLiteral(" · "));
}

QString run_label(const RunSpec& spec) {
  QString name = to_text(spec.model);
  if (name.contains(QLatin1Char('/'))) {
    const QFileInfo file(name);
    name = file.fileName() == QLatin1String("config.json") ? file.dir().dirName() : file.completeBaseName();
  }
  if (!is_program(spec)) {
    if (!spec.attention.empty()) name += QLatin1Char('-') + to_text(spec.attention);
    name += QStringLiteral("-b%1-s%2").arg(spec.batch).arg(spec.seq);
    if (spec.mode != Mode::train) name += QLatin1Char('-') + to_text(to_name(kModeNames, spec.mode));
  }
  static const QRegularExpression odd(QStringLiteral("[^A-Za-z0-9._-]+"));
  return name.replace(odd, QStringLiteral("-")).left(120);
}

RunQueue::RunQueue(Session& session, QObject* parent)
    : QAbstractTableModel(parent), session_(session), virtual_at_once_(std::max(1, QThread::idealThreadCount())) {
  setObjectName(QStringLiteral("run-queue"));
  clean_scratch_root();
  clock_.setInterval(kClockMilliseconds);
  connect(&clock_, &QTimer::timeout, this, [this] {
    for (const auto& item : items_)
      if (item->state == QueueState::running) row_changed(*item, true);
  });
}

RunQueue::~RunQueue() = default;

QString RunQueue::folder() {
  const QString path = QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation) + QStringLiteral("/runs");
  QDir().mkpath(path);
  return path;
}

void RunQueue::add(const std::vector<RunSpec>& specs) {
  if (specs.empty()) return;
  const int first = rowCount();
  beginInsertRows({}, first, first + static_cast<int>(specs.size()) - 1);
  for (const RunSpec& spec : specs) {
    auto item = std::make_unique<QueueItem>();
    item->id = next_id_++;
    item->spec = spec;
    item->label = run_label(spec);
    item->becomes_current = &spec == &specs.front();
    items_.push_back(std::move(item));
  }
  endInsertRows();
  start_waiting();
}

void RunQueue::run_again() {
  if (const RunHandle run = session_.current_loaded()) add({run->recording.spec});
}

int RunQueue::count(QueueState state) const {
  return static_cast<int>(
      std::count_if(items_.begin(), items_.end(), [&](const auto& item) { return item->state == state; }));
}

QString RunQueue::summary() const {
  QStringList parts;
  const auto say = [&](QueueState state, const QString& text) {
    if (const int n = count(state); n > 0) parts.append(text.arg(n));
  };
  say(QueueState::running, tr("%1 running"));
  say(QueueState::waiting, tr("%1 waiting"));
  say(QueueState::done, tr("%1 done"));
  say(QueueState::oom, tr("%1 out of memory"));
  say(QueueState::failed, tr("%1 failed"));
  say(QueueState::cancelled, tr("%1 cancelled"));
  return parts.isEmpty() ? tr("No runs yet") : parts.join(QStringLiteral(", "));
}

void RunQueue::start_waiting() {
  int virtual_runs = 0, real_runs = 0;
  for (const auto& item : items_)
    if (item->state == QueueState::running) ++(is_virtual(item->spec) ? virtual_runs : real_runs);
  for (const auto& item : items_) {
    if (item->state != QueueState::waiting) continue;
    int& running = is_virtual(item->spec) ? virtual_runs : real_runs;
    if (running >= (is_virtual(item->spec) ? virtual_at_once_ : 1)) continue;
    ++running;
    start(*item);
  }
  count(QueueState::running) > 0 ? clock_.start() : clock_.stop();
  Q_EMIT changed();
}

void RunQueue::start(QueueItem& item) {
  item.process = std::make_unique<RunProcess>(item.spec);
  RunProcess* process = item.process.get();
  connect(process, &RunProcess::progressed, this, [this, &item] { row_changed(item, true); });
  connect(process, &RunProcess::silent, this, [this, &item] { row_changed(item, true); });
  connect(process, &RunProcess::log_grew, this, [this, id = item.id] { Q_EMIT log_grew(id); });
  connect(process, &RunProcess::finished, this, [this, &item] { take_end(item); });
  set_state(item, QueueState::running);
  process->start();
}

void RunQueue::set_state(QueueItem& item, QueueState state) {
  item.state = state;
  row_changed(item);
}

void RunQueue::take_end(QueueItem& item) {
  switch (item.process->state()) {
    case RunProcess::State::recorded: {
      const QString path = item.process->recordings().front();
      item.reading->start([path](const std::atomic<bool>&) { return read_result(path); },
                          [this, &item, path](RunResult result) { take_recording(item, path, result); });
      return;  // it is running until its recording is read
    }
    case RunProcess::State::cancelled:
      set_state(item, QueueState::cancelled);
      break;
    default:
      item.problem = item.process->problem();
      set_state(item, QueueState::failed);
      Q_EMIT message(tr("%1 failed: %2").arg(item.label, item.problem));
  }
  start_waiting();
}

void RunQueue::take_recording(QueueItem& item, const QString& path, const RunResult& result) {
  item.result = result;
  item.problem = to_text(result.message);
  item.recording = result.kind == RunResult::Kind::failed ? QString() : moved(path, item.label);
  if (item.recording.isEmpty() && result.kind != RunResult::Kind::failed)
    item.problem = tr("The recording cannot be kept in %1.").arg(folder());
  set_state(item, item.recording.isEmpty()              ? QueueState::failed
                  : result.kind == RunResult::Kind::oom ? QueueState::oom
                                                        : QueueState::done);
  if (item.recording.isEmpty())
    Q_EMIT message(tr("%1 failed: %2").arg(item.label, item.problem));
  else
    session_.open({item.recording}, item.becomes_current || session_.current() < 0);
  start_waiting();
}

void RunQueue::cancel(int row) {
  QueueItem& item = *items_[static_cast<std::size_t>(row)];
  if (item.state == QueueState::running) return item.process->cancel();
  if (item.state != QueueState::waiting) return;
  set_state(item, QueueState::cancelled);
  start_waiting();
}

// Those that wait first, so that none of them starts.
void RunQueue::cancel_all() {
  for (int row = rowCount() - 1; row >= 0; --row)
    if (item(row).state == QueueState::waiting) cancel(row);
  for (int row = 0; row < rowCount(); ++row) cancel(row);
}

void RunQueue::retry(int row) {
  QueueItem& item = *items_[static_cast<std::size_t>(row)];
  if (!item.is_over()) return;
  item.process.reset();
  item.problem.clear();
  item.recording.clear();
  set_state(item, QueueState::waiting);
  start_waiting();
}

void RunQueue::remove(int row) {
  beginRemoveRows({}, row, row);
  items_.erase(items_.begin() + row);
  endRemoveRows();
  start_waiting();
}

void RunQueue::remove_ended() {
  for (int row = rowCount() - 1; row >= 0; --row)
    if (item(row).is_over()) remove(row);
}

void RunQueue::open(int row) {
  if (const QString path = item(row).recording; !path.isEmpty()) session_.open({path});
}

int RunQueue::row_of(const QueueItem& item) const {
  const auto found = std::find_if(items_.begin(), items_.end(), [&](const auto& i) { return i.get() == &item; });
  return static_cast<int>(found - items_.begin());
}

void RunQueue::row_changed(const QueueItem& item, bool only_progress) {
  const int row = row_of(item);
  Q_EMIT dataChanged(index(row, 0), index(row, kColumnCount - 1));
  if (!only_progress) Q_EMIT changed();
}

int RunQueue::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(items_.size());
}

int RunQueue::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : kColumnCount; }

QString RunQueue::text(const QueueItem& item, int column) const {
  switch (column) {
    case kRun:
      return item.label;
    case kState:
      return title_of(item.state);
    case kProgress:
      return progress_text(item);
    case kElapsed:
      return item.process ? elapsed_text(item.process->elapsed_ms()) : QString();
    case kPeak:
      return item.state == QueueState::done ? size_text(item.result.allocated_bytes) : QString();
    case kSettings:
      return settings_text(item.spec);
    default:
      return {};
  }
}

QString RunQueue::tooltip(const QueueItem& item, int column) const {
  if (column == kPeak && item.state == QueueState::done)
    return tr("%1, %2").arg(exact_text(item.result.allocated_bytes),
                            item.result.is_virtual ? tr("virtual") : tr("measured"));
  if (column == kRun && !item.recording.isEmpty()) return item.recording;
  if (column == kRun || column == kSettings) return to_text(reproduction_command(item.spec));
  return text(item, column);
}

QVariant RunQueue::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  const QueueItem& item = this->item(index.row());
  switch (role) {
    case Qt::DisplayRole:
      return text(item, index.column());
    case Qt::ToolTipRole:
      return tooltip(item, index.column());
    case kFractionRole:
      return fraction_of(item);
    case kExportRole:
      if (index.column() == kPeak && item.state == QueueState::done) return qlonglong(item.result.allocated_bytes);
      return text(item, index.column());
    case Qt::TextAlignmentRole:
      return int((index.column() == kPeak || index.column() == kElapsed ? Qt::AlignRight : Qt::AlignLeft) |
                 Qt::AlignVCenter);
    case Qt::ForegroundRole:
      if (index.column() != kState) return {};
      if (item.state == QueueState::done) return theme().good;
      return item.state == QueueState::oom || item.state == QueueState::failed ? QVariant(theme().bad) : QVariant();
    default:
      return {};
  }
}

QVariant RunQueue::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= kColumnCount) return {};
  const std::pair<QString, QString> words[] = {
      {tr("Run"), tr("What its recording is called.")},
      {tr("State"), tr("A run that is out of memory is a result: it opens like any other.")},
      {tr("Progress"), tr("What its process last said; of one that failed, why.")},
      {tr("Time"), tr("Since it was started.")},
      {tr("Peak allocated"), tr("The most bytes allocated at once.")},
      {tr("Settings"), tr("What decides the run.")}};
  if (role == Qt::DisplayRole) return words[section].first;
  if (role == Qt::ToolTipRole) return words[section].second;
  if (role == Qt::TextAlignmentRole)
    return int((section == kPeak || section == kElapsed ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  return {};
}

RunQueue& queue_of(Session& session) {
  if (auto* queue = session.findChild<RunQueue*>()) return *queue;
  return *new RunQueue(session, &session);
}

}  // namespace headroom::gui
