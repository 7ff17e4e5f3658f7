#include "cli/written.h"

#include <algorithm>

#include "cli/terminal.h"

namespace headroom::cli {

void Written::add(const Error& error) {
  code_ = std::max(code_, error.code());
  problems_.emplace_back(error.what());
}

void Written::tell() const {
  for (const std::string& problem : problems_) complain(problem);
}

}  // namespace headroom::cli
