#include "virtual_gpu/libraries/nccl/version.h"

#include <link.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

namespace headroom::virtual_gpu::nccl {
namespace {

namespace fs = std::filesystem;

constexpr int kVersionOfTorch211 = 22809;

int note_torch(dl_phdr_info* library, std::size_t, void* out) {
  const fs::path path = library->dlpi_name;
  if (path.filename() != "libtorch_cuda.so") return 0;
  *static_cast<fs::path*>(out) = path.parent_path().parent_path().parent_path();  // above torch/lib/libtorch_cuda.so
  return 1;
}

// "Requires-Dist: nvidia-nccl-cu13==2.28.9; …" of torch-2.11.0.dist-info/METADATA.
int version_in(const fs::path& metadata) {
  static const std::regex requirement(R"(Requires-Dist: nvidia-nccl\S*?==(\d+)\.(\d+)\.(\d+).*)");
  std::ifstream file(metadata);
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_match(line, match, requirement)) {
      return std::stoi(match[1]) * 10000 + std::stoi(match[2]) * 100 + std::stoi(match[3]);
    }
  }
  return 0;
}

int find_version() {
  fs::path packages;
  dl_iterate_phdr(note_torch, &packages);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(packages, ignored)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("torch-") || !name.ends_with(".dist-info")) continue;
    if (const int version = version_in(entry.path() / "METADATA")) return version;
  }
  return kVersionOfTorch211;
}

}  // namespace

int version_that_torch_wants() {
  static const int version = find_version();
  return version;
}

}  // namespace headroom::virtual_gpu::nccl
