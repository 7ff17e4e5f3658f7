// What the window's menu offers of running: a new run, the current one again, what fits.
#pragma once

#include <QAction>
#include <QList>

#include "gui/session/session.h"

namespace headroom::gui {

class RunDialog;

// Owned by `window`, as is the dialog that "New run" opens.
QList<QAction*> make_run_actions(Session& session, QWidget* window);

// The window's one dialog, shown and in front.
RunDialog& show_run_dialog(Session& session, QWidget* window);

}  // namespace headroom::gui
