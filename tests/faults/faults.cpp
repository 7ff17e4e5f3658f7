// What a disk, a signal or a clock may do to a program, at a chosen moment: preloaded into one, it makes the Nth of its
// calls fail. It stands between the program and libc, so it sees the calls of the program and of libstdc++. No variable
// begins with HEADROOM_: those are part of what `headroom fit` keeps runs by.
//
//   FAULTS_PROGRAM  the name of the executable that is meant; its children are left alone
//   FAULTS_FOLDERS  calls on what lies below one of these count ("/a:/b"), and so does stdout
//   FAULT          "KIND:N:EFFECT": what happens at the Nth call of the kind; "KIND:N+:EFFECT": at each from it on.
//                           Absent: calls are only counted
//   FAULTS_LOG      a line "KIND PATH" of each call that counts is appended there
//   FAULTS_CLOCK    "back", "forward": the clock of the day jumps by days at each look; "still": it does not move
//
// KIND: any, open, write, sync, close, rename, mkdir, truncate, chmod, lock, unlink, map; reading: look, read, list.
// EFFECT: ENOSPC, EIO, EDQUOT, EROFS, EACCES, EINTR: the call fails so; short: it writes (or reads) a part; zero: it
// writes nothing and says so; gone: the first of the folders is removed before the call; SIGKILL, SIGTERM, SIGINT,
// SIGHUP: the signal comes before the call.
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>

namespace {

struct Name {
  std::string_view name;
  int number;
};
constexpr Name kErrors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EDQUOT", EDQUOT},
                            {"EROFS", EROFS},   {"EACCES", EACCES}, {"EINTR", EINTR}};
constexpr Name kSignals[] = {{"SIGKILL", SIGKILL}, {"SIGTERM", SIGTERM}, {"SIGINT", SIGINT}, {"SIGHUP", SIGHUP}};

template <std::size_t N>
int number_of(const Name (&names)[N], std::string_view name) {
  for (const Name& row : names)
    if (row.name == name) return row.number;
  return 0;
}

std::string variable(const char* name) {
  const char* value = getenv(name);
  return value ? value : "";
}

std::string link_of(int fd) {
  char path[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const long size = syscall(SYS_readlink, link.c_str(), path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

std::string current_folder() {
  char path[PATH_MAX];
  return syscall(SYS_getcwd, path, sizeof path) > 0 ? path : "";
}

// Which calls count, and what is to happen at which of them.
struct Plan {
  bool on = false, lasting = false;
  std::string folders, kind, effect;
  long nth = 0;
  int log = -1;
  std::string out;  // where stdout goes
  std::atomic<long> count{0};

  Plan() {
    const std::string wanted = variable("FAULTS_PROGRAM");
    if (wanted.empty() || wanted != program_invocation_short_name) return;
    on = true;
    folders = variable("FAULTS_FOLDERS") + ":";
    out = link_of(STDOUT_FILENO);
    const std::string log_file = variable("FAULTS_LOG"), fault = variable("FAULT");
    if (!log_file.empty())
      log = static_cast<int>(
          syscall(SYS_openat, AT_FDCWD, log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    const auto first = fault.find(':'), second = fault.rfind(':');
    if (first == std::string::npos) return;
    kind = fault.substr(0, first);
    nth = atol(fault.c_str() + first + 1);
    lasting = fault[second - 1] == '+';
    effect = fault.substr(second + 1);
  }

  bool below(const std::string& path) const {
    for (std::size_t at = 0, end; (end = folders.find(':', at)) != std::string::npos; at = end + 1) {
      const std::string folder = folders.substr(at, end - at);
      if (!folder.empty() && path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/'))
        return true;
    }
    return false;
  }

  // The effect on this call; empty: none.
  std::string_view at(std::string_view this_kind, const std::string& path) {
    if (log >= 0) {
      const std::string line = std::string(this_kind) + " " + path + "\n";
      syscall(SYS_write, log, line.data(), line.size());
    }
    if (effect.empty() || (kind != "any" && kind != this_kind)) return {};
    const long now = ++count;
    return now == nth || (lasting && now > nth) ? std::string_view(effect) : std::string_view();
  }
};

Plan& plan() {
  static Plan& the = *new Plan;  // never destroyed: files are closed at exit
  return the;
}
__attribute__((constructor)) void begin() { plan(); }

void remove_folder() {
  const std::string folder = plan().folders.substr(0, plan().folders.find(':'));
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/rm", "rm", "-rf", folder.c_str(), static_cast<char*>(nullptr));
    _exit(1);
  }
  waitpid(child, nullptr, 0);
}

// True where the call is to fail, with errno set. Signals and the loss of the folder come before it; the call goes on.
bool fails(std::string_view effect) {
  if (effect.empty()) return false;
  if (const int signal = number_of(kSignals, effect)) return kill(getpid(), signal), false;
  if (effect == "gone") return remove_folder(), false;
  if (effect == "short" || effect == "zero") return false;
  errno = number_of(kErrors, effect);
  return true;
}

std::string_view on_path(std::string_view kind, const char* path, int folder = AT_FDCWD) {
  Plan& p = plan();
  if (!p.on || path == nullptr) return {};
  std::string full = path;
  if (!full.starts_with("/")) full = (folder == AT_FDCWD ? current_folder() : link_of(folder)) + "/" + full;
  return p.below(full) ? p.at(kind, full) : std::string_view();
}

std::string_view on_descriptor(std::string_view kind, int fd) {
  Plan& p = plan();
  if (!p.on || fd < 0 || fd == p.log) return {};
  const std::string path = link_of(fd);
  if (path == p.out && fd != STDIN_FILENO && fd != STDERR_FILENO) return p.at(kind, "stdout");
  return p.below(path) ? p.at(kind, path) : std::string_view();
}

template <class F>
F* next(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

std::string_view kind_of_opening(int flags) { return flags & (O_WRONLY | O_RDWR | O_CREAT) ? "open" : "look"; }

std::size_t part(std::size_t size, std::string_view effect) {
  if (effect == "zero") return 0;
  return effect == "short" && size > 1 ? (size + 1) / 2 : size;
}

mode_t mode_of(int flags, va_list list) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; }

std::string_view clock_mode() {
  static const std::string& mode =
      *new std::string(variable("FAULTS_PROGRAM") == program_invocation_short_name ? variable("FAULTS_CLOCK") : "");
  return mode;
}

// Of the clock of the day alone: seconds to add, other ones at each look.
time_t bent(time_t now) {
  static std::atomic<long> looks{0};
  constexpr time_t kDay = 86400;
  const std::string_view mode = clock_mode();
  const long look = ++looks;
  if (mode == "forward") return now + 3 * kDay * look;
  if (mode == "back") return now - 3 * kDay * look;
  if (mode == "still") return 1'000'000'000;
  return now;
}

}  // namespace

#define FAULTS_MEAN(kind_and_place) \
  if (fails(kind_and_place)) return -1

extern "C" {

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  FAULTS_MEAN(on_path(kind_of_opening(flags), path));
  return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

int open64(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return open(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  FAULTS_MEAN(on_path(kind_of_opening(flags), path, folder));
  return static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
}

int creat(const char* path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

ssize_t write(int fd, const void* bytes, size_t size) {
  const auto effect = on_descriptor("write", fd);
  FAULTS_MEAN(effect);
  if (part(size, effect) == 0 && size > 0) return 0;
  return syscall(SYS_write, fd, bytes, part(size, effect));
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  const auto effect = on_descriptor("write", fd);
  FAULTS_MEAN(effect);
  if (part(size, effect) == 0 && size > 0) return 0;
  return syscall(SYS_pwrite64, fd, bytes, part(size, effect), at);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  const auto effect = on_descriptor("write", fd);
  FAULTS_MEAN(effect);
  if (effect == "short" && count > 0) return syscall(SYS_write, fd, parts->iov_base, part(parts->iov_len, effect));
  return syscall(SYS_writev, fd, parts, count);
}

ssize_t read(int fd, void* bytes, size_t size) {
  const auto effect = fd == STDOUT_FILENO ? std::string_view() : on_descriptor("read", fd);
  FAULTS_MEAN(effect);
  return syscall(SYS_read, fd, bytes, effect == "zero" ? size : part(size, effect));
}

// The disk is not waited for: what is tested is what the program makes of the answer.
int fsync(int fd) {
  FAULTS_MEAN(on_descriptor("sync", fd));
  return 0;
}

int fdatasync(int fd) { return fsync(fd); }

// As Linux has it: whatever it answers, the descriptor is closed.
int close(int fd) {
  const auto effect = on_descriptor("close", fd);
  const int error = fails(effect) ? errno : 0;
  if (syscall(SYS_close, fd) != 0) return -1;
  errno = error;
  return error ? -1 : 0;
}

int rename(const char* from, const char* to) {
  FAULTS_MEAN(on_path("rename", to));
  return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  FAULTS_MEAN(on_path("rename", to, to_folder));
  return static_cast<int>(syscall(SYS_renameat2, from_folder, from, to_folder, to, 0));
}

int mkdir(const char* path, mode_t mode) {
  FAULTS_MEAN(on_path("mkdir", path));
  return static_cast<int>(syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

char* mkdtemp(char* name) {
  if (fails(on_path("mkdir", name))) return nullptr;
  return next<char*(char*)>("mkdtemp")(name);
}

int ftruncate(int fd, off_t size) {
  FAULTS_MEAN(on_descriptor("truncate", fd));
  return static_cast<int>(syscall(SYS_ftruncate, fd, size));
}

int posix_fallocate(int fd, off_t at, off_t size) {
  if (fails(on_descriptor("truncate", fd))) return errno;
  return next<int(int, off_t, off_t)>("posix_fallocate")(fd, at, size);
}

int fchmod(int fd, mode_t mode) {
  FAULTS_MEAN(on_descriptor("chmod", fd));
  return static_cast<int>(syscall(SYS_fchmod, fd, mode));
}

int flock(int fd, int how) {
  FAULTS_MEAN(on_descriptor("lock", fd));
  return static_cast<int>(syscall(SYS_flock, fd, how));
}

int unlink(const char* path) {
  FAULTS_MEAN(on_path("unlink", path));
  return static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int unlinkat(int folder, const char* path, int flags) {
  FAULTS_MEAN(on_path("unlink", path, folder));
  return static_cast<int>(syscall(SYS_unlinkat, folder, path, flags));
}

int remove(const char* path) {
  FAULTS_MEAN(on_path("unlink", path));
  if (syscall(SYS_unlinkat, AT_FDCWD, path, 0) == 0) return 0;
  return errno == EISDIR ? static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR)) : -1;
}

void* mmap(void* wish, size_t size, int access_kind, int flags, int fd, off_t at) {
  if (fd >= 0 && fails(on_descriptor("map", fd))) return MAP_FAILED;
  return reinterpret_cast<void*>(syscall(SYS_mmap, wish, size, access_kind, flags, fd, at));
}

DIR* opendir(const char* path) {
  if (fails(on_path("list", path))) return nullptr;
  return next<DIR*(const char*)>("opendir")(path);
}

dirent* readdir(DIR* folder) {
  if (fails(on_descriptor("list", dirfd(folder)))) return nullptr;
  return next<dirent*(DIR*)>("readdir")(folder);
}

int clock_gettime(clockid_t clock, timespec* now) {
  const int result = static_cast<int>(syscall(SYS_clock_gettime, clock, now));
  if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec = bent(now->tv_sec);
  return result;
}

time_t time(time_t* out) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(timeval* out, void*) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *out = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

}  // extern "C"
