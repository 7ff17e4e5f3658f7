// Several files of one result: each that can be written is, whatever becomes of the others.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace headroom::cli {

class Written {
 public:
  // What it throws as an Error is kept, and nothing else: an interrupt ends all.
  template <class Write>
  void attempt(Write&& write) {
    try {
      std::forward<Write>(write)();
    } catch (const Error& error) {
      add(error);
    }
  }

  ExitCode code() const { return code_; }  // the gravest of what went wrong; done: nothing did
  void tell() const;                       // each thing that went wrong, on stderr

 private:
  void add(const Error& error);

  ExitCode code_ = ExitCode::done;
  std::vector<std::string> problems_;
};

}  // namespace headroom::cli
