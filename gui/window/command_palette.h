// Everything the window can do, found by typing a few letters of it: actions, runs, layers.
#pragma once

#include <QDialog>
#include <QIcon>
#include <functional>
#include <vector>

class QLineEdit;
class QTreeWidget;

namespace headroom::gui {

struct Command {
  QString text, hint;  // "Timeline", "Alt+2"
  QIcon icon;
  std::function<void()> act;
};

// Those of which `letters` has all words, whatever the case; those that begin so first, else in their order.
std::vector<std::size_t> matching(const std::vector<Command>& commands, const QString& letters);

class CommandPalette : public QDialog {
  Q_OBJECT

 public:
  CommandPalette(std::vector<Command> commands, QWidget* window);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;  // arrow keys in the line move in the list

 private:
  void show_matching(const QString& letters);
  int row() const;
  void go_to(int row);
  void act();

  std::vector<Command> commands_;
  QLineEdit* line_;
  QTreeWidget* list_;
};

}  // namespace headroom::gui
