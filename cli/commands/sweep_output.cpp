#include "cli/commands/sweep_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "base/names.h"
#include "reports/sweep.h"

namespace headroom::cli {
namespace {

constexpr std::array kFormNames{Named<SweepForm>{SweepForm::terminal, "terminal"},
                                Named<SweepForm>{SweepForm::csv, "csv"}, Named<SweepForm>{SweepForm::json, "json"},
                                Named<SweepForm>{SweepForm::markdown, "markdown"}};

std::string text_of(const Sweep& sweep, const SweepLook& look) {
  switch (look.form) {
    case SweepForm::csv:
      return write_sweep_csv(sweep);
    case SweepForm::json:
      return write_sweep_json(sweep);
    case SweepForm::markdown:
      return write_sweep_markdown(sweep, {});  // the pictures are in the folder
    case SweepForm::terminal:
      break;
  }
  return write_sweep_terminal(sweep, look_of(look.plan, STDOUT_FILENO));
}

}  // namespace

void add_sweep_output_flags(CLI::App& command, OutputFlags& flags, const char* files) {
  const char* group = "What comes out";
  command.add_option("--format", flags.format, "On stdout: terminal, csv, json or markdown (default: terminal)")
      ->type_name("NAME")
      ->group(group);
  command.add_option("--out", flags.out, fmt::format("Where to write, made when absent:\n{}", files))
      ->type_name("FOLDER")
      ->group(group);
  command.add_flag("--quiet", flags.quiet, "No progress, and no table on stdout unless --format names one")
      ->group(group);
  add_look_flags(command, flags);
}

SweepLook plan_sweep_look(const OutputFlags& flags) {
  OutputFlags others = flags;
  others.format.clear();
  SweepLook look{plan_formats(others)};
  if (!flags.format.empty()) look.form = from_name(kFormNames, "format", flags.format);
  look.shown = !flags.quiet || !flags.format.empty();
  return look;
}

void show_sweep(const Sweep& sweep, const SweepLook& look) {
  if (look.shown) write_stdout(text_of(sweep, look));
}

}  // namespace headroom::cli
