// The window: the open runs and the views on the left, one view beside them, what is chosen on the right, messages
// below. A view is made when it is first wanted.
#pragma once

#include <QMainWindow>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gui/session/session.h"
#include "gui/session/session_file.h"
#include "gui/views/background.h"
#include "gui/views/view.h"

class QActionGroup;
class QListWidget;
class QStackedWidget;

namespace headroom::gui {

class Appearance;
class HelpPanel;
class Messages;
class Notice;
class PageFrame;
class RunList;
class SidePane;
class SideSplitter;
class StartPage;
enum class ReportFormat;

class MainWindow : public QMainWindow {
  Q_OBJECT

 public:
  // Without an Appearance the theme stays what it is.
  explicit MainWindow(Session& session, Appearance* appearance = nullptr, QWidget* parent = nullptr);
  ~MainWindow() override;

  View* view(const QByteArray& id);  // nullptr: there is none
  View* current_view() { return view(current_id_); }
  void show_view(const QByteArray& id);
  void show_start_page();
  bool shows_start_page() const;

  // Where parts of their own find room. A dock's id is what its place is remembered by.
  QMenu* menu_for_runs();
  QDockWidget* add_dock(const QByteArray& id, const QString& title, Qt::DockWidgetArea area, QWidget* content);
  void set_filter_bar(QWidget* bar, std::function<void()> begin_typing);
  void add_to_start_page(QAction* action);

  void open_files(const QStringList& paths);  // recordings, snapshots, sessions, folders with recordings
  void compare_with(
      const QStringList& paths);           // opens them with the current run as the baseline, and shows what differs
  void open_session(const QString& path);  // what is wrong with it is said, and nothing is closed
  bool save_session(const QString& path);
  QStringList messages() const;

  void recall_window();  // where it was and how it was arranged when it was closed

  void say(const QString& message);       // a line in the status bar
  void complain(const QString& message);  // and above the page, until it is closed

  QWidget* show_export(bool all_views);
  QWidget* show_commands();
  void show_help();

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  struct Actions {
    QAction *open, *compare, *open_session, *continue_session, *save, *save_as, *export_view, *export_all, *html, *json,
        *close_all, *find, *filter, *zoom_in, *zoom_out, *zoom_fit, *zoom_undo, *commands, *help, *start;
  };

  void make_actions();
  void make_menus();
  void make_file_menu();
  void make_edit_menu();
  void make_view_menu();
  void make_theme_menu(QMenu* menu);
  void make_help_menu();
  void make_centre();
  SidePane* make_left();
  void fill_recent(QMenu* menu);
  void fill_compare(QMenu* menu);
  void add_recent(QMenu* menu, bool sessions, const std::function<void(const QString& path)>& open);
  QAction* new_action(const char* icon, const QString& text, const QKeySequence& keys, void (MainWindow::*act)());

  View* view_at(std::size_t index);
  void follow_session();
  void ask_for_files();
  void ask_for_comparison();
  void ask_for_session();
  void continue_session();
  void save();
  void save_as();
  void export_view();
  void export_all();
  void report_html();
  void report_json();
  void write_report(ReportFormat format);
  void copy_table();
  void copy_picture();
  void find();
  void focus_filter();
  void zoom_in();
  void zoom_out();
  void zoom_fit();
  void zoom_undo();
  void toggle_full_screen();
  void toggle_help();
  void toggle_side();
  void next_run();
  void previous_run();
  void explain_view();

  SavedSession saved();
  void restore(const SavedSession& saved);
  void restore_when_loaded();
  void remember_window();

  Session& session_;
  Appearance* appearance_;
  std::vector<ViewKind> kinds_;
  std::vector<View*> views_;  // of each kind; nullptr until it is wanted
  QByteArray current_id_;
  std::map<std::string, Json> states_;  // of views that are not made yet
  std::optional<SavedSession> restoring_;
  Json unknown_ = Json::object();  // what else the session file held
  QString session_path_;
  Actions actions_{};
  QActionGroup* view_actions_;
  QMenu* run_menu_ = nullptr;
  QMenu* docks_menu_ = nullptr;
  QMenu* compare_menu_ = nullptr;
  RunList* run_list_ = nullptr;
  QListWidget* navigation_ = nullptr;
  SideSplitter* sides_ = nullptr;
  QStackedWidget* centre_ = nullptr;
  StartPage* start_ = nullptr;
  PageFrame* frame_ = nullptr;
  std::function<void()> begin_filter_;
  Notice* notice_ = nullptr;
  Messages* messages_ = nullptr;
  HelpPanel* help_ = nullptr;
  QDockWidget* help_dock_ = nullptr;
  Background report_;
};

}  // namespace headroom::gui
