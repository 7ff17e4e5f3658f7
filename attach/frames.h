// The line of the Python program that this thread is at, without linking Python: its C functions are found in the process.
#pragma once

#include <string>
#include <vector>

namespace headroom::attach {

class Frames {
 public:
  // Lines in files below one of `hidden` (Torch's own folder, Headroom's) are not the program's.
  explicit Frames(std::vector<std::string> hidden);

  // "train.py:42", innermost first, at most `limit`; empty on a thread without Python. Takes the interpreter's lock: never
  // call it under a lock that a holder of that one may wait for.
  std::vector<std::string> lines(std::size_t limit) const;

 private:
  bool is_hidden(const std::string& file) const;
  std::string shown(const std::string& file) const;

  std::vector<std::string> hidden_;
  std::string working_folder_;
};

}  // namespace headroom::attach
