// What `headroom --version` says: this program's version on the first line, which stays as it is for scripts, then of
// every part what it was built with and for, and which Torch would be used.
#pragma once

#include <string>

namespace headroom::cli {

std::string versions_text();  // no newline at its end

}  // namespace headroom::cli
