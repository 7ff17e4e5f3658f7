#include "tracing/loader.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace headroom::tracing {
namespace {

constexpr std::uint32_t kOldestVersion = 28;  // of CUDA 12.9, whose records are the shortest that records.cpp reads
constexpr std::uint32_t kFirstTried = 130000, kAfterTried = 140000;

std::string soname() { return fmt::format("libcupti.so.{}", CUDA_VERSION / 1000); }

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string file_of(const void* address) {
  Dl_info info{};
  return address && dladdr(address, &info) && info.dli_fname ? info.dli_fname : "";
}

int find_torch(dl_phdr_info* info, std::size_t, void* found) {
  const std::filesystem::path path = info->dlpi_name ? info->dlpi_name : "";
  if (path.filename() != "libtorch_cpu.so") return 0;
  *static_cast<std::filesystem::path*>(found) = path.parent_path();
  return 1;
}

std::vector<std::string> candidates() {
  std::vector<std::string> paths{soname()};
  std::filesystem::path torch;
  dl_iterate_phdr(find_torch, &torch);
  if (!torch.empty()) {
    paths.push_back(
        (torch.parent_path().parent_path() / fmt::format("nvidia/cu{}/lib", CUDA_VERSION / 1000) / soname()).string());
    paths.push_back((torch / soname()).string());
  }
  std::vector<std::string> toolkits{"/usr/local/cuda"};
  if (const auto home = environment("CUDA_HOME"); !home.empty()) toolkits.insert(toolkits.begin(), home);
  for (const auto& toolkit : toolkits)
    for (const char* folder : {"extras/CUPTI/lib64", "lib64"})
      paths.push_back(fmt::format("{}/{}/{}", toolkit, folder, soname()));
  return paths;
}

void* open_named(const std::string& named, Library& library) {
  void* handle = dlopen(named.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    library.problem = fmt::format("CUPTI off: HEADROOM_CUPTI names {}, which cannot be loaded: {}", named, dlerror());
  return handle;
}

void* open_found(Library& library) {
  if (void* mapped = dlopen(soname().c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD)) return mapped;
  const auto paths = candidates();
  for (const auto& path : paths)
    if (void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return handle;
  library.problem = fmt::format(
      "CUPTI off: {} not found (tried: {}). Kernels and memory outside the allocator are not recorded. "
      "Install nvidia-cuda-cupti {}.x or set HEADROOM_CUPTI to the library.",
      soname(), fmt::join(paths, ", "), CUDA_VERSION / 1000);
  return nullptr;
}

template <class Function>
void find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
}

std::vector<std::string> resolve(void* handle, Api& api) {
  std::vector<std::string> missing;
#define HEADROOM_CUPTI_FIND(name) \
  find(handle, #name, api.name);  \
  if (!api.name) missing.push_back(#name);
  HEADROOM_CUPTI_REQUIRED(HEADROOM_CUPTI_FIND)
#undef HEADROOM_CUPTI_FIND
#define HEADROOM_CUPTI_FIND(name) find(handle, #name, api.name);
  HEADROOM_CUPTI_OPTIONAL(HEADROOM_CUPTI_FIND)
#undef HEADROOM_CUPTI_FIND
  return missing;
}

// The virtual GPU's libraries lie in one folder, and its libcudart says that it is virtual.
bool is_virtual(const std::string& path) {
  const auto report = file_of(dlsym(RTLD_DEFAULT, "headroom_virtual_gpu_report"));
  const auto folder = [](const std::string& file) {
    std::error_code error;
    return std::filesystem::canonical(file, error).parent_path();
  };
  return !report.empty() && folder(report) == folder(path);
}

std::string version_text(std::uint32_t version) {
  if (version == 0) return "of unknown version";
  if (version < 1000) return version == 28 ? "12.9 (28)" : fmt::format("({})", version);
  return fmt::format("{}.{} ({})", version / 10000, version % 10000 / 100, version);
}

void check_version(Library& library) {
  if (library.api.cuptiGetVersion(&library.version) != CUPTI_SUCCESS) library.version = 0;
  if (library.version != 0 && library.version < kOldestVersion) {
    library.problem =
        fmt::format("CUPTI off: {} is CUPTI {}, older than that of CUDA 12.9; install nvidia-cuda-cupti {}.x.",
                    library.path, version_text(library.version), CUDA_VERSION / 1000);
    library.handle = nullptr;
  } else if (library.version != 0 && (library.version < kFirstTried || library.version >= kAfterTried)) {
    library.warnings.push_back(
        fmt::format("CUPTI {} is untested; tested are 13.0 to 13.5.", version_text(library.version)));
  }
}

void check_copies(Library& library) {
  std::ifstream maps("/proc/self/maps");
  std::stringstream text;
  text << maps.rdbuf();
  if (const auto copies = mapped_copies(text.str()); copies.size() > 1)
    library.warnings.push_back(fmt::format("{} copies of libcupti are loaded ({}): what is recorded may be empty.",
                                           copies.size(), fmt::join(copies, ", ")));
}

}  // namespace

std::vector<std::string> mapped_copies(const std::string& maps) {
  std::vector<std::string> files;
  std::istringstream lines(maps);
  for (std::string line; std::getline(lines, line);) {
    const auto slash = line.find('/');
    if (slash == std::string::npos) continue;
    const std::string file = line.substr(slash);
    const bool cupti = std::filesystem::path(file).filename().string().starts_with("libcupti.so");
    if (cupti && std::find(files.begin(), files.end(), file) == files.end()) files.push_back(file);
  }
  return files;
}

std::string library_name(const Library& library) {
  return library.is_virtual ? "CUPTI of the virtual GPU" : "CUPTI " + version_text(library.version);
}

Library load_library(const std::string& named) {
  Library library;
  const std::string file = named.empty() ? environment("HEADROOM_CUPTI") : named;
  library.handle = file.empty() ? open_found(library) : open_named(file, library);
  if (!library.handle) return library;
  const auto missing = resolve(library.handle, library.api);
  library.path = file_of(dlsym(library.handle, "cuptiGetVersion"));
  if (library.path.empty()) library.path = file;
  if (!missing.empty()) {
    library.problem =
        fmt::format("CUPTI off: {} lacks {}; CUPTI {}.0 or newer is needed. Set HEADROOM_CUPTI to such a library.",
                    library.path, fmt::join(missing, ", "), CUDA_VERSION / 1000);
    library.handle = nullptr;
    return library;
  }
  library.is_virtual = is_virtual(library.path);
  check_version(library);
  check_copies(library);
  return library;
}

}  // namespace headroom::tracing
