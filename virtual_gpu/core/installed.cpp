#include "virtual_gpu/core/installed.h"

#include <link.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

namespace headroom::virtual_gpu {
namespace {

int note_file(dl_phdr_info* library, std::size_t, void* out) {
  if (library->dlpi_name[0] == '/')
    static_cast<std::vector<std::filesystem::path>*>(out)->emplace_back(library->dlpi_name);
  return 0;
}

}  // namespace

std::string find_installed(const std::string& relative) {
  std::vector<std::filesystem::path> loaded;
  dl_iterate_phdr(note_file, &loaded);
  for (std::filesystem::path folder : loaded) {
    while (folder != folder.parent_path()) {
      folder = folder.parent_path();
      if (const std::string path = folder / relative; access(path.c_str(), R_OK) == 0) return path;
    }
  }
  return {};
}

}  // namespace headroom::virtual_gpu
