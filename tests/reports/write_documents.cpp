// write_documents FOLDER: NAME.json, NAME.html and NAME.tables/ (CSV, SVG, LaTeX, Markdown) of every made-up report,
// and fragmentation/NAME.json, for the tests that read them from outside.
#include <filesystem>

#include "base/file.h"
#include "reports/csv.h"
#include "reports/latex.h"
#include "reports/markdown.h"
#include "reports/pictures.h"
#include "tests/reports/fragmentation_sample.h"
#include "tests/reports/synthetic.h"

namespace {

using namespace headroom;

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
  std::filesystem::create_directories(folder / "fragmentation");
  headroom::write_file(folder / "fragmentation" / "pinned.json",
                       headroom::write_fragmentation_json(headroom::synthetic::pinned_segments()));
  for (const auto& [name, report] : headroom::synthetic::all_reports()) {
    headroom::write_file(folder / (name + ".json"), headroom::write_json(report));
    headroom::write_file(folder / (name + ".html"), headroom::write_html(report));
    if (!report.runs.empty()) write_tables(folder / (name + ".tables"), report);
  }
}
