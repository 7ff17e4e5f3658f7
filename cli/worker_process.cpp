#include "cli/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "cli/child_process.h"
#include "cli/terminal.h"

namespace headroom::cli {
namespace {

constexpr std::size_t kStderrKept = 64 << 10, kLongestPartialLine = 64 << 10;
constexpr int kProgressDescriptor = 3;
constexpr std::chrono::seconds kPatience{1};  // from SIGTERM to SIGKILL

[[noreturn]] void fail(const char* what) {
  throw could_not_measure(fmt::format("cannot start the worker: {}: {}", what, std::strerror(errno)));
}

struct Pipe {
  Descriptor read, write;
};

// Above the numbers the child gives its own, so that no dup2 there overwrites a descriptor still needed.
Descriptor raised(Descriptor descriptor) {
  const int copy = descriptor.is_open() ? fcntl(descriptor.get(), F_DUPFD_CLOEXEC, kProgressDescriptor + 1) : -1;
  if (copy < 0) fail("open");
  return Descriptor(copy);
}

Pipe make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
  Descriptor read(ends[0]), write(ends[1]);
  return {std::move(read), raised(std::move(write))};
}

Descriptor never_blocking(Descriptor descriptor) {
  fcntl(descriptor.get(), F_SETFL, fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
  return descriptor;
}

Descriptor memory_file(const std::string& text) {
  Descriptor file(memfd_create("headroom-spec", MFD_CLOEXEC));
  if (!file.is_open()) fail("memfd_create");
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t count = write(file.get(), text.data() + at, text.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail("write");
    at += static_cast<std::size_t>(count);
  }
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

// Everything the child does between fork and exec, prepared before the fork: there it may call only the kernel.
struct Launch {
  char** arguments;
  char** environment;
  int input, discard, error, progress, failure;
  pid_t parent;
  const sigset_t* mask;
};

[[noreturn]] void become_worker(const Launch& launch) {
  keep_addresses();
  setpgid(0, 0);
  belong_to(launch.parent, *launch.mask);
  dup2(launch.input, STDIN_FILENO);
  dup2(launch.discard, STDOUT_FILENO);
  dup2(launch.error, STDERR_FILENO);
  dup2(launch.progress, kProgressDescriptor);
  execve(launch.arguments[0], launch.arguments, launch.environment);
  tell_failure(launch.failure);
}

pid_t start(const Launch& launch) {
  const pid_t process = fork();
  if (process < 0) fail("fork");
  if (process == 0) become_worker(launch);
  setpgid(process, process);  // whichever of the two comes first
  return process;
}

// Reads what is there; false once the other end is closed.
bool read_some(const Descriptor& descriptor, std::string& out) {
  char buffer[16 << 10];
  for (;;) {
    const ssize_t count = read(descriptor.get(), buffer, sizeof buffer);
    if (count > 0)
      out.append(buffer, static_cast<std::size_t>(count));
    else if (count == 0 || (errno != EINTR && errno != EAGAIN))
      return false;
    else if (errno == EAGAIN)
      return true;
    if (out.size() > (1u << 20)) return true;  // a flood: the caller's turn, more at the next call
  }
}

void keep_end(std::string& text, std::size_t size) {
  if (text.size() > size) text.erase(0, text.size() - size);
}

}  // namespace

WorkerProcess::WorkerProcess(const WorkerCommand& command, const Json& job, const std::filesystem::path& out,
                             const sigset_t& mask, TimeLimit limit)
    : limit_(limit), deadline_(limit, kPatience) {
  std::vector<std::string> arguments{command.executable.string(), "--out", out.string(), "--progress-fd",
                                     std::to_string(kProgressDescriptor)};
  std::vector<std::string> environment = command.environment;
  auto argument_pointers = pointers(arguments), environment_pointers = pointers(environment);
  const Descriptor input = raised(memory_file(job.dump()));
  const Descriptor discard = raised(Descriptor(open("/dev/null", O_WRONLY | O_CLOEXEC)));
  Pipe progress = make_pipe(), error = make_pipe(), failure = make_pipe();
  process_ = start({argument_pointers.data(), environment_pointers.data(), input.get(), discard.get(),
                    error.write.get(), progress.write.get(), failure.write.get(), getpid(), &mask});
  failure.write.close();
  if (const auto reason = why_not_started(process_, failure.read))
    throw could_not_measure(fmt::format("cannot start the worker {}: {}", arguments[0], std::strerror(*reason)));
  progress_pipe_ = never_blocking(std::move(progress.read));
  stderr_pipe_ = never_blocking(std::move(error.read));
}

WorkerProcess::~WorkerProcess() {
  if (!reaped_) reap();
}

// The whole group is killed, whatever the worker started included, while its leader still holds the group's number.
void WorkerProcess::reap() {
  kill(-process_, SIGKILL);
  while (waitpid(process_, &wait_status_, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
}

void WorkerProcess::add_descriptors(std::vector<pollfd>& wanted) const {
  for (const Descriptor* pipe : {&progress_pipe_, &stderr_pipe_})
    if (pipe->is_open()) wanted.push_back({pipe->get(), POLLIN, 0});
}

void WorkerProcess::read_available() {
  std::string bytes;
  if (progress_pipe_.is_open() && !read_some(progress_pipe_, bytes)) progress_pipe_.close();
  take_progress(bytes);
  if (stderr_pipe_.is_open() && !read_some(stderr_pipe_, stderr_text_)) stderr_pipe_.close();
  keep_end(stderr_text_, kStderrKept);
}

void WorkerProcess::take_progress(const std::string& bytes) {
  partial_line_ += bytes;
  std::size_t begin = 0;
  for (std::size_t end; (end = partial_line_.find('\n', begin)) != std::string::npos; begin = end + 1)
    if (auto progress = parse_progress(std::string_view(partial_line_).substr(begin, end - begin)))
      progress_ = std::move(*progress);
  partial_line_.erase(0, begin);
  keep_end(partial_line_, kLongestPartialLine);
}

bool WorkerProcess::has_ended() {
  if (reaped_) return true;
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid == 0 || info.si_code == CLD_STOPPED || info.si_code == CLD_TRAPPED) {
    if (info.si_pid != 0) tell_stop();
    if (const int number = deadline_.signal_due()) kill(-process_, number);
    return false;
  }
  reap();
  read_available();
  return true;
}

// Else nothing tells it from a long run.
void WorkerProcess::tell_stop() {
  if (!std::exchange(told_stop_, true))
    complain(
        fmt::format("the worker is stopped: kill -CONT {} lets it go on; what stops this program ends both", process_));
}

WorkerEnd WorkerProcess::end() const {
  if (deadline_.has_passed()) return explain_timeout(limit_, describe(progress_), stderr_text_);
  return explain_worker_exit(wait_status_, stderr_text_);
}

void wait_for_any(const std::vector<std::unique_ptr<WorkerProcess>>& workers, const Interrupts& interrupts,
                  int milliseconds) {
  std::vector<pollfd> wanted{{interrupts.descriptor(), POLLIN, 0}};
  for (const auto& worker : workers) {
    if (!worker) continue;
    worker->add_descriptors(wanted);
    const int left = worker->milliseconds_left();
    if (left >= 0 && (milliseconds < 0 || left < milliseconds)) milliseconds = left;
  }
  poll(wanted.data(), wanted.size(), milliseconds);
}

}  // namespace headroom::cli
