#include "gui/running/run_actions.h"

#include <QCoreApplication>

#include "gui/running/program_dialog.h"
#include "gui/running/run_dialog.h"
#include "gui/running/run_queue.h"
#include "gui/window/icons.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("RunActions", text); }

bool has_run(const Session& session) { return session.current_loaded() != nullptr; }

}  // namespace

RunDialog& show_run_dialog(Session& session, QWidget* window) {
  auto* dialog = window->findChild<RunDialog*>(QString(), Qt::FindDirectChildrenOnly);
  if (!dialog) dialog = new RunDialog(session, window);
  dialog->show();
  dialog->raise();
  dialog->activateWindow();
  return *dialog;
}

QList<QAction*> make_run_actions(Session& session, QWidget* window) {
  RunQueue& queue = queue_of(session);
  QList<QAction*> actions;
  const auto add = [&](const QString& text, const QKeySequence& keys, const QString& tip, auto action) {
    auto* made = new QAction(text, window);
    made->setShortcut(keys);
    made->setStatusTip(tip);
    QObject::connect(made, &QAction::triggered, window, action);
    actions.append(made);
    return made;
  };
  add(tr("New run…"), Qt::CTRL | Qt::Key_N, tr("Choose a model and its settings, and see at once what it takes"),
      [&session, window] { show_run_dialog(session, window); })
      ->setIcon(named_icon("run"));
  QAction* again = add(tr("Run again"), Qt::CTRL | Qt::Key_R, tr("The current run's own settings once more"),
                       [&queue] { queue.run_again(); });
  QAction* change = add(tr("Change and run…"), Qt::CTRL | Qt::SHIFT | Qt::Key_N,
                        tr("A new run with the current one's settings"), [&session, window] {
                          if (has_run(session))
                            show_run_dialog(session, window).set_spec(session.current_loaded()->recording.spec);
                        });
  QAction* cancel =
      add(tr("Cancel all runs"), {}, tr("Those that run and those that wait"), [&queue] { queue.cancel_all(); });
  add(tr("Program that makes runs…"), {}, tr("Where headroom is; whether it works"),
      [&queue, window] { show_program_dialog(queue, window); });
  const auto update = [&session, &queue, again, change, cancel] {
    const bool model = has_run(session) && !is_program(session.current_loaded()->recording.spec);
    again->setEnabled(has_run(session));
    change->setEnabled(model);
    cancel->setEnabled(queue.count(QueueState::running) + queue.count(QueueState::waiting) > 0);
  };
  QObject::connect(&session, &Session::current_changed, window, update);
  QObject::connect(&queue, &RunQueue::changed, window, update);
  update();
  return actions;
}

}  // namespace headroom::gui
