// Parts side by side where there is room for all of them, else one below the other.
#pragma once

#include <QSplitter>

namespace headroom::gui {

class TurningSplitter : public QSplitter {
 public:
  using QSplitter::QSplitter;

  QSize minimumSizeHint() const override;  // as wide as the widest part

 protected:
  void resizeEvent(QResizeEvent* event) override;
};

}  // namespace headroom::gui
