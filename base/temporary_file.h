// A file in the making: beside the one it becomes, and gone unless it became it. What write_file is made of.
//
// While one lives, signals that end a process wait, so that none leaves it behind. Only SIGKILL can, or a crash of the
// machine: its name has its process's number and a lock dies with it, so that the next one who comes by knows that
// nobody works on it (remove_unfinished), on this machine or another that shares the folder.
#pragma once

#include <csignal>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/error.h"

namespace headroom {

// bad_input for what another path would mend; could_not_measure for a disk that is full or failing.
Error file_failure(std::string_view doing, const std::filesystem::path& path, int error);

// Of this thread: SIGINT, SIGTERM, SIGHUP and SIGQUIT wait, and a file that grows beyond its limit is an error of the
// write instead of a death by SIGXFSZ.
class SignalsHeld {
 public:
  SignalsHeld();
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;
  ~SignalsHeld();

 private:
  sigset_t old_{};
};

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& folder);  // throws where none can be made
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  int fd() const { return file_.get(); }
  void rename_to(const std::filesystem::path& target);      // closes it; throws where either fails
  void rename_to_new(const std::filesystem::path& target);  // the same, and throws where something is there

 private:
  bool create(const std::filesystem::path& folder);

  SignalsHeld signals_;
  std::filesystem::path path_;
  Descriptor file_;
  bool renamed_ = false;
};

// What processes left in `folder` that were killed in the middle of a file. Tells nobody where it cannot.
void remove_unfinished(const std::filesystem::path& folder);

// All of it, or throws; `path` is for the message.
void write_all(int fd, std::string_view bytes, const std::filesystem::path& path);

}  // namespace headroom
