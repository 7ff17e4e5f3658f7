// The small windows of the Help menu. They do not hold up the rest.
#pragma once

#include <QString>
#include <QWidget>
#include <utility>
#include <vector>

class QMainWindow;

namespace headroom::gui {

QWidget* show_shortcuts(QMainWindow* window);  // of all its actions, as its menus have them

QWidget* show_about(QWidget* window);

// What is running, for bug reports: name and version.
std::vector<std::pair<QString, QString>> versions();

}  // namespace headroom::gui
