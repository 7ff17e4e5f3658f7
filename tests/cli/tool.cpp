#include "tests/cli/tool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace headroom::cli_test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = 60s;

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (auto& string : strings) out.push_back(string.data());
  out.push_back(nullptr);
  return out;
}

struct Ends {
  int read = -1, write = -1;
};

Ends make_pipe() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  return {ends[0], ends[1]};
}

Ends make_terminal() {
  int master = -1, slave = -1;
  winsize size{24, 80, 0, 0};
  EXPECT_EQ(openpty(&master, &slave, nullptr, nullptr, &size), 0);
  fcntl(master, F_SETFD, FD_CLOEXEC);
  fcntl(slave, F_SETFD, FD_CLOEXEC);
  return {master, slave};
}

void read_once(int& descriptor, std::string& text) {
  char buffer[4096];
  const ssize_t count = read(descriptor, buffer, sizeof buffer);
  if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
  if (count > 0 || (count < 0 && errno == EINTR)) return;
  close(descriptor);
  descriptor = -1;
}

// A process that nobody has reaped yet is gone too.
bool is_alive(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string status{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = status.rfind(')');
  return name_end != std::string::npos && status.substr(name_end, 3) != ") Z";
}

}  // namespace

Tool::Tool() : folder(std::filesystem::current_path()) {
  environment = {{"PATH", "/usr/bin:/bin"},
                 {"HOME", "/nonexistent"},
                 {"TMPDIR", scratch_.path()},
                 {"HEADROOM_WORKER", HEADROOM_FAKE_WORKER},
                 {"HEADROOM_FAKE_PIDS", process_ids_.path()},
                 {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
}

Tool::~Tool() {
  for (const auto& name : process_ids_.names()) kill(std::stoi(name), SIGKILL);
  if (process_ > 0) wait();
}

void Tool::start(const std::vector<std::string>& arguments) {
  std::vector<std::string> argument_texts{executable}, environment_texts;
  argument_texts.insert(argument_texts.end(), arguments.begin(), arguments.end());
  for (const auto& [name, value] : environment) environment_texts.push_back(name + "=" + value);
  const auto argument_pointers = pointers(argument_texts), environment_pointers = pointers(environment_texts);
  Ends out = on_terminal ? make_terminal() : make_pipe();
  Ends err = on_terminal ? Ends{} : make_pipe();
  if (out_file == "|") close(std::exchange(out.read, -1));
  if (out_file.starts_with("/")) close(std::exchange(out.write, open(out_file.c_str(), O_WRONLY | O_CLOEXEC)));

  process_ = fork();
  ASSERT_GE(process_, 0);
  if (process_ == 0) {
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(out.write, STDOUT_FILENO);
    dup2(on_terminal ? out.write : err.write, STDERR_FILENO);
    if (at_the_keyboard) {
      setsid();
      ioctl(out.write, TIOCSCTTY, 0);
      dup2(out.write, STDIN_FILENO);
    }
    if (out_file == "-") close(STDOUT_FILENO);
    if (chdir(folder.c_str()) != 0) _exit(99);
    if (before_exec) before_exec();
    execve(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
    _exit(98);
  }
  close(out.write);
  if (err.write >= 0) close(err.write);
  out_ = out.read;
  err_ = err.read;
}

Ended Tool::wait() {
  Ended ended;
  const auto deadline = Clock::now() + kPatience;
  while ((out_ >= 0 || err_ >= 0) && Clock::now() < deadline) {
    pollfd wanted[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
    poll(wanted, 2, 100);
    if (wanted[0].revents) read_once(out_, ended.out);
    if (wanted[1].revents) read_once(err_, ended.err);
  }
  if (out_ >= 0 || err_ >= 0) {
    ADD_FAILURE() << "the tool still holds its output open after a minute";
    kill(process_, SIGKILL);
    for (int* descriptor : {&out_, &err_})
      if (*descriptor >= 0) close(std::exchange(*descriptor, -1));
  }
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = -1;
  if (WIFSIGNALED(status))
    ended.signal = WTERMSIG(status);
  else
    ended.code = WEXITSTATUS(status);
  return ended;
}

void Tool::send(int signal) const { kill(process_, signal); }

void Tool::type(const std::string& keys) const {
  EXPECT_EQ(write(out_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
}

std::vector<pid_t> Tool::workers(std::size_t count) const {
  const auto deadline = Clock::now() + kPatience;
  while (process_ids_.names().size() < count && Clock::now() < deadline) std::this_thread::sleep_for(5ms);
  std::vector<pid_t> found;
  for (const auto& name : process_ids_.names()) found.push_back(std::stoi(name));
  EXPECT_EQ(found.size(), count);
  return found;
}

bool Tool::all_workers_gone() const {
  const auto deadline = Clock::now() + 10s;
  for (const auto& name : process_ids_.names())
    while (is_alive(std::stoi(name))) {
      if (Clock::now() > deadline) return false;
      std::this_thread::sleep_for(5ms);
    }
  return true;
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

void expect_golden(const std::string& name, const std::string& text) {
  const std::filesystem::path path = std::filesystem::path(HEADROOM_SOURCE_DIR) / "tests/golden/cli" / name;
  if (std::getenv("HEADROOM_UPDATE_GOLDEN")) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return;
  }
  std::ifstream file(path);
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, expected) << "differs from " << path;
}

}  // namespace headroom::cli_test
