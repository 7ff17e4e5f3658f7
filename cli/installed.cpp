#include "cli/installed.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/variables.h"
#include "cli/environment.h"
#include "result_cache/result_cache.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kViewer = "headroom-viewer";

bool is_program_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

fs::path own_program() { return fs::read_symlink("/proc/self/exe"); }

fs::path worker_path() { return worker_of(own_program()); }

std::optional<fs::path> viewer_path() {
  if (const fs::path beside = own_folder() / kViewer; is_program_file(beside)) return beside;
  const char* found = std::getenv("PATH");
  const std::string folders = found ? found : "";
  for (std::size_t begin = 0; begin <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    if (const fs::path path = fs::path(folders.substr(begin, end - begin)) / kViewer;
        path.is_absolute() && is_program_file(path))
      return path;
    begin = end + 1;
  }
  return std::nullopt;
}

}  // namespace headroom::cli
