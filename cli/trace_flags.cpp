#include "cli/trace_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/arguments.h"

namespace headroom::cli {

void add_trace_flags(CLI::App& command, TraceFlags& flags) {
  const char* group = "What is traced";
  command
      .add_option("--trace", flags.level,
                  fmt::format("What CUPTI records beside the allocator: {}\n(default: full on a real GPU, else none)",
                              alternatives(kTraceLevelNames)))
      ->type_name("LEVEL")
      ->group(group);
  command
      .add_flag("--require-cupti", flags.require_cupti,
                "Where CUPTI cannot trace, end with exit code 3\n(default: go on without it and say why)")
      ->group(group);
}

void read_trace_flags(const TraceFlags& flags, RunSpec& spec) {
  if (!flags.level.empty()) spec.trace = from_name(kTraceLevelNames, "trace level", flags.level);
  spec.require_cupti = flags.require_cupti;
}

}  // namespace headroom::cli
