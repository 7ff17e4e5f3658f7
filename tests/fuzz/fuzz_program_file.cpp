// A program to start, from arbitrary bytes: an ELF file, a script or neither. An Error, or a file and perhaps why
// nothing can be attached to it.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>

#include "cli/program_file.h"
#include "tests/fuzz/survive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  namespace fs = std::filesystem;
  static const fs::path path = fs::temp_directory_path() / ("headroom-fuzz-" + std::to_string(getpid()) + ".program");
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  fs::permissions(path, fs::perms::owner_all);
  const std::vector<std::string> command{path.string(), "-I", "x.py"};
  fuzz::is_taken([&] { (void)cli::obstacle_to_attaching(cli::find_program(command), command); });
  fs::remove(path);
  return 0;
}
