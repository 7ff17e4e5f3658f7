#include "base/variables.h"

#include <cstdlib>
#include <system_error>

namespace headroom {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

fs::path cache_folder() {
  std::error_code error;
  if (const std::string named = variable("HEADROOM_CACHE_DIR"); !named.empty()) return fs::absolute(named, error);
  // The specification of XDG's variables: a relative one is ignored.
  if (const fs::path common = variable("XDG_CACHE_HOME"); common.is_absolute()) return common / "headroom";
  const fs::path home = variable("HOME");
  return home.is_absolute() ? home / ".cache" / "headroom" : fs::path();
}

}  // namespace headroom
