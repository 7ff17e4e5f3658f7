#include "gui/window/main_window.h"

#include <QAction>
#include <QActionGroup>
#include <QCloseEvent>
#include <QDockWidget>
#include <QListWidget>
#include <QMenu>
#include <QMimeData>
#include <QStackedWidget>
#include <QStatusBar>
#include <QVBoxLayout>

#include "base/error.h"
#include "gui/export/dialog.h"
#include "gui/window/help_panel.h"
#include "gui/window/icons.h"
#include "gui/window/messages.h"
#include "gui/window/notice.h"
#include "gui/window/page_frame.h"
#include "gui/window/run_list.h"
#include "gui/window/settings.h"
#include "gui/window/side_pane.h"
#include "gui/window/start_page.h"

namespace headroom::gui {
MainWindow::MainWindow(Session& session, Appearance* appearance, QWidget* parent)
    : QMainWindow(parent),
      session_(session),
      appearance_(appearance),
      kinds_(view_kinds()),
      views_(kinds_.size()),
      view_actions_(new QActionGroup(this)),
      run_list_(new RunList(session, this)),
      messages_(new Messages(this)) {
  setAcceptDrops(true);
  setDockNestingEnabled(true);
  statusBar()->addWidget(messages_, 1);
  make_actions();
  make_centre();
  help_ = new HelpPanel(this);
  make_menus();
  help_dock_ = add_dock("help", tr("Help on this view"), Qt::RightDockWidgetArea, help_);
  help_dock_->hide();
  connect(help_dock_, &QDockWidget::visibilityChanged, this, &MainWindow::explain_view);
  for (const auto signal : {&Session::runs_changed, &Session::current_changed})
    connect(&session_, signal, this, &MainWindow::follow_session);
  connect(&session_, &Session::run_changed, this, &MainWindow::follow_session);
  connect(&session_, &Session::runs_changed, this, [this] {
    if (session_.runs().empty()) show_start_page();
  });
  connect(&session_, &Session::opened, this, [](const QString& path) { Settings().remember_file(path); });
  resize(1280, 800);
  show_view(kinds_.front().id);
  follow_session();
  if (session_.runs().empty()) show_start_page();
}

// Docks tell when they are hidden, and Qt hides them when this is no MainWindow any more.
MainWindow::~MainWindow() {
  for (QObject* below : findChildren<QObject*>()) below->disconnect(this);
}

void MainWindow::make_centre() {
  start_ = new StartPage({actions_.open, actions_.open_session, actions_.continue_session}, this);
  connect(start_, &StartPage::file_wanted, this, [this](const QString& path) { open_files({path}); });
  frame_ = new PageFrame(session_, {actions_.help, actions_.export_view}, this);
  centre_ = new QStackedWidget;
  centre_->addWidget(frame_);
  centre_->addWidget(start_);
  notice_ = new Notice(this);
  auto* middle = new QWidget;
  auto* layout = new QVBoxLayout(middle);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(notice_);
  layout->addWidget(centre_, 1);
  sides_ = new SideSplitter(make_left(), middle);
  setCentralWidget(sides_);
}

SidePane* MainWindow::make_left() {
  navigation_ = new QListWidget;
  navigation_->setProperty("calm", true);
  navigation_->setAccessibleName(tr("Views"));
  navigation_->setIconSize({18, 18});
  navigation_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  for (const ViewKind& kind : kinds_) new QListWidgetItem(tinted_icon(kind.icon), kind.title, navigation_);
  connect(navigation_, &QListWidget::currentRowChanged, this, [this](int row) {
    if (row >= 0) show_view(kinds_[static_cast<std::size_t>(row)].id);
  });
  connect(navigation_, &QListWidget::itemClicked, this, [this](QListWidgetItem* item) {  // from the start page
    show_view(kinds_[static_cast<std::size_t>(navigation_->row(item))].id);
  });
  return new SidePane(run_list_, navigation_, this);
}

View* MainWindow::view_at(std::size_t index) {
  View*& view = views_[index];
  if (view != nullptr) return view;
  view = kinds_[index].make(session_, frame_);
  if (view->accessibleName().isEmpty()) view->setAccessibleName(kinds_[index].title);
  frame_->add_page(view);
  connect(view, &View::message, this, &MainWindow::say);
  connect(view, &View::view_wanted, this, &MainWindow::show_view);
  const auto state = states_.find(kinds_[index].id.toStdString());
  if (state == states_.end()) return view;
  view->restore(state->second);
  states_.erase(state);
  return view;
}

View* MainWindow::view(const QByteArray& id) {
  for (std::size_t i = 0; i < kinds_.size(); ++i)
    if (kinds_[i].id == id) return view_at(i);
  return nullptr;
}

void MainWindow::show_view(const QByteArray& id) {
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    if (kinds_[i].id != id) continue;
    current_id_ = id;
    frame_->show_page(view_at(i), kinds_[i].title);
    centre_->setCurrentWidget(frame_);
    const QSignalBlocker quiet(navigation_);
    navigation_->setCurrentRow(static_cast<int>(i));
    if (const auto actions = view_actions_->actions(); static_cast<int>(i) < actions.size())
      actions[static_cast<int>(i)]->setChecked(true);
    explain_view();
  }
}

void MainWindow::show_start_page() { centre_->setCurrentWidget(start_); }
bool MainWindow::shows_start_page() const { return centre_->currentWidget() == start_; }

void MainWindow::follow_session() {
  const SessionRun* run = session_.current_run();
  setWindowTitle(run == nullptr ? tr("Headroom") : tr("%1 – Headroom").arg(run->label));
  const bool any = !session_.runs().empty(), ready = !session_.ready_runs().empty();
  for (QAction* action : {actions_.save, actions_.save_as, actions_.close_all}) action->setEnabled(any);
  for (QAction* action : {actions_.export_view, actions_.export_all, actions_.html, actions_.json})
    action->setEnabled(ready);
  for (QAction* action : {actions_.compare, compare_menu_->menuAction()}) action->setEnabled(any);
  if (any && shows_start_page()) centre_->setCurrentWidget(frame_);
  explain_view();
  restore_when_loaded();
}

void MainWindow::explain_view() {
  if (help_dock_ == nullptr || !help_dock_->isVisible()) return;
  for (std::size_t i = 0; i < kinds_.size(); ++i)
    if (kinds_[i].id == current_id_) help_->explain(kinds_[i].title, *view_at(i));
}

QMenu* MainWindow::menu_for_runs() {
  run_menu_->menuAction()->setVisible(true);
  return run_menu_;
}

QDockWidget* MainWindow::add_dock(const QByteArray& id, const QString& title, Qt::DockWidgetArea area,
                                  QWidget* content) {
  auto* dock = new QDockWidget(title, this);
  dock->setObjectName(QString::fromLatin1(id));
  dock->setWidget(content);
  QList<QDockWidget*> beside;
  for (auto* other : findChildren<QDockWidget*>())
    if (other != dock && dockWidgetArea(other) == area) beside.append(other);
  addDockWidget(area, dock);
  if (!beside.isEmpty()) tabifyDockWidget(beside.front(), dock);
  docks_menu_->addAction(dock->toggleViewAction());
  restoreDockWidget(dock);
  return dock;
}

void MainWindow::set_filter_bar(QWidget* bar, std::function<void()> begin_typing) {
  begin_filter_ = std::move(begin_typing);
  frame_->set_filter_bar(bar);
}

void MainWindow::add_to_start_page(QAction* action) { start_->add_action(action); }

void MainWindow::say(const QString& message) { messages_->say(message); }

void MainWindow::complain(const QString& message) {
  say(message);
  notice_->show_text(message);
}

QStringList MainWindow::messages() const { return messages_->all(); }

QWidget* MainWindow::show_export(bool all_views) {
  std::vector<ExportChoice> choices;
  for (const ViewKind& kind : kinds_) choices.push_back({kind.id, kind.title, all_views || kind.id == current_id_});
  auto* dialog = new ExportDialog(
      choices, [this](const ExportItem& item) { return view(item.view); }, this, &session_);
  connect(dialog, &ExportDialog::message, this, &MainWindow::say);
  dialog->show();
  return dialog;
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile()) return event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  QStringList paths;
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile()) paths.append(url.toLocalFile());
  event->acceptProposedAction();
  open_files(paths);
}

void MainWindow::closeEvent(QCloseEvent* event) {
  remember_window();
  QMainWindow::closeEvent(event);
}

}  // namespace headroom::gui
