// What the window shows while nothing is open: how to begin, and what was open before.
#pragma once

#include <QAction>
#include <QWidget>
#include <vector>

class QListWidget;
class QListWidgetItem;
class QVBoxLayout;

namespace headroom::gui {

class StartPage : public QWidget {
  Q_OBJECT

 public:
  // The actions are the window's; one that is invisible is left out.
  StartPage(const std::vector<QAction*>& actions, QWidget* parent);

  void add_action(QAction* action);
  void refresh();  // what was open before

 Q_SIGNALS:
  void file_wanted(const QString& path);

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  QWidget* make_beginning(const std::vector<QAction*>& actions);
  QWidget* make_recent();

  QVBoxLayout* buttons_;
  QListWidget* recent_;
};

}  // namespace headroom::gui
