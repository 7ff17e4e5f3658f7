// The open runs: which is looked at, and what can be done with one.
#pragma once

#include <QAction>
#include <QListView>
#include <QStyledItemDelegate>
#include <QTimer>

#include "gui/items/runs_model.h"

namespace headroom::gui {

// Two lines: the name with what marks it, and its state; of a run that failed, why, on as many lines as it takes.
class RunDelegate : public QStyledItemDelegate {
  Q_OBJECT

 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option, const QModelIndex&) const override;

  int angle = 0;  // of what turns while a run is loaded
};

class RunList : public QListView {
  Q_OBJECT

 public:
  RunList(Session& session, QWidget* parent);

  // For menus: what can be done with the current run.
  struct Actions {
    QAction *rename, *reload, *baseline, *show_in_folder, *close;
  };
  const Actions& actions_of_run() const { return actions_; }

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  QAction* add_action(const QString& text, const QKeySequence& keys, void (RunList::*act)());
  void rename();
  void reload();
  void make_baseline();
  void show_in_folder();
  void close_run();
  void follow_session();
  void turn();

  Session& session_;
  RunsModel model_;
  RunDelegate* delegate_;
  QTimer turning_;
  Actions actions_{};
};

// Opens the desktop's file manager at the file; false where there is none.
bool show_in_file_manager(const QString& path);

}  // namespace headroom::gui
