// A private temporary folder that is gone when its owner is: $TMPDIR/headroom-PID-XXXXXX (TMPDIR defaults to /tmp).
//
// Only a `kill -9` of the owner leaves one behind. It carries its owner's process id and a lock that dies with the
// owner, so that the next ScratchFolder removes it and never touches one in use.
#pragma once

#include <filesystem>

#include "base/descriptor.h"

namespace headroom::cli {

class ScratchFolder {
 public:
  ScratchFolder();  // throws could_not_measure when the folder cannot be made
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  Descriptor lock_;
};

}  // namespace headroom::cli
