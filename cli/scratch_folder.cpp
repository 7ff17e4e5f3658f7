#include "cli/scratch_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "base/error.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "headroom-";

fs::path temporary_root() {
  const char* root = std::getenv("TMPDIR");
  return root && *root ? root : "/tmp";
}

// The process id in "headroom-PID-XXXXXX"; 0 when the name is none of ours.
pid_t owner_of(const std::string& name) {
  if (!name.starts_with(kPrefix)) return 0;
  pid_t owner = 0;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + kPrefix.size(), end, owner);
  return parsed.ec == std::errc() && end - parsed.ptr == 7 && *parsed.ptr == '-' && owner > 0 ? owner : 0;
}

bool is_alive(pid_t process) { return kill(process, 0) == 0 || errno != ESRCH; }

Descriptor lock_folder(const fs::path& folder) {
  Descriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (descriptor.is_open() && flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) descriptor.close();
  return descriptor;
}

bool is_mine(const Descriptor& folder) {
  struct stat status {};
  return fstat(folder.get(), &status) == 0 && status.st_uid == geteuid();
}

void remove_stale_folders(const fs::path& root) {
  std::error_code error, ignored;
  for (fs::directory_iterator entry(root, error), end; !error && entry != end; entry.increment(error)) {
    const pid_t owner = owner_of(entry->path().filename().string());
    if (owner == 0 || is_alive(owner)) continue;
    const Descriptor lock = lock_folder(entry->path());
    if (lock.is_open() && is_mine(lock)) fs::remove_all(entry->path(), ignored);
  }
}

}  // namespace

ScratchFolder::ScratchFolder() {
  const fs::path root = temporary_root();
  remove_stale_folders(root);
  std::string name = (root / fmt::format("{}{}-XXXXXX", kPrefix, getpid())).string();
  if (!mkdtemp(name.data()))
    throw could_not_measure(fmt::format("cannot make a temporary folder in {}: {}; set TMPDIR to a folder with space",
                                        root.string(), std::strerror(errno)));
  path_ = name;
  lock_ = lock_folder(path_);
}

ScratchFolder::~ScratchFolder() {
  lock_.close();  // removing needs a descriptor, and there may be no other
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  fs::remove(path_, ignored);  // which needs none, where it is empty
}

}  // namespace headroom::cli
