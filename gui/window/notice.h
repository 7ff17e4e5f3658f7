// A sentence above the page that stays until it is closed: what went wrong with something that is no run.
#pragma once

#include <QFrame>
#include <QLabel>

namespace headroom::gui {

class Notice : public QFrame {
  Q_OBJECT

 public:
  explicit Notice(QWidget* parent);

  void show_text(const QString& text);

 private:
  QLabel* text_;
};

}  // namespace headroom::gui
