#include "gui/window/furnish.h"

#include <QAction>
#include <QCoreApplication>
#include <QDockWidget>
#include <QMenu>

#include "gui/running/fit_map.h"
#include "gui/running/queue_panel.h"
#include "gui/running/run_actions.h"
#include "gui/running/run_queue.h"
#include "gui/window/details.h"
#include "gui/window/filter_bar.h"
#include "gui/window/main_window.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("MainWindow", text); }

void add_run_menu(MainWindow& window, Session& session) {
  const QList<QAction*> actions = make_run_actions(session, &window);
  window.menu_for_runs()->addActions(actions);
  window.add_to_start_page(actions.front());
}

// Out of the way until something was asked for.
void add_queue(MainWindow& window, Session& session) {
  RunQueue& queue = queue_of(session);
  auto* panel = new QueuePanel(queue, &window);
  QDockWidget* dock = window.add_dock("queue", tr("Queue"), Qt::BottomDockWidgetArea, panel);
  dock->hide();
  QObject::connect(&queue, &RunQueue::rowsInserted, dock, &QWidget::show);
  QObject::connect(&queue, &RunQueue::message, &window, &MainWindow::say);
  QObject::connect(panel, &QueuePanel::new_run_wanted, &window, [&] { show_run_dialog(session, &window); });
  QObject::connect(&queue, &RunQueue::fit_wanted, &window, [&window](const RunSpec& spec) {
    window.show_view("fit");
    if (auto* map = qobject_cast<FitMap*>(window.view("fit"))) map->show_spec(spec);
  });
}

}  // namespace

void furnish(MainWindow& window, Session& session) {
  auto* filter = new FilterBar(session, &window);
  window.set_filter_bar(filter, [filter] { filter->focus_text(); });
  window.add_dock("details", tr("Details"), Qt::RightDockWidgetArea, new Details(session, &window));
  add_queue(window, session);
  add_run_menu(window, session);
}

}  // namespace headroom::gui
