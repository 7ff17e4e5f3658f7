// The menus of the main window, and what their actions do.
#include <QActionGroup>
#include <QApplication>
#include <QDir>
#include <QDockWidget>
#include <QFileDialog>
#include <QFileInfo>
#include <QListWidget>
#include <QMenu>
#include <QMenuBar>

#include "base/error.h"
#include "base/file.h"
#include "gui/export/clipboard.h"
#include "gui/export/report.h"
#include "gui/views/text.h"
#include "gui/window/appearance.h"
#include "gui/window/command_palette.h"
#include "gui/window/dialogs.h"
#include "gui/window/icons.h"
#include "gui/window/main_window.h"
#include "gui/window/run_list.h"
#include "gui/window/settings.h"
#include "gui/window/side_pane.h"

namespace headroom::gui {
namespace {

constexpr double kZoomStep = 1.5;

QString files_filter() {
  return MainWindow::tr("Recordings and snapshots (*.headroom *.pickle);;Sessions (*.headroom-session);;All files (*)");
}

QString recordings_filter() { return MainWindow::tr("Recordings and snapshots (*.headroom *.pickle);;All files (*)"); }

// Alt and a digit for the first ten, with Shift for those after.
QKeySequence keys_of_view(int index) {
  const int digit = (index + 1) % 10;
  if (index >= 20) return {};
  return QKeySequence((index < 10 ? Qt::ALT : Qt::ALT | Qt::SHIFT) | static_cast<Qt::Key>(Qt::Key_0 + digit));
}

}  // namespace

QAction* MainWindow::new_action(const char* icon, const QString& text, const QKeySequence& keys,
                                void (MainWindow::*act)()) {
  auto* action = new QAction(text, this);
  if (*icon != '\0') action->setIcon(named_icon(icon));
  action->setShortcut(keys);
  if (act != nullptr) connect(action, &QAction::triggered, this, act);
  return action;
}

void MainWindow::make_actions() {
  using W = MainWindow;
  actions_.open = new_action("open", tr("&Open…"), QKeySequence::Open, &W::ask_for_files);
  actions_.compare = new_action("comparison", tr("Compare &with…"), Qt::CTRL | Qt::Key_D, &W::ask_for_comparison);
  actions_.compare->setToolTip(tr("Opens another recording and shows how it differs from the current run."));
  actions_.open_session =
      new_action("session", tr("Open &session…"), Qt::CTRL | Qt::SHIFT | Qt::Key_O, &W::ask_for_session);
  actions_.continue_session = new_action("recent", tr("&Continue last session"), {}, &W::continue_session);
  actions_.continue_session->setVisible(QFileInfo::exists(last_session_path()));
  actions_.save = new_action("", tr("Sa&ve session"), QKeySequence::Save, &W::save);
  actions_.save_as = new_action("", tr("Save session &as…"), Qt::CTRL | Qt::SHIFT | Qt::Key_S, &W::save_as);
  actions_.export_view = new_action("export", tr("&Export view…"), Qt::CTRL | Qt::Key_E, &W::export_view);
  actions_.export_view->setIconText(tr("Export"));
  actions_.export_all = new_action("", tr("Export a&ll…"), Qt::CTRL | Qt::SHIFT | Qt::Key_E, &W::export_all);
  actions_.html = new_action("", tr("Report as &HTML…"), {}, &W::report_html);
  actions_.json = new_action("", tr("Report as &JSON…"), {}, &W::report_json);
  actions_.close_all = new_action("", tr("Close all r&uns"), Qt::CTRL | Qt::SHIFT | Qt::Key_W, {});
  actions_.find = new_action("", tr("&Find"), QKeySequence::Find, &W::find);
  actions_.filter = new_action("", tr("Fi&lter"), Qt::CTRL | Qt::SHIFT | Qt::Key_F, &W::focus_filter);
  actions_.commands = new_action("", tr("Co&mmands…"), Qt::CTRL | Qt::Key_K, {});
  actions_.zoom_in = new_action("", tr("Zoom &in"), QKeySequence::ZoomIn, &W::zoom_in);
  actions_.zoom_out = new_action("", tr("Zoom &out"), QKeySequence::ZoomOut, &W::zoom_out);
  actions_.zoom_fit = new_action("", tr("Show a&ll"), Qt::CTRL | Qt::Key_0, &W::zoom_fit);
  actions_.zoom_undo = new_action("", tr("&Back to the zoom before"), Qt::ALT | Qt::Key_Left, &W::zoom_undo);
  actions_.help = new_action("help", tr("Help on this &view"), Qt::Key_F1, &W::toggle_help);
  actions_.help->setIconText(tr("Help"));
  actions_.start = new_action("", tr("Start pa&ge"), Qt::ALT | Qt::Key_Home, &W::show_start_page);
  connect(actions_.close_all, &QAction::triggered, &session_, &Session::close_all);
  connect(actions_.commands, &QAction::triggered, this, &W::show_commands);
}

void MainWindow::make_menus() {
  make_file_menu();
  make_edit_menu();
  make_view_menu();
  run_menu_ = menuBar()->addMenu(tr("&Run"));
  run_menu_->menuAction()->setVisible(false);  // until something runs from here
  make_help_menu();
}

void MainWindow::make_file_menu() {
  QMenu* file = menuBar()->addMenu(tr("&File"));
  file->addAction(actions_.open);
  file->addAction(actions_.open_session);
  file->addAction(actions_.continue_session);
  QMenu* recent = file->addMenu(named_icon("recent"), tr("Open &recent"));
  connect(recent, &QMenu::aboutToShow, this, [this, recent] { fill_recent(recent); });
  file->addSeparator();
  file->addAction(actions_.compare);
  compare_menu_ = file->addMenu(named_icon("diff"), tr("Compare with recen&t"));
  connect(compare_menu_, &QMenu::aboutToShow, this, [this] { fill_compare(compare_menu_); });
  file->addSeparator();
  file->addAction(actions_.save);
  file->addAction(actions_.save_as);
  file->addSeparator();
  for (QAction* action : {actions_.export_view, actions_.export_all, actions_.html, actions_.json})
    file->addAction(action);
  file->addSeparator();
  const RunList::Actions& run = run_list_->actions_of_run();
  for (QAction* action : {run.rename, run.baseline, run.reload, run.show_in_folder, run.close}) file->addAction(action);
  file->addAction(actions_.close_all);
  file->addSeparator();
  QAction* quit = file->addAction(tr("&Quit"), QKeySequence(Qt::CTRL | Qt::Key_Q), this, &QWidget::close);
  quit->setMenuRole(QAction::QuitRole);
}

void MainWindow::add_recent(QMenu* menu, bool sessions, const std::function<void(const QString& path)>& open) {
  menu->clear();
  for (const QString& path : Settings().recent_files()) {
    if (is_session_file(path) && !sessions) continue;
    QAction* action = menu->addAction(QDir::toNativeSeparators(path).replace('&', QStringLiteral("&&")), this,
                                      [open, path] { open(path); });
    action->setEnabled(QFileInfo::exists(path));
  }
}

// The current run is in that list as well, and differs from itself in nothing.
void MainWindow::fill_compare(QMenu* menu) {
  add_recent(menu, false, [this](const QString& path) { compare_with({path}); });
  for (QAction* action : menu->actions())
    if (const SessionRun* run = session_.current_run(); run != nullptr && action->text() == run->path)
      menu->removeAction(action);
  if (menu->isEmpty()) menu->addAction(tr("No other file was opened lately"))->setEnabled(false);
}

void MainWindow::fill_recent(QMenu* menu) {
  add_recent(menu, true, [this](const QString& path) { open_files({path}); });
  menu->addSeparator();
  menu->addAction(tr("&Forget these"), this, [] { Settings().forget_files(); });
}

void MainWindow::make_edit_menu() {
  QMenu* edit = menuBar()->addMenu(tr("&Edit"));
  edit->addAction(new_action("", tr("Copy as &table"), Qt::CTRL | Qt::SHIFT | Qt::Key_C, &MainWindow::copy_table));
  edit->addAction(new_action("", tr("Copy as &picture"), Qt::CTRL | Qt::ALT | Qt::Key_C, &MainWindow::copy_picture));
  edit->addSeparator();
  edit->addAction(actions_.find);
  edit->addAction(actions_.filter);
  edit->addAction(tr("Filter &nothing"), this, [this] { session_.selection().set_filter({}); });
  edit->addAction(tr("&Choose nothing"), this, [this] { session_.selection().clear(); });
  edit->addSeparator();
  edit->addAction(actions_.commands);
}

void MainWindow::make_view_menu() {
  QMenu* view = menuBar()->addMenu(tr("&View"));
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    QAction* action = view->addAction(tinted_icon(kinds_[i].icon), kinds_[i].title);
    action->setCheckable(true);
    action->setShortcut(keys_of_view(static_cast<int>(i)));
    view_actions_->addAction(action);
    connect(action, &QAction::triggered, this, [this, id = kinds_[i].id] { show_view(id); });
    navigation_->item(static_cast<int>(i))
        ->setToolTip(
            QStringLiteral("%1  %2").arg(kinds_[i].title, action->shortcut().toString(QKeySequence::NativeText)));
  }
  view->addAction(actions_.start);
  view->addAction(new_action("", tr("&Next run"), Qt::CTRL | Qt::Key_PageDown, &MainWindow::next_run));
  view->addAction(new_action("", tr("Pre&vious run"), Qt::CTRL | Qt::Key_PageUp, &MainWindow::previous_run));
  view->addSeparator();
  for (QAction* action : {actions_.zoom_in, actions_.zoom_out, actions_.zoom_fit, actions_.zoom_undo})
    view->addAction(action);
  view->addSeparator();
  view->addAction(new_action("", tr("&Runs and views"), Qt::Key_F9, &MainWindow::toggle_side));
  docks_menu_ = view->addMenu(tr("&Panels"));
  make_theme_menu(view->addMenu(tr("&Colours")));
  view->addAction(new_action("", tr("&Full screen"), Qt::Key_F11, &MainWindow::toggle_full_screen));
}

void MainWindow::make_theme_menu(QMenu* menu) {
  auto* group = new QActionGroup(this);
  const ThemeChoice chosen = appearance_ == nullptr ? ThemeChoice::system : appearance_->choice();
  for (const auto& [choice, text] :
       {std::pair{ThemeChoice::system, tr("As the &system")}, std::pair{ThemeChoice::light, tr("&Light")},
        std::pair{ThemeChoice::dark, tr("&Dark")}}) {
    QAction* action = menu->addAction(text);
    action->setCheckable(true);
    action->setChecked(choice == chosen);
    group->addAction(action);
    connect(action, &QAction::triggered, this, [this, choice = choice] {
      if (appearance_ != nullptr) appearance_->choose(choice);
      Settings().set_theme_choice(choice);
    });
  }
}

void MainWindow::make_help_menu() {
  QMenu* help = menuBar()->addMenu(tr("&Help"));
  help->addAction(actions_.help);
  help->addAction(tr("Keyboard &shortcuts"), QKeySequence(tr("Ctrl+?")), this, [this] { show_shortcuts(this); });
  help->addSeparator();
  help->addAction(tr("&About Headroom"), this, [this] { show_about(this); });
}

void MainWindow::ask_for_files() {
  Settings settings;
  const QStringList paths =
      QFileDialog::getOpenFileNames(this, tr("Open recordings"), settings.last_folder(), files_filter());
  if (paths.isEmpty()) return;
  settings.set_last_folder(QFileInfo(paths.front()).absolutePath());
  open_files(paths);
}

void MainWindow::ask_for_comparison() {
  Settings settings;
  const QStringList paths = QFileDialog::getOpenFileNames(
      this, tr("Compare %1 with").arg(session_.current_run()->label), settings.last_folder(), recordings_filter());
  if (paths.isEmpty()) return;
  settings.set_last_folder(QFileInfo(paths.front()).absolutePath());
  compare_with(paths);
}

void MainWindow::ask_for_session() {
  const QString path = QFileDialog::getOpenFileName(this, tr("Open a session"), Settings().last_folder(),
                                                    tr("Sessions (*.headroom-session);;All files (*)"));
  if (!path.isEmpty()) open_session(path);
}

void MainWindow::export_view() { show_export(false); }
void MainWindow::export_all() { show_export(true); }
void MainWindow::report_html() { write_report(ReportFormat::html); }
void MainWindow::report_json() { write_report(ReportFormat::json); }

void MainWindow::write_report(ReportFormat format) {
  const QString ending = format == ReportFormat::html ? QStringLiteral("html") : QStringLiteral("json");
  const QString path = QFileDialog::getSaveFileName(this, tr("Write the report"),
                                                    Settings().last_folder() + QStringLiteral("/report.") + ending,
                                                    QStringLiteral("*.%1").arg(ending));
  if (path.isEmpty()) return;
  say(tr("writing %1…").arg(QDir::toNativeSeparators(path)));
  report_.start(
      [input = report_input(session_), format, path](const std::atomic<bool>&) -> QString {
        try {
          write_file(path.toStdString(), report_text(input, format));
          return {};
        } catch (const std::exception& error) {
          return QString::fromUtf8(error.what());
        }
      },
      [this, path](const QString& error) {
        error.isEmpty() ? say(tr("wrote %1").arg(QDir::toNativeSeparators(path))) : complain(error);
      });
}

void MainWindow::copy_table() {
  copy_as_table(*current_view()->table());
  say(tr("copied the table; its rows: %1").arg(count_text(current_view()->table()->rowCount())));
}

void MainWindow::copy_picture() {
  try {
    copy_as_picture(*current_view());
    say(tr("copied the picture"));
  } catch (const Error& error) {
    complain(QString::fromUtf8(error.what()));
  }
}

void MainWindow::find() {
  if (!current_view()->begin_find()) focus_filter();
}

void MainWindow::focus_filter() {
  if (begin_filter_ && current_view()->uses_filter())
    begin_filter_();
  else
    say(tr("there is nothing to find in this view"));
}

void MainWindow::zoom_in() { current_view()->zoom_by(kZoomStep); }
void MainWindow::zoom_out() { current_view()->zoom_by(1 / kZoomStep); }
void MainWindow::zoom_fit() { current_view()->zoom_to_fit(); }
void MainWindow::zoom_undo() { current_view()->undo_zoom(); }
void MainWindow::toggle_full_screen() { setWindowState(windowState() ^ Qt::WindowFullScreen); }

void MainWindow::next_run() { session_.set_current(session_.current() + 1); }
void MainWindow::previous_run() { session_.set_current(session_.current() - 1); }
void MainWindow::toggle_side() { sides_->toggle_rail(); }
void MainWindow::toggle_help() { help_dock_->isVisible() ? help_dock_->hide() : show_help(); }

void MainWindow::show_help() {
  help_dock_->show();
  help_dock_->raise();
  explain_view();
}

QWidget* MainWindow::show_commands() {
  std::vector<Command> commands;
  for (QAction* action : findChildren<QAction*>()) {
    const QString text = QString(action->text()).remove('&');
    if (action->isEnabled() && action->isVisible() && !text.isEmpty() && action->menu() == nullptr &&
        action != actions_.commands)
      commands.push_back({text, action->shortcut().toString(QKeySequence::NativeText), action->icon(),
                          [action] { action->trigger(); }});
  }
  for (std::size_t i = 0; i < session_.runs().size(); ++i)
    if (const SessionRun& run = session_.runs()[i]; static_cast<int>(i) != session_.current())
      commands.push_back({tr("Compare with: %1").arg(run.label), summary_line(run), named_icon("comparison"),
                          [this, path = run.path] { compare_with({path}); }});
  for (const SessionRun& run : session_.runs())
    commands.push_back({tr("Run: %1").arg(run.label), summary_line(run), named_icon("run"),
                        [this, path = run.path] { session_.open({path}); }});
  if (const RunHandle run = session_.current_loaded())
    for (const Layer& layer : run->breakdown.layers)
      commands.push_back({tr("Layer: %1").arg(to_text(layer.path)), {}, named_icon("layers"), [this, id = layer.id] {
                            session_.selection().choose_layer(id);
                          }});
  auto* palette = new CommandPalette(std::move(commands), this);
  palette->show();
  return palette;
}

}  // namespace headroom::gui
