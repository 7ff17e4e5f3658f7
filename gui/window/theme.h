// The colours in use, as Qt wants them: those of reports/palette.h.
#pragma once

#include <QColor>
#include <array>

#include "recording/recording.h"

class QApplication;

namespace headroom::gui {

enum class ThemeChoice { system, light, dark };

struct Theme {
  bool dark = false;
  QColor ground, panel, band, ink, soft, line, grid, accent, accent_ink, good, bad, bad_ground, virtual_word,
      measured_word;
  std::array<QColor, kCategoryCount> categories;

  QColor category(Category c) const { return categories[static_cast<std::size_t>(c)]; }
  // Black or white, whichever is read more easily on `ground`.
  static QColor ink_on(const QColor& ground);
  // A colour for the n-th of many things without colours of their own, such as layers: all of them apart from their
  // neighbours, at the lightness of the theme.
  QColor numbered(std::size_t n) const;
};

const Theme& theme();  // that set_theme() chose; light before

Theme make_theme(bool dark);

// Sets palette and style sheet of the application. `system`: what the desktop says, through its portal or its palette;
// light where it says nothing.
void set_theme(QApplication& application, ThemeChoice choice);

bool system_is_dark();

// How easily `ink` is read on `ground`: WCAG's contrast ratio, 1 to 21.
double contrast(const QColor& ink, const QColor& ground);

// As long as it lives, theme() is the light or the dark one, whatever the window shows: for pictures that are exported.
class ThemeForPicture {
 public:
  explicit ThemeForPicture(bool dark);
  ~ThemeForPicture();
  ThemeForPicture(const ThemeForPicture&) = delete;
  ThemeForPicture& operator=(const ThemeForPicture&) = delete;

 private:
  Theme before_;
};

}  // namespace headroom::gui
