// What an attached process leaves beside its journals, from arbitrary bytes: who it was, and why it refused.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>

#include "cli/run_folder.h"
#include "tests/fuzz/survive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace headroom;
  namespace fs = std::filesystem;
  static const fs::path folder = [] {
    const fs::path made = fs::temp_directory_path() / ("headroom-fuzz-" + std::to_string(getpid()) + ".run");
    fs::create_directories(made);
    return made;
  }();
  for (const char* name : {"4711.attached", "4711.refused", "99999999999999999999.attached"})
    std::ofstream(folder / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const cli::RunFolder found = cli::read_run_folder(folder);
  fuzz::require(found.attached && found.refusals.size() == 1);
  fuzz::require(found.refusals[0].find_first_of("\n\r\x1b") == std::string::npos);
  return 0;
}
