#include "cli/worker_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "cli/device.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPreloadVariable = "LD_PRELOAD=", kDeviceVariable = "HEADROOM_VIRTUAL_GPU=";

fs::path own_folder() { return fs::read_symlink("/proc/self/exe").parent_path(); }

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

fs::path find_virtual_gpu(const fs::path& worker) {
  const fs::path beside = "../lib/headroom/virtual-gpu/headroom-virtual-gpu.so";
  std::error_code error;
  for (const fs::path& folder : {fs::absolute(worker).parent_path(), own_folder()})
    if (const fs::path found = fs::canonical(folder / beside, error); !error) return found;
  throw could_not_measure(fmt::format("the virtual GPU's library {} is missing: it is built with Torch beside the worker",
                                      (own_folder() / beside).lexically_normal().string()));
}

std::vector<std::string> inherited_environment() {
  std::vector<std::string> out;
  for (char** entry = environ; *entry; ++entry)
    if (!std::string_view(*entry).starts_with(kDeviceVariable)) out.emplace_back(*entry);
  return out;
}

// A program preloaded already (a tracer, a sanitizer) stays, behind the virtual GPU.
void preload(std::vector<std::string>& environment, const std::string& library) {
  for (auto& entry : environment)
    if (entry.starts_with(kPreloadVariable)) {
      entry = fmt::format("{}{}:{}", kPreloadVariable, library, entry.substr(kPreloadVariable.size()));
      return;
    }
  environment.push_back(fmt::format("{}{}", kPreloadVariable, library));
}

}  // namespace

WorkerCommand worker_command(const std::string& device) {
  WorkerCommand command{find_worker(), inherited_environment()};
  if (is_virtual(device)) command.environment.push_back(std::string(kDeviceVariable) + virtual_name(device));
  // On the CPU, too: Torch does not start without libcudart, and the virtual one, without a device's name, has none.
  if (is_virtual(device) || device == "cpu")
    preload(command.environment, find_virtual_gpu(command.executable).string());
  return command;
}

}  // namespace headroom::cli
