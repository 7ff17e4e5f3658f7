// Parts side by side where there is room for all of them, else one below the other.
#pragma once

#include <QSplitter>

namespace headroom::gui {

class TurningSplitter : public QSplitter {
 public:
  using QSplitter::QSplitter;

  QSize minimumSizeHint() const override;  // as wide as the widest part

 protected:
  bool event(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void give_each_its_least();
};

}  // namespace headroom::gui
