// The theme that was chosen, applied now and whenever the desktop changes between light and dark.
#pragma once

#include <QObject>

#include "gui/window/theme.h"

class QApplication;

namespace headroom::gui {

class Appearance : public QObject {
  Q_OBJECT

 public:
  Appearance(QApplication& application, ThemeChoice choice);

  ThemeChoice choice() const { return choice_; }
  void choose(ThemeChoice choice);

  bool eventFilter(QObject* watched, QEvent* event) override;  // of the application: the desktop's own theme changed

 private:
  void apply();

  QApplication& application_;
  ThemeChoice choice_;
};

}  // namespace headroom::gui
