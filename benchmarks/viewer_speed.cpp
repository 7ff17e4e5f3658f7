// Prints what opening a recording in the viewer costs: seconds from the file to the first picture of its timeline,
// memory, and how long a frame takes while the timeline is zoomed and moved, 1600 × 600.
//
//   viewer_speed [EVENTS …]             by default 1,000,000 and 10,000,000: each is made up, written and opened
//   viewer_speed --open FILE            opens a recording that is there
//   viewer_speed --write FILE EVENTS    makes one up
//
// Every recording is opened in a process of its own, so that its memory is known.
#include <fmt/format.h>
#include <sys/resource.h>

#include <QApplication>
#include <QProcess>
#include <QTemporaryDir>
#include <algorithm>
#include <ctime>
#include <vector>

#include "benchmarks/made_up_recording.h"
#include "gui/views/timeline.h"
#include "gui/window/theme.h"
#include "recording/file.h"

namespace {

using namespace headroom;
using namespace headroom::gui;

constexpr QSize kCanvas{1600, 600};
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
  explicit Frames(TimelineCanvas& canvas) : canvas_(canvas), image_(kCanvas, QImage::Format_ARGB32_Premultiplied) {}

  template <class Act>
  void frame(Act act) {
    const double clock = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_THREAD_CPUTIME_ID);
    act();
    canvas_.render(&image_);
    clock_.push_back(1e3 * (seconds(CLOCK_MONOTONIC) - clock));
    processor_.push_back(1e3 * (seconds(CLOCK_THREAD_CPUTIME_ID) - processor));
  }

  void print() {
    fmt::print("  {} frames\n", clock_.size());
    print("by the clock", clock_);
    print("of the processor", processor_);
  }

 private:
  static void print(const char* what, std::vector<double>& ms) {
    std::sort(ms.begin(), ms.end());
    fmt::print("    {:<18} median {:.1f} ms, 99 of 100 below {:.1f} ms, worst {:.1f} ms\n", what, ms[ms.size() / 2],
               ms[ms.size() * 99 / 100], ms.back());
  }

  TimelineCanvas& canvas_;
  QImage image_;
  std::vector<double> clock_, processor_;
};

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

void measure_frames(Timeline& view, const char* what, const Json& state) {
  view.restore(state);
  TimelineCanvas& canvas = *view.canvas();
  canvas.zoom_to_fit();
  Frames frames(canvas);
  zoom_and_move(canvas, frames);
  fmt::print("  {}\n", what);
  frames.print();
}

int open_and_measure(const QString& path) {
  const double clock = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
  Session session;
  Timeline view(session, nullptr);
  view.resize(kCanvas.width(), kCanvas.height() + 50);
  view.canvas()->resize(kCanvas);
  session.open({path});
  while (session.is_loading()) QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
  const RunHandle run = session.current_loaded();
  if (!run) return fmt::print(stderr, "{}\n", session.runs()[0].message.toStdString()), 2;
  QImage image(kCanvas, QImage::Format_ARGB32_Premultiplied);
  view.canvas()->render(&image);
  fmt::print("  open to first picture: {:.2f} s by the clock, {:.2f} s of the processors\n",
             seconds(CLOCK_MONOTONIC) - clock, seconds(CLOCK_PROCESS_CPUTIME_ID) - processor);
  fmt::print("  {:.0f} MiB of memory at most, of these {:.1f} MiB to show any zoom\n", peak_memory_mib(),
             static_cast<double>(run->detail.memory_bytes()) / kMiB);
  measure_frames(view, "along events, by category", {{"axis", "event"}, {"stacking", "category"}});
  measure_frames(view, "along time, by layer", {{"axis", "time"}, {"stacking", "layer"}});
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
  if (arguments.size() == 2 && arguments[0] == QStringLiteral("--open")) return open_and_measure(arguments[1]);
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
