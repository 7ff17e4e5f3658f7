#include "base/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <system_error>
#include <vector>

namespace headroom {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = ".headroom-", kEnding = ".tmp";
constexpr int kTries = 100;

// What the user can mend by naming another path; the rest is the machine's.
bool is_bad_path(int error) {
  constexpr std::array kErrors{ENOENT, ENOTDIR,      EISDIR, EEXIST, EACCES,  EPERM,
                               EROFS,  ENAMETOOLONG, ELOOP,  EINVAL, ETXTBSY, ENXIO};
  return std::find(kErrors.begin(), kErrors.end(), error) != kErrors.end();
}

// No two processes have one, those of other machines and containers that share the folder included.
std::string unique_name() {
  std::uint64_t number = 0;
  if (::getentropy(&number, sizeof number) != 0) number = static_cast<std::uint64_t>(std::clock());
  return fmt::format("{}{}-{:016x}{}", kPrefix, ::getpid(), number, kEnding);
}

// The process in such a name; 0: it is none.
pid_t owner_of(const std::string& name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kEnding)) return 0;
  pid_t owner = 0;
  std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), owner);
  return owner;
}

bool is_alive(pid_t process) { return ::kill(process, 0) == 0 || errno != ESRCH; }

bool is_linked(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_nlink > 0;
}

void remove_if_abandoned(const fs::path& file) {
  const Descriptor descriptor(::open(file.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!descriptor.is_open() || ::fstat(descriptor.get(), &status) != 0) return;
  const bool is_mine = S_ISREG(status.st_mode) && status.st_uid == ::geteuid();
  if (is_mine && ::flock(descriptor.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(file.c_str());
}

}  // namespace

Error file_failure(std::string_view doing, const fs::path& path, int error) {
  const auto code = is_bad_path(error) ? ExitCode::bad_input : ExitCode::could_not_measure;
  return {code, fmt::format("cannot {} '{}': {}", doing, path.string(), std::generic_category().message(error))};
}

SignalsHeld::SignalsHeld() {
  sigset_t held;
  sigemptyset(&held);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXFSZ}) sigaddset(&held, signal);
  pthread_sigmask(SIG_BLOCK, &held, &old_);
}

SignalsHeld::~SignalsHeld() {
  if (sigismember(&old_, SIGXFSZ) == 0) {
    sigset_t grown;
    sigemptyset(&grown);
    sigaddset(&grown, SIGXFSZ);
    const timespec at_once{};
    while (sigtimedwait(&grown, nullptr, &at_once) > 0) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &old_, nullptr);
}

TemporaryFile::TemporaryFile(const fs::path& folder) {
  for (int tries = 0; !create(folder); ++tries)
    if (const int error = errno; tries == kTries || (error != EEXIST && error != EINTR))
      throw file_failure("create a file in", folder, error);
}

// False, with errno: it is not there. EEXIST: another name may do.
bool TemporaryFile::create(const fs::path& folder) {
  path_ = folder / unique_name();
  file_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file_.is_open()) return false;
  const bool taken = ::flock(file_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (!taken && is_linked(file_.get())) return true;
  file_.close();  // someone tidied up between the two calls
  errno = EEXIST;
  return false;
}

TemporaryFile::~TemporaryFile() {
  if (!renamed_) ::unlink(path_.c_str());
}

// Closed before, because some file systems write only then, or rename nothing that is open.
void TemporaryFile::rename_to(const fs::path& target) {
  if (file_.close() != 0 && errno != EINTR) throw file_failure("write", target, errno);
  if (::rename(path_.c_str(), target.c_str()) != 0) throw file_failure("write", target, errno);
  renamed_ = true;
}

// In one step, so that nobody's file can come between the look and the writing.
void TemporaryFile::rename_to_new(const fs::path& target) {
  if (file_.close() != 0 && errno != EINTR) throw file_failure("write", target, errno);
  renamed_ = ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) == 0;
  if (renamed_) return;
  const bool is_unknown = errno == EINVAL || errno == ENOSYS;  // of a file system
  if (!is_unknown || ::link(path_.c_str(), target.c_str()) != 0) throw file_failure("write", target, errno);
}

void remove_unfinished(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (const pid_t owner = owner_of(entry->path().filename().string()); owner > 0 && !is_alive(owner))
      found.push_back(entry->path());
  for (const fs::path& file : found) remove_if_abandoned(file);
}

void write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw file_failure("write", path, written < 0 ? errno : EIO);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace headroom
