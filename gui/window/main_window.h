// The window: the open runs and the views on the left, one view beside them, what is chosen on the right, messages
// below.
#pragma once

#include <QMainWindow>
#include <vector>

#include "gui/session/session.h"
#include "gui/views/view.h"

class QListWidget;
class QStackedWidget;

namespace headroom::gui {

class MainWindow : public QMainWindow {
  Q_OBJECT

 public:
  explicit MainWindow(Session& session, QWidget* parent = nullptr);

  View* view(const QByteArray& id) const;  // nullptr: there is none
  View* current_view() const;
  void show_view(const QByteArray& id);

 private:
  Session& session_;
  std::vector<ViewKind> kinds_;
  std::vector<View*> views_;
  QListWidget* navigation_;
  QStackedWidget* pages_;
};

}  // namespace headroom::gui
