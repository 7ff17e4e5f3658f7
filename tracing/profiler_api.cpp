#include "tracing/profiler_api.h"

#include <dlfcn.h>

namespace headroom::tracing {

std::vector<std::string> find_profiler(void* library, ProfilerApi& api) {
  std::vector<std::string> missing;
#define HEADROOM_CUPTI_FIND(name)                                         \
  api.name = reinterpret_cast<decltype(api.name)>(dlsym(library, #name)); \
  if (!api.name) missing.push_back(#name);
  HEADROOM_CUPTI_HOST(HEADROOM_CUPTI_FIND)
  HEADROOM_CUPTI_RANGES(HEADROOM_CUPTI_FIND)
#undef HEADROOM_CUPTI_FIND
  return missing;
}

}  // namespace headroom::tracing
