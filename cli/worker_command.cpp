#include "cli/worker_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

fs::path find_worker() {
  const char* named = std::getenv("HEADROOM_WORKER");
  const fs::path path = named && *named ? fs::path(named) : own_folder() / "headroom-worker";
  std::error_code error;
  if (!fs::exists(path, error))
    throw could_not_measure(fmt::format(
        "the worker {} is missing: it is built with Torch (scripts/setup, then cmake --workflow --preset release); "
        "HEADROOM_WORKER names another one",
        path.string()));
  if (!fs::is_regular_file(path, error) || access(path.c_str(), X_OK) != 0)
    throw could_not_measure(fmt::format("the worker {} is not an executable file", path.string()));
  return path;
}

}  // namespace

WorkerCommand worker_command(const RunSpec& spec) {
  const fs::path worker = find_worker();
  return {worker, device_environment(spec)};
}

}  // namespace headroom::cli
