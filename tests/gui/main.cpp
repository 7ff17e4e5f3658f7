#include <gmock/gmock.h>

#include <QApplication>
#include <QTemporaryDir>

#include "gui/window/theme.h"

int main(int argc, char** argv) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  qputenv("DBUS_SESSION_BUS_ADDRESS", "disabled:");
  QTemporaryDir home;  // of this process alone: tests run side by side
  for (const char* folder : {"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"})
    qputenv(folder, home.path().toUtf8());
  qunsetenv("HEADROOM_CACHE_DIR");
  testing::InitGoogleMock(&argc, argv);
  QApplication application(argc, argv);
  QCoreApplication::setApplicationName(QStringLiteral("headroom-viewer-test"));
  headroom::gui::set_theme(application, headroom::gui::ThemeChoice::light);
  return RUN_ALL_TESTS();
}
