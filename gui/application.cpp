#include "gui/application.h"

#include <fmt/format.h>

#include <QApplication>
#include <QBuffer>
#include <QFile>
#include <QHashFunctions>
#include <QLocale>
#include <QLoggingCategory>
#include <QTemporaryDir>
#include <QThread>
#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "gui/command_line.h"
#include "gui/export/exporter.h"
#include "gui/export/stage.h"
#include "gui/running/fit_map.h"
#include "gui/running/run_actions.h"
#include "gui/running/run_dialog.h"
#include "gui/session/session_file.h"
#include "gui/window/appearance.h"
#include "gui/window/dialogs.h"
#include "gui/window/furnish.h"
#include "gui/window/icons.h"
#include "gui/window/main_window.h"
#include "gui/window/settings.h"
#include "gui/window/translation.h"
#include "virtual_gpu/catalog.h"

namespace headroom::gui {
namespace {

void complain(const std::string& message) { fmt::print(stderr, "headroom-viewer: {}\n", message); }

std::vector<std::string> view_ids() {
  std::vector<std::string> ids;
  for (const ViewKind& kind : view_kinds()) ids.push_back(kind.id.toStdString());
  return ids;
}

QStringList files_of(const CommandLine& line) {
  QStringList files;
  for (const std::string& file : line.files) files.append(QFile::decodeName(file.c_str()));
  return files;
}

void introduce() {
  QCoreApplication::setApplicationName(QStringLiteral("headroom-viewer"));
  QCoreApplication::setApplicationVersion(QStringLiteral(HEADROOM_VERSION));
  QGuiApplication::setDesktopFileName(QStringLiteral("headroom-viewer"));
  QApplication::setWindowIcon(application_icon());
}

// Without a window nobody needs a display, and nothing of the desktop's decides how a picture looks.
void choose_platform(const CommandLine& line) {
  const auto is_set = [](const char* name) { return !qEnvironmentVariableIsEmpty(name); };
  if (line.is_headless()) {
    if (!is_set("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    qputenv("DBUS_SESSION_BUS_ADDRESS", "disabled:");
    QHashSeed::setDeterministicGlobalSeed();                              // the order of fonts in a PDF
    QLoggingCategory::setFilterRules(QStringLiteral("*.warning=false"));  // what such a platform lacks is no news
  } else if (!is_set("QT_QPA_PLATFORM") && !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY")) {
    throw could_not_measure("there is no display to show a window on; --export FOLDER writes pictures without one");
  }
  if (!line.screenshot.empty()) qputenv("QT_SCALE_FACTOR", QByteArray::number(std::max(line.scale, 1.0)));
}

// Opens the files and waits until each is read; throws where one cannot be.
void open_all(Session& session, MainWindow& window, const CommandLine& line) {
  for (const std::string& file : line.files)
    if (is_session_file(QFile::decodeName(file.c_str()))) read_session_file(file);
  window.open_files(files_of(line));
  while (session.is_loading()) QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents | QEventLoop::AllEvents);
  for (const SessionRun& run : session.runs())
    if (run.state == RunState::failed) throw bad_input(run.message.toStdString());
  if (session.runs().empty() && !line.files.empty())
    throw bad_input(fmt::format("'{}' has no runs in it, expected a recording", line.files.front()));
}

std::vector<ExportItem> items_of(const CommandLine& line) {
  std::vector<ExportItem> items;
  for (const ViewKind& kind : view_kinds()) {
    const bool wanted = line.views.empty() ||
                        std::find(line.views.begin(), line.views.end(), kind.id.toStdString()) != line.views.end();
    for (const ExportFormat format : line.formats)
      if (wanted) items.push_back({kind.id, kind.title, format});
  }
  return items;
}

int export_views(QApplication& application, Session& session, MainWindow& window, const CommandLine& line) {
  require_writable_folder(line.export_folder);
  open_all(session, window, line);
  std::vector<ExportItem> items = items_of(line);
  std::optional<ExportStage> stage;
  if (session.ready_runs().size() > 1 && !line.first_run_only) {
    items = items_of_all_runs(session, items);
    stage.emplace(session, std::map<std::string, Json>());
  }
  Exporter exporter([&](const ExportItem& item) { return stage ? stage->view(item) : window.view(item.view); });
  QObject::connect(&exporter, &Exporter::finished, &application, [](const QString& error, int code) {
    if (!error.isEmpty()) complain(error.toStdString());
    QCoreApplication::exit(code);
  });
  exporter.start(std::move(items), line.export_folder, {line.size, line.scale, theme().dark});
  return QApplication::exec();
}

// For the sizes that are shown, on the GPU of the current run.
void find_what_fits(MainWindow& window) {
  window.show_view("fit");
  auto* map = qobject_cast<FitMap*>(window.current_view());
  if (map == nullptr || !map->search().has_spec()) return;
  map->search().start();
  for (int row = 0; row < map->batches().rowCount(); ++row)
    if ("virtual:" + map->batches().row(row).device->name == map->spec().device) map->batches().find(row);
}

QWidget* open_dialog(MainWindow& window, Session& session, const std::string& name) {
  if (name == "start") window.show_start_page();
  if (name == "export") return window.show_export(true);
  if (name == "commands") return window.show_commands();
  if (name == "shortcuts") return show_shortcuts(&window);
  if (name == "about") return show_about(&window);
  if (name == "help") window.show_help();
  if (name == "fit") find_what_fits(window);
  if (name != "run") return nullptr;
  RunDialog& dialog = show_run_dialog(session, &window);
  if (session.current_loaded()) dialog.set_spec(session.current_loaded()->recording.spec);
  return &dialog;
}

// Until nothing is computed any more and what was put off for the next turn is done; a dialog may wait for a run.
void let_settle(MainWindow& window, const QWidget* dialog) {
  constexpr int kMilliseconds = 10;
  const int turns = qobject_cast<const RunDialog*>(dialog) ? 400 : 30;
  for (int turn = 0; turn < turns || !window.current_view()->is_settled(); ++turn) {
    QCoreApplication::processEvents(QEventLoop::AllEvents, kMilliseconds);
    QThread::msleep(kMilliseconds);
  }
}

// In the middle of its window, with the frame that a desktop would give it.
void draw_over(QPixmap& picture, const QWidget& window, QWidget& dialog) {
  const QRect place(QPoint((window.width() - dialog.width()) / 2, (window.height() - dialog.height()) / 2),
                    dialog.size());
  QPainter painter(&picture);
  painter.fillRect(window.rect(), QColor(0, 0, 0, 70));
  painter.drawPixmap(place, dialog.grab());
  painter.setPen(theme().line);
  painter.drawRect(place.adjusted(-1, -1, 0, 0));
}

int take_screenshot(Session& session, MainWindow& window, const CommandLine& line) {
  open_all(session, window, line);
  window.show();
  QWidget* dialog = open_dialog(window, session, line.dialog);
  let_settle(window, dialog);
  QPixmap picture = window.grab();
  if (dialog != nullptr) draw_over(picture, window, *dialog);
  if (line.scale < 1)  // Qt draws no smaller
    picture =
        picture.scaled((QSizeF(picture.size()) * line.scale).toSize(), Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  picture.save(&buffer, "PNG");
  write_file(line.screenshot, {bytes.constData(), static_cast<std::size_t>(bytes.size())});
  return 0;
}

int show_window(MainWindow& window, const CommandLine& line) {
  window.recall_window();
  window.open_files(files_of(line));
  window.show();
  return QApplication::exec();
}

// In pictures English, unless another is asked for. Numbers are written as the words around them.
void speak(QApplication& application, const CommandLine& line) {
  const QLocale wanted = line.language.empty() ? QLocale() : QLocale(QString::fromStdString(line.language));
  QLocale::setDefault(QLocale(QLocale::English));
  if (line.language.empty() && line.is_headless()) return;
  if (install_translations(application, wanted)) return QLocale::setDefault(wanted);
  if (!line.language.empty() && line.language != "en")
    throw bad_input(fmt::format("--language is '{}', whose texts are not installed beside the viewer", line.language));
}

int run(int argc, char** argv) {
  const CommandLine line = parse_command_line(argc, argv, view_ids());
  if (!line.text.empty()) return fmt::print("{}", line.text), 0;
  choose_platform(line);
  int own_argc = 1;  // Qt's own flags are none of ours
  QApplication application(own_argc, argv);
  introduce();
  QApplication::setQuitOnLastWindowClosed(!line.is_headless());  // an export ends when it is done
  speak(application, line);
  const QTemporaryDir forgotten;
  if (line.is_headless()) Settings::keep_in(forgotten.path());
  const ThemeChoice remembered = line.is_headless() ? ThemeChoice::light : Settings().theme_choice();
  Appearance appearance(application, line.theme.value_or(remembered));
  Session session;
  MainWindow window(session, &appearance);
  furnish(window, session);
  if (!line.view.empty()) window.show_view(QByteArray::fromStdString(line.view));
  if (!line.is_headless()) return show_window(window, line);
  window.resize(line.size.toSize());
  return line.screenshot.empty() ? export_views(application, session, window, line)
                                 : take_screenshot(session, window, line);
}

}  // namespace

int run_viewer(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    complain(error.what());
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    complain("host memory ran out");
  } catch (const std::exception& error) {
    complain(fmt::format("unexpected failure: {}", error.what()));
  }
  return static_cast<int>(ExitCode::could_not_measure);
}

}  // namespace headroom::gui
