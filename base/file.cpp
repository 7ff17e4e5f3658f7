#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "base/bytes.h"
#include "base/error.h"
#include "base/temporary_file.h"

namespace headroom {
namespace {

namespace fs = std::filesystem;

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

void require_regular(const fs::path& path, mode_t mode) {
  if (!S_ISREG(mode)) throw bad_input(fmt::format("'{}' is {}, expected a file", path.string(), kind_of(mode)));
}

// These three until no signal comes between.
int open_file(const fs::path& path, int flags) {
  int fd;
  while ((fd = ::open(path.c_str(), flags | O_CLOEXEC, 0666)) < 0 && errno == EINTR) {
  }
  return fd;
}

bool is_synced(int fd) {
  int result;
  while ((result = ::fsync(fd)) != 0 && errno == EINTR) {
  }
  return result == 0;
}

std::size_t read_some(int fd, char* bytes, std::size_t size, const fs::path& path) {
  ssize_t count;
  while ((count = ::read(fd, bytes, size)) < 0 && errno == EINTR) {
  }
  if (count < 0) throw file_failure("read", path, errno);
  return static_cast<std::size_t>(count);
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

void sync_folder(const fs::path& folder) {
  const Descriptor fd(open_file(folder, O_RDONLY | O_DIRECTORY));
  if (!fd.is_open()) return;  // a folder that may be written but not read
  if (!is_synced(fd.get()) && errno != EINVAL && errno != ENOTSUP) throw file_failure("write", folder, errno);
}

void keep_permissions(int fd, mode_t old, const fs::path& path) {
  struct stat now {};
  const bool same = ::fstat(fd, &now) == 0 && (now.st_mode & 07777) == (old & 07777);
  if (!same && ::fchmod(fd, old & 07777) != 0) throw file_failure("keep the permissions of", path, errno);
}

// Where the bytes go: a link's target, so that the link stays.
fs::path resolve_link(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_symlink(path, ignored)) return path;
  std::error_code error;
  fs::path target = fs::weakly_canonical(path, error);
  if (error) throw file_failure("write", path, error.value());
  return target;
}

}  // namespace

std::string read_beginning(const fs::path& path, std::size_t count) {
  const Descriptor file(open_file(path, O_RDONLY | O_NONBLOCK));
  if (!file.is_open()) throw file_failure("read", path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw file_failure("read", path, errno);
  require_regular(path, status.st_mode);
  std::string bytes(count, '\0');
  std::size_t size = 0;
  while (const std::size_t more = read_some(file.get(), bytes.data() + size, count - size, path)) size += more;
  return bytes.resize(size), bytes;
}

std::string read_file(const fs::path& path, std::uint64_t limit_bytes) {
  const Descriptor file(open_file(path, O_RDONLY | O_NONBLOCK));
  if (!file.is_open()) throw file_failure("read", path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw file_failure("read", path, errno);
  require_regular(path, status.st_mode);
  const auto too_large = [&] {
    return bad_input(fmt::format("'{}' is larger than {}, the limit for such a file", path.string(),
                                 format_bytes(static_cast<std::int64_t>(limit_bytes))));
  };
  std::uint64_t expected = static_cast<std::uint64_t>(status.st_size);
  if (expected > limit_bytes) throw too_large();

  std::string bytes;
  for (std::size_t size = 0;;) {
    if (size == bytes.size()) bytes.resize(size == 0 ? expected + 1 : size + (std::size_t{1} << 16));
    const std::size_t count = read_some(file.get(), bytes.data() + size, bytes.size() - size, path);
    size += count;
    if (size > limit_bytes) throw too_large();
    if (count == 0) return bytes.resize(size), bytes;
  }
}

void write_file(const fs::path& path, std::string_view bytes) {
  const fs::path target = resolve_link(path);
  struct stat old {};
  const bool replaces = ::stat(target.c_str(), &old) == 0;
  if (replaces) require_regular(path, old.st_mode);
  const fs::path folder = folder_of(target);
  TemporaryFile temporary(folder);
  if (replaces) keep_permissions(temporary.fd(), old.st_mode, path);
  write_all(temporary.fd(), bytes, path);
  if (!is_synced(temporary.fd())) throw file_failure("write", path, errno);
  temporary.rename_to(target);
  sync_folder(folder);
}

void write_new_file(const fs::path& path, std::string_view bytes) {
  const fs::path folder = folder_of(path);
  TemporaryFile temporary(folder);
  write_all(temporary.fd(), bytes, path);
  if (!is_synced(temporary.fd())) throw file_failure("write", path, errno);
  temporary.rename_to_new(path);
  sync_folder(folder);
}

void append_file(const fs::path& path, std::string_view bytes) {
  const SignalsHeld signals;
  Descriptor file(open_file(path, O_WRONLY | O_APPEND | O_CREAT));
  struct stat old {};
  if (!file.is_open() || ::fstat(file.get(), &old) != 0) throw file_failure("write", path, errno);
  try {
    write_all(file.get(), bytes, path);
    if (file.close() != 0 && errno != EINTR) throw file_failure("write", path, errno);
  } catch (const Error&) {
    if (S_ISREG(old.st_mode)) [[maybe_unused]]
      const int cut = ::truncate(path.c_str(), old.st_size);
    throw;
  }
}

void require_writable_folder(const fs::path& folder) {
  const fs::path named = folder.empty() ? fs::path(".") : folder;
  std::error_code error;
  fs::create_directories(named, error);
  std::error_code ignored;
  if (error && !fs::is_directory(named, ignored)) throw file_failure("make the folder", named, error.value());
  remove_unfinished(named);
  TemporaryFile probe(named);
}

}  // namespace headroom
