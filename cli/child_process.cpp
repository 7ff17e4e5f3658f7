#include "cli/child_process.h"

#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace headroom::cli {
namespace {

using Handler = void (*)(int);
Handler at_the_limit = SIG_DFL;  // as this program was started

// Of all processes that run, by their parents.
std::multimap<pid_t, pid_t> children_by_parent() {
  std::multimap<pid_t, pid_t> out;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const auto process = static_cast<pid_t>(std::atol(entry->path().filename().c_str()));
    if (process <= 0) continue;
    std::ifstream file(entry->path() / "stat");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto name_end = text.rfind(')');  // "12 (a name) S 1 …"
    if (name_end == std::string::npos || name_end + 4 >= text.size() || text[name_end + 2] == 'Z') continue;
    out.emplace(static_cast<pid_t>(std::atol(text.c_str() + name_end + 4)), process);
  }
  return out;
}

}  // namespace

void take_write_errors() {
  std::signal(SIGPIPE, SIG_IGN);
  at_the_limit = std::signal(SIGXFSZ, SIG_IGN);
}

void give_back_limit() { std::signal(SIGXFSZ, at_the_limit); }

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (auto& string : strings) out.push_back(string.data());
  out.push_back(nullptr);
  return out;
}

void keep_addresses() {
  constexpr unsigned long kOnlyAsk = 0xffffffff;
  const int now = personality(kOnlyAsk);
  if (now >= 0) personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE);
}

void belong_to(pid_t parent, const sigset_t& mask) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  std::signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
}

void tell_failure(int failure) {
  const int error = errno;
  [[maybe_unused]] const ssize_t count = write(failure, &error, sizeof error);
  _exit(127);
}

void adopt_orphans() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

int signal_descendants(int number) {
  const auto children = children_by_parent();
  std::vector<pid_t> found{getpid()};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto [begin, end] = children.equal_range(found[i]);
    for (auto child = begin; child != end; ++child) found.push_back(child->second);
  }
  for (std::size_t i = 1; i < found.size(); ++i) kill(found[i], number);
  return static_cast<int>(found.size()) - 1;
}

std::optional<int> why_not_started(pid_t process, const Descriptor& failure) {
  int reason = 0;
  ssize_t count;
  while ((count = read(failure.get(), &reason, sizeof reason)) < 0 && errno == EINTR) {
  }
  if (count != sizeof reason) return std::nullopt;
  waitpid(process, nullptr, 0);
  return reason;
}

}  // namespace headroom::cli
