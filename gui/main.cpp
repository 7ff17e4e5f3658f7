#include <QApplication>

#include "gui/session/session.h"
#include "gui/window/main_window.h"
#include "gui/window/theme.h"

int main(int argc, char** argv) {
  QApplication application(argc, argv);
  QCoreApplication::setApplicationName(QStringLiteral("headroom-viewer"));
  headroom::gui::set_theme(application, headroom::gui::ThemeChoice::system);
  headroom::gui::Session session;
  headroom::gui::MainWindow window(session);
  session.open(application.arguments().mid(1));
  window.show();
  return QApplication::exec();
}
