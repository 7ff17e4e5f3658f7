// A few choices side by side of which one holds, as buttons in a row.
#pragma once

#include <QButtonGroup>
#include <QWidget>

namespace headroom::gui {

class Segments : public QWidget {
  Q_OBJECT

 public:
  Segments(const QStringList& choices, const QString& name, QWidget* parent);

  int current() const { return group_->checkedId(); }
  void set_current(int choice);  // emits changed() where it is another
  void set_tip(int choice, const QString& tip);

 Q_SIGNALS:
  void changed(int choice);

 private:
  QButtonGroup* group_;
};

}  // namespace headroom::gui
