// The queue of runs as the window shows it at its bottom: a table, what can be done with a run, and its log.
#pragma once

#include <QTimer>
#include <QWidget>

#include "gui/running/run_queue.h"

class QAction;
class QLabel;
class QPlainTextEdit;
class QTableView;
class QToolBar;

namespace headroom::gui {

class QueuePanel : public QWidget {
  Q_OBJECT

 public:
  explicit QueuePanel(RunQueue& queue, QWidget* parent = nullptr);

  int current_row() const;  // -1: none is chosen
  QTableView* table() const { return table_; }
  QString log_text() const;

 Q_SIGNALS:
  void new_run_wanted();

 private:
  void make_actions();
  void make_table();
  void update_actions();
  void update_log();
  void show_log(bool shown);
  QList<int> selected_rows() const;  // the last first

  RunQueue& queue_;
  QToolBar* bar_;
  QLabel* summary_;
  QTableView* table_;
  QPlainTextEdit* log_;
  QAction *new_, *open_, *cancel_, *retry_, *remove_, *show_log_, *remove_ended_, *program_;
  QTimer log_delay_;
  std::uint64_t log_of_ = 0;  // id of the item whose log is shown
  const RunProcess* log_from_ = nullptr;
  std::int64_t log_shown_ = 0;  // lines of it
};

}  // namespace headroom::gui
