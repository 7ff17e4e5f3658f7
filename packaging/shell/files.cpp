// Where shells and man(1) look for what is made for them, under share/.
#include <fmt/format.h>

#include "base/file.h"
#include "packaging/shell/interface.h"

namespace headroom::shell {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  write_file(path, text);
}

}  // namespace

void write_files(const Interface& interface, const fs::path& folder) {
  const std::string& program = interface.program;
  write(folder / "bash-completion/completions" / program, bash_completion(interface));
  write(folder / "zsh/site-functions" / ("_" + program), zsh_completion(interface));
  write(folder / "fish/vendor_completions.d" / (program + ".fish"), fish_completion(interface));
  write(folder / "man/man1" / (program + ".1"), manual_page(interface, interface.self));
  for (const auto& command : interface.commands)
    write(folder / "man/man1" / fmt::format("{}-{}.1", program, command.name), manual_page(interface, command));
}

}  // namespace headroom::shell
