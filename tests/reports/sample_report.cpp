// sample_report FORMAT WIDTH [RECORDING …]: prints a report of the recordings, or of made-up runs where none is named,
// to look at a writer's output. FORMAT: terminal | color | json | html.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "recording/file.h"
#include "tests/reports/synthetic.h"

namespace headroom {
namespace {

Report report_of_files(int count, char** paths) {
  Report report;
  report.headroom_version = "0.1.0";
  std::vector<Breakdown> runs;
  for (int i = 0; i < count; ++i) {
    const Recording recording = read_recording(paths[i]);
    runs.push_back(make_breakdown(recording, std::filesystem::path(paths[i]).stem().string()));
    report.runs.push_back({runs.back(), make_timeline(recording, runs.back(), 4000)});
  }
  if (count > 1) report.comparison = compare(runs, 0);
  return report;
}

std::string write(const Report& report, const std::string& format, int width) {
  if (format == "json") return write_json(report);
  if (format == "html") return write_html(report);
  return write_terminal(report, {width, format == "color"});
}

}  // namespace
}  // namespace headroom

int main(int argc, char** argv) {
  const std::string format = argc > 1 ? argv[1] : "terminal";
  const int width = argc > 2 ? std::atoi(argv[2]) : 100;
  const headroom::Report report =
      argc > 3 ? headroom::report_of_files(argc - 3, argv + 3) : headroom::synthetic::seven_variants();
  const std::string text = headroom::write(report, format, width);
  std::fwrite(text.data(), 1, text.size(), stdout);
}
