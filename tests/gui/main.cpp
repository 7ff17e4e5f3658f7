#include <gmock/gmock.h>

#include <QApplication>
#include <QStandardPaths>

#include "gui/window/theme.h"

int main(int argc, char** argv) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  qputenv("DBUS_SESSION_BUS_ADDRESS", "disabled:");
  QStandardPaths::setTestModeEnabled(true);
  testing::InitGoogleMock(&argc, argv);
  QApplication application(argc, argv);
  QCoreApplication::setApplicationName(QStringLiteral("headroom-viewer-test"));
  headroom::gui::set_theme(application, headroom::gui::ThemeChoice::light);
  return RUN_ALL_TESTS();
}
