// write_documents FOLDER: NAME.json, NAME.html and NAME.tables/ (CSV, SVG, LaTeX, Markdown) of every made-up report,
// and check/, diff/, fit/, fragmentation/ and sweep/ documents, for the tests that read them from outside.
#include <filesystem>

#include "base/file.h"
#include "reports/csv.h"
#include "reports/latex.h"
#include "reports/markdown.h"
#include "reports/pictures.h"
#include "reports/sweep.h"
#include "tests/reports/check_sample.h"
#include "tests/reports/diff_sample.h"
#include "tests/reports/fit_sample.h"
#include "tests/reports/fragmentation_sample.h"
#include "tests/reports/synthetic.h"
#include "tests/sweep_sample.h"

namespace {

using namespace headroom;

void write_checks(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const auto& [name, report] :
       {std::pair("all", check_sample::all()), std::pair("hostile", check_sample::hostile()),
        std::pair("kept", check_sample::kept()), std::pair("many", check_sample::many())}) {
    write_file(folder / (std::string(name) + ".json"), write_check_json(report));
    write_file(folder / (std::string(name) + ".xml"), write_check_junit(report));
    write_file(folder / (std::string(name) + ".sarif"), write_check_sarif(report));
    write_file(folder / (std::string(name) + ".gitlab"), write_check_gitlab(report));
  }
  write_file(folder / "run.baseline", write_baseline(check_sample::baseline()));
}

void write_tables(const std::filesystem::path& folder, const Report& report) {
  std::filesystem::create_directories(folder);
  for (const auto& [name, bytes] : write_csv(report, {})) write_file(folder / name, bytes);
  for (const auto& [name, bytes] : write_latex(report)) write_file(folder / name, bytes);
  for (const auto& [name, picture] : pictures_of(report))
    write_file(folder / document_name(name, ".svg"), write_svg(picture));
  write_file(folder / "report.md", write_markdown(report));
}

}  // namespace

int main(int, char** argv) {
  const std::filesystem::path folder = argv[1];
  write_checks(folder / "check");
  for (const char* kind : {"diff", "fragmentation", "sweep"}) std::filesystem::create_directories(folder / kind);
  using headroom::synthetic::diff_of, headroom::synthetic::diff_recording;
  headroom::write_file(folder / "diff" / "diff.json",
                       headroom::write_diff_json(diff_of(diff_recording(false), diff_recording(true))));
  headroom::write_file(folder / "sweep" / "results.json",
                       headroom::write_sweep_json(headroom::testing_support::sweep_sample()));
  headroom::write_file(folder / "fragmentation" / "pinned.json",
                       headroom::write_fragmentation_json(headroom::synthetic::pinned_segments()));
  std::filesystem::create_directories(folder / "fit");
  headroom::write_file(folder / "fit" / "two-devices.json",
                       headroom::write_fit_json(headroom::synthetic::two_devices()));
  for (const auto& [name, report] : headroom::synthetic::all_reports()) {
    headroom::write_file(folder / (name + ".json"), headroom::write_json(report));
    headroom::write_file(folder / (name + ".html"), headroom::write_html(report));
    if (!report.runs.empty()) write_tables(folder / (name + ".tables"), report);
  }
}
