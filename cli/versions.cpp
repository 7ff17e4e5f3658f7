#include "cli/versions.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/parts.h"
#include "cli/application.h"
#include "cli/environment.h"
#include "cli/installed.h"
#include "cli/torch_folder.h"
#include "recording/recording.h"
#include "virtual_gpu/catalog.h"

namespace headroom::cli {
namespace {

std::string line(std::string_view part, std::string_view text) { return fmt::format("\n{:<14}{}", part, text); }

std::string torch_line(const std::filesystem::path& worker) {
  try {
    const TorchFolder torch = find_torch(worker);
    if (torch.path.empty()) return "not found";
    return fmt::format("{} in {}", torch.version.empty() ? "of unknown version" : torch.version, torch.path.string());
  } catch (const Error& error) {
    return error.what();
  }
}

std::string worker_lines() {
  const auto worker = std::filesystem::absolute(worker_path());
  const auto said = told_by("worker", worker.parent_path());
  if (!said) return line("worker", "none that tells its version; without one nothing is measured");
  return line("worker",
              fmt::format("{}, for Torch {}, {}", told(said, "version"), told(said, "torch"), told(said, "compiler"))) +
         line("torch", torch_line(worker)) +
         line("virtual GPU",
              fmt::format("CUDA {}, {} devices", told(said, "cuda_api"), virtual_gpu::device_catalog().size()));
}

std::string viewer_line() {
  const auto viewer = viewer_path();
  if (!viewer) return line("viewer", "not installed");
  const auto said = told_by("viewer", viewer->parent_path());
  if (!said) return line("viewer", viewer->string());
  return line("viewer",
              fmt::format("{}, for Qt {}, {}", told(said, "version"), told(said, "qt"), told(said, "compiler")));
}

}  // namespace

std::string versions_text() {
  return fmt::format("headroom {}", version()) + line("compiler", HEADROOM_COMPILER) +
         line("formats", fmt::format("{}, {}", kRecordingSchema, HEADROOM_SCHEMAS)) + worker_lines() + viewer_line();
}

}  // namespace headroom::cli
