// Which program makes the runs: found, or chosen and checked. Not modal.
#pragma once

#include <QDialog>

#include "gui/running/program_check.h"
#include "gui/running/run_queue.h"

class QLabel;
class QLineEdit;
class QPushButton;

namespace headroom::gui {

class ProgramDialog : public QDialog {
  Q_OBJECT

 public:
  explicit ProgramDialog(RunQueue& queue, QWidget* parent = nullptr);

  QLineEdit* path() const { return path_; }
  QPushButton* use_button() const { return use_; }
  QPushButton* find_button() const { return find_; }
  ProgramCheck& check() { return check_; }
  QString verdict() const;

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  void arrange();
  void connect_all();
  void browse();
  void start_check();
  void choose(const QString& path);  // empty: what is found by itself
  void show_current();
  void show_check();

  RunQueue& queue_;
  QLabel *current_, *verdict_;
  QLineEdit* path_;
  QPushButton *browse_, *try_, *find_, *use_;
  ProgramCheck check_;
};

// The one of the window that `near` is in, shown and in front.
ProgramDialog& show_program_dialog(RunQueue& queue, QWidget* near);

// Leads to it, where it is said that there is no program.
QPushButton* make_program_button(RunQueue& queue, QWidget* near);

}  // namespace headroom::gui
