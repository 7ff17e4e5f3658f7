// sample_report KIND FORMAT [WIDTH [color]]: prints a report of made-up runs, to look at a writer's output.
// KIND: compare | profile | tiny. FORMAT: terminal | json | html.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/reports/synthetic.h"

int main(int argc, char** argv) {
  using namespace headroom;
  const std::string kind = argc > 1 ? argv[1] : "compare", format = argc > 2 ? argv[2] : "terminal";
  const Report report = kind == "compare"   ? synthetic::seven_variants()
                        : kind == "profile" ? synthetic::report_of({synthetic::seven_variants().runs.front()})
                                            : synthetic::report_of({synthetic::tiny()});
  const std::string text = format == "json"   ? write_json(report)
                           : format == "html" ? write_html(report)
                                              : write_terminal(report, {argc > 3 ? std::atoi(argv[3]) : 100, argc > 4});
  std::fwrite(text.data(), 1, text.size(), stdout);
}
