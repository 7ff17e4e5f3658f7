// write_documents FOLDER: NAME.json and NAME.html of every made-up report, fragmentation/NAME.json and
// fit/NAME.json, for the tests that read them from outside.
#include <filesystem>

#include "base/file.h"
#include "tests/reports/fit_sample.h"
#include "tests/reports/fragmentation_sample.h"
#include "tests/reports/synthetic.h"

int main(int, char** argv) {
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder / "fragmentation");
  headroom::write_file(folder / "fragmentation" / "pinned.json",
                       headroom::write_fragmentation_json(headroom::synthetic::pinned_segments()));
  std::filesystem::create_directories(folder / "fit");
  headroom::write_file(folder / "fit" / "two-devices.json",
                       headroom::write_fit_json(headroom::synthetic::two_devices()));
  for (const auto& [name, report] : headroom::synthetic::all_reports()) {
    headroom::write_file(folder / (name + ".json"), headroom::write_json(report));
    headroom::write_file(folder / (name + ".html"), headroom::write_html(report));
  }
}
