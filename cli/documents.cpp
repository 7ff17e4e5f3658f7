#include "cli/documents.h"

#include <CLI/CLI.hpp>

namespace headroom::cli {

void add_documents_flags(CLI::App& command, OutputFlags& flags, const std::string& names, const char* by_default,
                         const char* files) {
  const char* group = "What comes out";
  command
      .add_option("--format", flags.format,
                  fmt::format("{};\nseveral, separated by commas, with --out (default: {})", names, by_default))
      ->type_name("LIST")
      ->group(group);
  command.add_option("--out", flags.out, fmt::format("Where to write, made when absent:\n{}", files))
      ->type_name("FOLDER")
      ->group(group);
  add_quiet_flag(command, flags);
  add_look_flags(command, flags);
}

}  // namespace headroom::cli
