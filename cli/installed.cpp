#include "cli/installed.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "cli/environment.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kViewer = "headroom-viewer";
constexpr std::uint64_t kLongestFile = 64 << 10;

bool is_program_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::optional<Json> told_by(std::string_view name, const fs::path& bin) {
  const fs::path file = bin / ".." / "lib/headroom/versions" / (std::string(name) + ".json");
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return std::nullopt;
  try {
    const Json found = parse_json(read_file(file, kLongestFile), file.string());
    return found.is_object() ? std::optional(found) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string told(const std::optional<Json>& part, const char* key) {
  return part && part->contains(key) && part->at(key).is_string() ? part->at(key).get<std::string>() : "";
}

fs::path worker_path() {
  const char* named = std::getenv("HEADROOM_WORKER");
  return named && *named ? fs::path(named) : own_folder() / "headroom-worker";
}

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
