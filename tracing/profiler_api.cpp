#include "tracing/profiler_api.h"

#include <dlfcn.h>
#include <link.h>

#include <filesystem>

namespace headroom::tracing {
namespace {

// libcupti opens the library that plans counters by its name alone, and finds it only where the loader looks: with a
// toolkit that is installed, not with NVIDIA's wheel. Loaded from beside libcupti, it is found by its name, too.
void load_planner_beside(void* library) {
  const link_map* map = nullptr;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) return;
  const auto planner = std::filesystem::path(map->l_name).parent_path() / "libnvperf_host.so";
  dlopen(planner.c_str(), RTLD_NOW | RTLD_LOCAL);  // without it CUPTI says what it could not do
}

}  // namespace

std::vector<std::string> find_profiler(void* library, ProfilerApi& api) {
  std::vector<std::string> missing;
#define HEADROOM_CUPTI_FIND(name)                                         \
  api.name = reinterpret_cast<decltype(api.name)>(dlsym(library, #name)); \
  if (!api.name) missing.push_back(#name);
  HEADROOM_CUPTI_HOST(HEADROOM_CUPTI_FIND)
  HEADROOM_CUPTI_RANGES(HEADROOM_CUPTI_FIND)
#undef HEADROOM_CUPTI_FIND
  load_planner_beside(library);
  return missing;
}

}  // namespace headroom::tracing
