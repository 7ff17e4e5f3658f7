#include "cli/torch_folder.h"

#include <fmt/format.h>

#include <fstream>
#include <vector>

#include "base/error.h"
#include "base/parts.h"
#include "base/variables.h"
#include "cli/installed.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNamed = "HEADROOM_TORCH_DIR";

bool is_torch(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "lib/libtorch_cpu.so", ignored);
}

// Of a line such as __version__ = '2.11.0+cu130'.
std::string version_of(const fs::path& folder) {
  std::ifstream file(folder / "version.py");
  for (std::string line; std::getline(file, line);) {
    const auto open = line.find('\''), close = line.rfind('\'');
    if (line.starts_with("__version__") && open < close) return line.substr(open + 1, close - open - 1);
  }
  return {};
}

TorchFolder named_torch(const std::string& folder, const std::string& wanted) {
  if (!is_torch(folder))
    throw could_not_measure(
        fmt::format("{} is '{}', which has no lib/libtorch_cpu.so; expected the folder `torch` of an installed or "
                    "unpacked Torch{}{}",
                    kNamed, folder, wanted.empty() ? "" : " ", wanted));
  const std::string version = version_of(folder);
  if (!wanted.empty() && !version.empty() && version.substr(0, version.find('+')) != wanted)
    throw could_not_measure(fmt::format("{} is '{}', which is Torch {}; the worker was built for Torch {}", kNamed,
                                        folder, version, wanted));
  return {folder, version, false};
}

std::string remedy() {
  std::error_code ignored;
  return fs::exists(own_folder() / "headroom-setup-torch", ignored)
             ? "headroom-setup-torch fetches it (about 1 GiB on disk, no GPU needed)"
             : "scripts/setup fetches it";
}

}  // namespace

TorchFolder find_torch(const fs::path& worker) {
  const auto said = told_by("worker", worker.parent_path());
  const std::string wanted = told(said, "torch");
  if (const auto named = variable(kNamed); !named.empty()) return named_torch(named, wanted);
  if (wanted.empty()) return {};
  const fs::path unpacked = fs::path("torch-" + wanted) / "torch";
  const std::vector<TorchFolder> places{{worker.parent_path() / "../lib/headroom" / unpacked, {}, true},
                                        {told(said, "torch_folder"), {}, true},
                                        {cache_folder() / unpacked, {}, false}};
  for (const auto& place : places)
    if (place.path.is_absolute() && is_torch(place.path))
      return {place.path.lexically_normal(), version_of(place.path), place.loader_knows};
  return {};
}

void put_torch_in_front(Environment& environment, const fs::path& worker) {
  const TorchFolder torch = find_torch(fs::absolute(worker));
  const std::string wanted = told(told_by("worker", worker.parent_path()), "torch");
  if (torch.path.empty() && !wanted.empty())
    throw could_not_measure(
        fmt::format("Torch {}, which runs the model, is not there: {}; or set {} to the folder `torch` of an "
                    "installed Torch {}",
                    wanted, remedy(), kNamed, wanted));
  if (!torch.loader_knows) put_in_front(environment, "LD_LIBRARY_PATH", fs::absolute(torch.path / "lib").string());
}

}  // namespace headroom::cli
