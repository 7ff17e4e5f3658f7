// Puts into the window what it only keeps room for: the filter, what is chosen in full, and the runs that were asked for.
#pragma once

namespace headroom::gui {

class MainWindow;
class Session;

void furnish(MainWindow& window, Session& session);

}  // namespace headroom::gui
