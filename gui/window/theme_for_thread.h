// Colours for pictures that are painted in the background.
#pragma once

#include "gui/window/theme.h"

namespace headroom::gui {

// As long as it lives, theme() is this one in the thread that made it, whatever the window shows meanwhile.
class ThemeForThread {
 public:
  explicit ThemeForThread(Theme theme);
  ~ThemeForThread();
  ThemeForThread(const ThemeForThread&) = delete;
  ThemeForThread& operator=(const ThemeForThread&) = delete;

 private:
  Theme theme_;
};

}  // namespace headroom::gui
