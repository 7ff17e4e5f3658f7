#include "cli/worker_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/installed.h"
#include "cli/torch_folder.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

fs::path find_worker() {
  const fs::path path = worker_path();
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
  Environment environment = device_environment(spec);
  put_torch_in_front(environment, worker);
  return {worker, environment};
}

}  // namespace headroom::cli
