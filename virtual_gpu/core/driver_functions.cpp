#include <dlfcn.h>

#include <string>

#include "virtual_gpu/core/driver_versions.h"

namespace headroom::virtual_gpu {
namespace {

void* exported(const std::string& name, bool per_thread) {
  static void* const driver = dlopen("libcuda.so.1", RTLD_LAZY);
  if (driver == nullptr) return nullptr;
  if (per_thread)
    for (const char* suffix : {"_ptsz", "_ptds"})
      if (void* function = dlsym(driver, (name + suffix).c_str())) return function;
  return dlsym(driver, name.c_str());
}

std::string suffix(std::size_t form) { return form == 1 ? "" : "_v" + std::to_string(form); }

}  // namespace

DriverFunction find_driver_function(std::string_view name, int cuda_version, bool per_thread) {
  const std::string text(name);
  if (text == "cuGraphInstantiate" && cuda_version >= 12000)
    return {exported("cuGraphInstantiateWithFlags", per_thread)};
  const auto forms = driver_versions().find(name);
  std::size_t newest = 9;
  if (forms != driver_versions().end()) {
    newest = 0;
    while (newest < forms->second.size() && forms->second[newest] <= cuda_version) ++newest;
    if (newest == 0) return {nullptr, true};
    if (void* function = exported(text + suffix(newest), per_thread)) return {function};
  }
  for (std::size_t form = newest; form >= 1; --form)
    if (void* function = exported(text + suffix(form), per_thread)) return {function};
  return {};
}

}  // namespace headroom::virtual_gpu
