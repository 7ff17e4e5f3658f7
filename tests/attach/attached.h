// Programs of tests/attach/programs under headroom-attach.so, each started as `headroom run` starts one. Over the virtual
// GPU, in the Python environment of scripts/setup --tests.
#pragma once

#include <string>
#include <vector>

#include "recording/recording.h"

namespace headroom::attach_test {

struct Attached {
  int status = 0;      // as waitpid gives it
  std::string output;  // stdout and stderr, and why it was refused
  std::vector<Recording> recordings;  // their promises hold

  const Recording& only() const;  // a test failure where there is not one
};

// `device`: a virtual one's name, or "cpu". `options`: members of HEADROOM_RUN_OPTIONS, each after a comma. `environment`:
// NAME=value words in front of the command.
Attached attach(const std::string& program, const std::string& argument, const std::string& device = "h100-80gb",
                const std::string& options = "", const std::string& environment = "");

}  // namespace headroom::attach_test
