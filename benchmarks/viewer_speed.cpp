// Prints what opening a recording or a snapshot in the viewer costs: seconds to read it and from the file to the first
// picture of its timeline, memory, and how long a frame takes while timeline, memory map and treemap are zoomed, moved
// and pointed at, 1600 × 600.
//
//   viewer_speed [EVENTS …]             by default 1,000,000 and 10,000,000: each is made up, written and opened
//   viewer_speed --open FILE [W H]      opens a recording that is there; W and H: of the canvas, logical pixels
//   viewer_speed --write FILE EVENTS    makes one up
//   viewer_speed --read FILE            only reads a recording or a snapshot of PyTorch's
//
// Every recording is opened in a process of its own, so that its memory is known. QT_SCALE_FACTOR scales, as always.
#include <fmt/format.h>
#include <sys/resource.h>

#include <QApplication>
#include <QMouseEvent>
#include <QProcess>
#include <QTemporaryDir>
#include <algorithm>
#include <ctime>
#include <vector>

#include "benchmarks/made_up_recording.h"
#include "gui/views/map_canvas.h"
#include "gui/views/memory_map.h"
#include "gui/views/timeline.h"
#include "gui/views/treemap.h"
#include "gui/views/treemap_canvas.h"
#include "gui/window/theme.h"
#include "recording/file.h"
#include "recording/snapshot/open.h"

namespace {

using namespace headroom;
using namespace headroom::gui;

constexpr double kMiB = 1024.0 * 1024;

double seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double peak_memory_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// One frame: what the user does, and the picture after it.
class Frames {
 public:
  explicit Frames(QWidget& canvas)
      : canvas_(canvas), image_(canvas.size() * canvas.devicePixelRatioF(), QImage::Format_RGB32) {
    image_.setDevicePixelRatio(canvas.devicePixelRatioF());
    image_.fill(Qt::black);  // a window has its memory before
  }

  template <class Act>
  void frame(Act act) {
    change([&] {
      act();
      canvas_.render(&image_);
    });
  }

  // The same as the window of `canvas` has it.
  template <class Act>
  void shown(Act act) {
    change([&] {
      act();
      QCoreApplication::processEvents();
    });
  }

  // What `act` itself paints.
  template <class Act>
  void change(Act act) {
    const double clock = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_THREAD_CPUTIME_ID);
    act();
    clock_.push_back(1e3 * (seconds(CLOCK_MONOTONIC) - clock));
    processor_.push_back(1e3 * (seconds(CLOCK_THREAD_CPUTIME_ID) - processor));
  }

  void print(const char* what) {
    fmt::print("  {}: {} frames\n", what, clock_.size());
    print("by the clock", clock_);
    print("of the processor", processor_);
    std::fflush(stdout);
  }

 private:
  static void print(const char* what, std::vector<double>& ms) {
    std::sort(ms.begin(), ms.end());
    const auto late = std::count_if(ms.begin(), ms.end(), [](double frame) { return frame > 16; });
    fmt::print("    {:<18} median {:.1f} ms, 99 of 100 below {:.1f} ms, worst {:.1f} ms, above 16 ms: {}\n", what,
               ms[ms.size() / 2], ms[ms.size() * 99 / 100], ms.back(), late);
  }

  QWidget& canvas_;
  QImage image_;
  std::vector<double> clock_, processor_;
};

// A frame as the window has it: what was asked to be painted anew, and no more.
void point_at_all(QWidget& canvas, const char* what) {
  canvas.window()->show();
  QCoreApplication::processEvents();
  Frames pointed(canvas);
  for (int i = 1; i < 200; ++i)
    pointed.shown([&] {
      const QPointF at(canvas.width() * i / 200.0, canvas.height() * (0.2 + 0.6 * (i % 20) / 20.0));
      QMouseEvent move(QEvent::MouseMove, at, canvas.mapToGlobal(at), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
      QApplication::sendEvent(&canvas, &move);
    });
  pointed.print(what);
}

// Down to single events at several places, along at every depth, and out again.
void zoom_and_move(TimelineCanvas& canvas, Frames& frames) {
  const auto [first, last] = whole_axis(canvas.scene());
  for (const double place : {0.1, 0.5, 0.93}) {
    const double around = first + (last - first) * place;
    canvas.zoom_to_fit();
    for (int depth = 0; depth < 24; ++depth) {
      frames.frame([&] { canvas.zoom_by(1.8, around, false); });
      for (int move = 0; move < 4; ++move)
        frames.frame([&] {
          const TimelineScene& s = canvas.scene();
          const double by = (s.to - s.from) / 50;
          canvas.show_range(s.from + by, s.to + by, false);
        });
    }
    for (int depth = 0; depth < 24; ++depth) frames.frame([&] { canvas.zoom_by(1 / 1.8, {}, false); });
  }
}

void measure_timeline(Timeline& view, const char* what, const Json& state) {
  view.restore(state);
  TimelineCanvas& canvas = *view.canvas();
  canvas.zoom_to_fit();
  Frames frames(canvas);
  zoom_and_move(canvas, frames);
  frames.print(what);
  canvas.zoom_to_fit();
  point_at_all(canvas, fmt::format("{}, pointed at", what).c_str());
}

void wait_for(const View& view) {
  while (!view.is_settled()) QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
}

// While it zooms or moves the map shows the picture that it has; the exact one follows from another thread. Of both
// kinds of frame the time of this thread counts, of the latter also how long it was awaited.
class MapFrames {
 public:
  MapFrames(MemoryMapView& view, MapCanvas& canvas) : view_(view), canvas_(canvas), at_once_(canvas), exact_(canvas) {}

  template <class Act>
  void frame(Act act) {
    at_once_.change([&] {
      act();
      canvas_.repaint();
    });
    exact_.shown([&] { wait_for(view_); });
  }
  void print(const char* what) {
    at_once_.print(fmt::format("memory map, {}, at once", what).c_str());
    exact_.print(fmt::format("memory map, {}, exact (by the clock: with the wait for it)", what).c_str());
  }

 private:
  MemoryMapView& view_;
  MapCanvas& canvas_;
  Frames at_once_, exact_;
};

void zoom_map(MapCanvas& canvas, MapFrames& frames, double place) {
  const auto zoom = [&](double factor, double across, double upwards) {
    MapWindow w = canvas.window();
    const double event = w.from_event + (w.to_event - w.from_event) * across,
                 bytes = w.from_bytes + (w.to_bytes - w.from_bytes) * upwards;
    const double events = (w.to_event - w.from_event) / factor, height = (w.to_bytes - w.from_bytes) / factor;
    w = {event - events * across, event + events * (1 - across), bytes - height * upwards,
         bytes + height * (1 - upwards)};
    canvas.look_at(w, false);
  };
  for (int depth = 0; depth < 10; ++depth) {
    frames.frame([&] { zoom(1.8, place, place); });
    frames.frame([&] {
      MapWindow w = canvas.window();
      const double by = (w.to_event - w.from_event) / 50;
      w.from_event += by, w.to_event += by;
      canvas.look_at(w, false);
    });
  }
  for (int depth = 0; depth < 10; ++depth) frames.frame([&] { zoom(1 / 1.8, place, place); });
}

void measure_map(Session& session, QSize size, const char* what, const char* layout) {
  MemoryMapView view(session, nullptr);
  view.resize(size);
  view.restore({{"layout", layout}});
  view.show();
  wait_for(view);
  MapCanvas& canvas = *view.findChild<MapCanvas*>();
  MapFrames frames(view, canvas);
  for (const double place : {0.1, 0.5, 0.93}) {
    canvas.fit();
    wait_for(view);
    zoom_map(canvas, frames, place);
  }
  frames.print(what);
  canvas.fit();
  wait_for(view);
  point_at_all(canvas, fmt::format("memory map, {}, pointed at", what).c_str());
}

// Every node with children is entered, with the pointer over each part of it.
void measure_treemap(Session& session, QSize size) {
  TreemapView view(session, nullptr);
  view.resize(size);
  view.show();
  wait_for(view);
  TreemapCanvas& canvas = *view.findChild<TreemapCanvas*>();
  Frames entered(canvas), pointed(canvas);
  const auto of = canvas.scene().of;
  for (std::uint32_t node = 0; node < of->tree.nodes.size() && node < 200; ++node) {
    if (of->tree.nodes[node].children.empty()) continue;
    entered.shown([&] { Q_EMIT canvas.root_wanted(node); });
    for (int i = 1; i < 4; ++i)
      pointed.shown([&] {
        const QPointF at(canvas.width() * i / 4.0, canvas.height() * i / 4.0);
        QMouseEvent move(QEvent::MouseMove, at, canvas.mapToGlobal(at), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
        QApplication::sendEvent(&canvas, &move);
      });
  }
  entered.print(fmt::format("treemap of {} parts, entered", of->tree.nodes.size()).c_str());
  pointed.print("treemap, pointed at");
}

void measure_reading(const QString& path) {
  const double clock = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
  const Recording recording = open_recording(path.toStdString());
  fmt::print("  read: {} events, {:.2f} s by the clock, {:.2f} s of the processors, {:.0f} MiB of memory at most\n",
             recording.events.size(), seconds(CLOCK_MONOTONIC) - clock, seconds(CLOCK_PROCESS_CPUTIME_ID) - processor,
             peak_memory_mib());
}

int open_and_measure(const QString& path, QSize size) {
  const double clock = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
  Session session;
  Timeline view(session, nullptr);
  view.resize(size.width(), size.height() + 50);
  view.canvas()->resize(size);
  session.open({path});
  while (session.is_loading()) QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
  const RunHandle run = session.current_loaded();
  if (!run) return fmt::print(stderr, "{}\n", session.runs()[0].message.toStdString()), 2;
  Frames first(*view.canvas());
  first.frame([] {});
  fmt::print("  open to first picture: {:.2f} s by the clock, {:.2f} s of the processors\n",
             seconds(CLOCK_MONOTONIC) - clock, seconds(CLOCK_PROCESS_CPUTIME_ID) - processor);
  fmt::print("  {:.0f} MiB of memory at most, of these {:.1f} MiB to show any zoom\n", peak_memory_mib(),
             static_cast<double>(run->detail.memory_bytes()) / kMiB);
  measure_timeline(view, "timeline along events, by category", {{"axis", "event"}, {"stacking", "category"}});
  measure_timeline(view, "timeline along time, by layer", {{"axis", "time"}, {"stacking", "layer"}});
  measure_map(session, size, "packed", "packed");
  measure_map(session, size, "by address", "address");
  measure_treemap(session, size);
  return 0;
}

int make_and_open(std::size_t events) {
  const QTemporaryDir folder;
  const QString path = folder.filePath(QStringLiteral("made-up.headroom"));
  write_recording(path.toStdString(), benchmarks::MadeUpRecording().make(events, 0));
  fmt::print("{} events\n", events);
  std::fflush(stdout);
  return QProcess::execute(QCoreApplication::applicationFilePath(), {QStringLiteral("--open"), path});
}

}  // namespace

int main(int argc, char** argv) {
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  set_theme(application, ThemeChoice::light);
  QStringList arguments = QApplication::arguments().mid(1);
  if (arguments.size() == 2 && arguments[0] == QStringLiteral("--open"))
    arguments << "1600"
              << "600";
  if (arguments.size() == 2 && arguments[0] == QStringLiteral("--read")) return measure_reading(arguments[1]), 0;
  if (arguments.size() == 4 && arguments[0] == QStringLiteral("--open"))
    return open_and_measure(arguments[1], QSize(arguments[2].toInt(), arguments[3].toInt()).expandedTo({400, 300}));
  if (arguments.size() == 3 && arguments[0] == QStringLiteral("--write")) {
    write_recording(arguments[1].toStdString(), benchmarks::MadeUpRecording().make(arguments[2].toULongLong(), 0));
    return 0;
  }
  if (arguments.isEmpty()) arguments = {QStringLiteral("1000000"), QStringLiteral("10000000")};
  for (const QString& argument : arguments) {
    bool is_number = false;
    const qulonglong events = argument.toULongLong(&is_number);
    if (!is_number || events == 0)
      return fmt::print(stderr, "viewer_speed: '{}' is no number of events above 0\n", argument.toStdString()), 2;
    if (const int failed = make_and_open(events)) return failed;
  }
  return 0;
}
