#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"

namespace headroom {
namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::generic_category().message(error); }

// What the user can mend by naming another path; the rest is the machine's.
bool is_bad_path(int error) {
  constexpr std::array kErrors{ENOENT, ENOTDIR,      EISDIR, EEXIST, EACCES,  EPERM,
                               EROFS,  ENAMETOOLONG, ELOOP,  EINVAL, ETXTBSY, ENXIO};
  return std::find(kErrors.begin(), kErrors.end(), error) != kErrors.end();
}

Error failure(std::string_view doing, const fs::path& path, int error) {
  const auto code = is_bad_path(error) ? ExitCode::bad_input : ExitCode::could_not_measure;
  return {code, fmt::format("cannot {} '{}': {}", doing, path.string(), reason(error))};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

void require_regular(const fs::path& path, mode_t mode) {
  if (!S_ISREG(mode)) throw bad_input(fmt::format("'{}' is {}, expected a file", path.string(), kind_of(mode)));
}

// A temporary file that vanishes unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& folder) : path_(folder / unique_name()), file_(create(path_)) {
    if (!file_.valid()) throw failure("create a file in", folder, errno);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!renamed_) ::unlink(path_.c_str());
  }

  int fd() const { return file_.get(); }

  void rename_to(const fs::path& target) {
    if (file_.close() != 0) throw failure("write", target, errno);
    if (::rename(path_.c_str(), target.c_str()) != 0) throw failure("write", target, errno);
    renamed_ = true;
  }

 private:
  static std::string unique_name() {
    static std::atomic<unsigned> counter{0};
    return fmt::format(".headroom-{}-{}.tmp", ::getpid(), counter++);
  }
  static int create(const fs::path& path) {
    ::unlink(path.c_str());  // of a dead process that had this one's number
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  }

  fs::path path_;
  Descriptor file_;
  bool renamed_ = false;
};

void write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw failure("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

void sync_folder(const fs::path& folder) {
  Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return;  // a folder that may be written but not read
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP) throw failure("write", folder, errno);
}

// Where the bytes go: a link's target, so that the link stays.
fs::path resolve_link(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_symlink(path, ignored)) return path;
  std::error_code error;
  fs::path target = fs::weakly_canonical(path, error);
  if (error) throw failure("write", path, error.value());
  return target;
}

}  // namespace

std::string read_file(const fs::path& path, std::uint64_t limit_bytes) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) throw failure("read", path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw failure("read", path, errno);
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
    const ssize_t count = ::read(file.get(), bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failure("read", path, errno);
    size += static_cast<std::size_t>(count);
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
  if (replaces) ::fchmod(temporary.fd(), old.st_mode & 07777);
  write_all(temporary.fd(), bytes, path);
  if (::fsync(temporary.fd()) != 0) throw failure("write", path, errno);
  temporary.rename_to(target);
  sync_folder(folder);
}

void require_writable_folder(const fs::path& folder) {
  const fs::path named = folder.empty() ? fs::path(".") : folder;
  std::error_code error;
  fs::create_directories(named, error);
  if (error && !fs::is_directory(named)) throw failure("make the folder", named, error.value());
  TemporaryFile probe(named);
}

}  // namespace headroom
