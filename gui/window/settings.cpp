#include "gui/window/settings.h"

#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>

namespace headroom::gui {
namespace {

constexpr int kMostRecentFiles = 12;

QString& other_folder() {
  static QString folder;
  return folder;
}

QString folder_of(QStandardPaths::StandardLocation location) {
  if (!other_folder().isEmpty()) return other_folder();
  const QString folder = QStandardPaths::writableLocation(location);
  QDir().mkpath(folder);
  return folder;
}

}  // namespace

Settings::Settings()
    : QSettings(folder_of(QStandardPaths::AppConfigLocation) + QStringLiteral("/viewer.ini"), QSettings::IniFormat) {}

void Settings::keep_in(const QString& folder) { other_folder() = folder; }

QStringList Settings::recent_files() const { return value(QStringLiteral("files/recent")).toStringList(); }

void Settings::remember_file(const QString& path) {
  QStringList files = recent_files();
  files.removeAll(path);
  files.prepend(path);
  setValue(QStringLiteral("files/recent"), files.mid(0, kMostRecentFiles));
}

void Settings::forget_file(const QString& path) {
  QStringList files = recent_files();
  files.removeAll(path);
  setValue(QStringLiteral("files/recent"), files);
}

void Settings::forget_files() { remove(QStringLiteral("files/recent")); }

QString Settings::last_folder() const {
  const QString folder = value(QStringLiteral("files/folder")).toString();
  return QFileInfo(folder).isDir() ? folder : QDir::homePath();
}

void Settings::set_last_folder(const QString& folder) { setValue(QStringLiteral("files/folder"), folder); }

ThemeChoice Settings::theme_choice() const {
  const QString name = value(QStringLiteral("window/theme")).toString();
  return name == QStringLiteral("light")  ? ThemeChoice::light
         : name == QStringLiteral("dark") ? ThemeChoice::dark
                                          : ThemeChoice::system;
}

void Settings::set_theme_choice(ThemeChoice choice) {
  static constexpr std::array kNames{"system", "light", "dark"};
  setValue(QStringLiteral("window/theme"), QString::fromLatin1(kNames[static_cast<std::size_t>(choice)]));
}

QString last_session_path() {
  return folder_of(QStandardPaths::AppDataLocation) + QStringLiteral("/last.headroom-session");
}

}  // namespace headroom::gui
