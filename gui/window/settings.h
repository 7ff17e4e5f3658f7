// What the viewer remembers from one start to the next. Where it cannot be written, nothing is remembered.
#pragma once

#include <QSettings>
#include <QStringList>

#include "gui/window/theme.h"

namespace headroom::gui {

class Settings : public QSettings {
 public:
  Settings();

  static void keep_in(const QString& folder);  // instead of the user's own folder: for pictures and tests

  QStringList recent_files() const;  // newest first, those that are gone included
  void remember_file(const QString& path);
  void forget_file(const QString& path);
  void forget_files();

  QString last_folder() const;  // that still exists; else the home folder
  void set_last_folder(const QString& folder);

  ThemeChoice theme_choice() const;
  void set_theme_choice(ThemeChoice choice);
};

// Where the session is kept that was open when the viewer was closed.
QString last_session_path();

}  // namespace headroom::gui
