// The runs that were asked for: as many at once as the machine has cores for virtual GPUs, one at a time for real
// devices. What ends well, or out of memory, is kept as a file and opened in the session.
#pragma once

#include <QAbstractTableModel>
#include <QTimer>
#include <memory>
#include <vector>

#include "gui/running/run_process.h"
#include "gui/running/run_result.h"
#include "gui/session/session.h"
#include "gui/views/background.h"

namespace headroom::gui {

enum class QueueState { waiting, running, done, oom, failed, cancelled };
QString title_of(QueueState state);

// "batch 8 × seq 128 · train · fp32 · adamw"
QString settings_text(const RunSpec& spec);
// What a run's file is called: "bert-base-mha-b8-s128".
QString run_label(const RunSpec& spec);

struct QueueItem {
  std::uint64_t id = 0;
  RunSpec spec;
  QString label;
  QueueState state = QueueState::waiting;
  std::unique_ptr<RunProcess> process;  // of a run that was started
  QString recording;                    // of `done` and `oom`: where it is kept
  QString problem;                      // of `failed`; of `oom` what was asked for
  RunResult result;                     // of `done` and `oom`
  bool becomes_current = false;         // when it is opened
  std::unique_ptr<Background> reading = std::make_unique<Background>();

  bool is_over() const { return state != QueueState::waiting && state != QueueState::running; }
};

class RunQueue : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column { kRun, kState, kProgress, kElapsed, kPeak, kSettings, kColumnCount };
  static constexpr int kFractionRole = Qt::UserRole + 10;  // of kProgress: 0 to 1; below 0: it is not known

  explicit RunQueue(Session& session, QObject* parent = nullptr);
  ~RunQueue() override;

  // The first of them becomes the session's current run once it is there.
  void add(const std::vector<RunSpec>& specs);
  void run_again();  // the current run's own spec; without one nothing happens
  void cancel(int row);
  void cancel_all();
  void retry(int row);
  void remove(int row);  // ends it, if need be; its recording stays
  void remove_ended();
  void open(int row);  // makes it current

  const std::vector<std::unique_ptr<QueueItem>>& items() const { return items_; }
  const QueueItem& item(int row) const { return *items_[static_cast<std::size_t>(row)]; }
  int count(QueueState state) const;
  QString summary() const;  // "1 running, 2 waiting"

  // Where the recordings of finished runs are kept.
  static QString folder();
  void set_virtual_at_once(int count) { virtual_at_once_ = count; }

  // Somebody, such as the dialog, wants to see what fits of it.
  void want_fit(const RunSpec& spec) { Q_EMIT fit_wanted(spec); }
  // Another program makes the runs from now on.
  void tell_program_chosen() { Q_EMIT program_chosen(); }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 Q_SIGNALS:
  void changed();  // any item's state
  void log_grew(quint64 id);
  void message(const QString& text);  // one line, for the status bar
  void fit_wanted(const RunSpec& spec);
  void program_chosen();

 private:
  void start_waiting();
  void start(QueueItem& item);
  void take_end(QueueItem& item);
  void take_recording(QueueItem& item, const QString& path, const RunResult& result);
  void set_state(QueueItem& item, QueueState state);
  int row_of(const QueueItem& item) const;
  void row_changed(const QueueItem& item, bool only_progress = false);
  QString text(const QueueItem& item, int column) const;
  QString tooltip(const QueueItem& item, int column) const;

  Session& session_;
  std::vector<std::unique_ptr<QueueItem>> items_;
  std::uint64_t next_id_ = 1;
  int virtual_at_once_;
  QTimer clock_;  // while something runs, its elapsed time is shown
};

// The one queue of a session.
RunQueue& queue_of(Session& session);

}  // namespace headroom::gui
