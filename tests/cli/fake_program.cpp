// A program for tests of `headroom run`: does what its arguments say, one after another, and leaves what an attached
// process leaves.
//
//   attach RANK            Headroom was loaded; RANK may be empty
//   refuse TEXT            it would not be              script NAME            what the journals call the program
//   record DEVICE BYTES    a journal of one block, alive to the end; of "cuda0" or "cpu"
//   record-by-order        the same, of 1 MiB and 512 bytes for each letter of the order of addresses
//   empty-journal          the folder of one, without its files
//   assume TEXT            the last journal rests on it
//   untraced TEXT          why nothing was traced, in the last journal
//   tear                   the last journal loses its end
//   out TEXT, err TEXT     a line                       cat                    stdin to stdout
//   flood                  4 MiB to stderr              close                  stderr
//   addresses              whether they are randomised
//   env NAME               its value to stdout          pid                    notes the process for the test
//   child                  what follows happens in a child, whose code is passed on
//   brood                  a child in a session of its own, deaf, that outlives it
//   hang                   until a signal               trap                   a signal is told on stdout and ends it,
//   code 7 exit N, kill N         ends it
#include <fmt/format.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "recording/journal_writer.h"
#include "recording/recording.h"

using namespace headroom;

namespace {

std::filesystem::path folder() { return std::getenv("HEADROOM_RUN_FOLDER"); }
std::string file(const std::string& ending) { return folder() / fmt::format("{}{}", getpid(), ending); }

std::unique_ptr<JournalWriter> journal;
std::string script = "headroom_fake_program";

std::filesystem::path record(const std::string& device, std::int64_t bytes) {
  const std::filesystem::path path = file("-" + device + ".journal");
  journal = std::make_unique<JournalWriter>(path);
  const bool cpu = device == "cpu";
  const char* name = std::getenv("HEADROOM_VIRTUAL_GPU");
  journal->note({{"device", name ? fmt::format("virtual:{}", name) : device},
                 {"program", script},
                 {"environment",
                  {{"headroom_version", "0.1.0"},
                   {"torch_version", "2.11.0"},
                   {"device_kind", cpu    ? "cpu"
                                   : name ? "virtual"
                                          : "cuda"},
                   {"device_name", "Stand-in"}}}});
  journal->note({{"string", "aten::empty"}});
  journal->note({{"string", "[1024] float32"}});
  journal->note({{"string", "fake.py:12"}});
  JournalRow row{};
  if (!cpu) {
    row.kind = RowKind::segment_alloc;
    row.address = 0x100000;
    row.block_bytes = bytes;
    journal->append(row);
  }
  row.kind = RowKind::alloc;
  row.address = 0x100000;
  row.requested_bytes = row.block_bytes = bytes;
  row.op = 1;
  row.tensor = 2;
  row.source = 3;
  row.category = static_cast<std::uint8_t>(Category::unresolved);
  journal->append(row);
  return path;
}

void on_signal(int number) {
  const std::string text = fmt::format("got SIG{}\n", sigabbrev_np(number));
  [[maybe_unused]] const ssize_t count = write(STDOUT_FILENO, text.data(), text.size());
  _exit(7);
}

// As a program without a sanitizer does, whose handler would turn the death into an exit code.
void die_of(int number) {
  signal(number, SIG_DFL);
  raise(number);
}

[[noreturn]] void hang() {
  for (;;) pause();
}

int passed_on(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void say(std::ostream& stream, const std::string& text) { stream << text << std::endl; }

std::string variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? value : "(unset)";
}

void note_process() { std::ofstream(fmt::format("{}/{}", variable("HEADROOM_FAKE_PIDS"), getpid())) << getpid(); }

void turn_deaf() {
  for (int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_IGN);
}

}  // namespace

int main(int count, char** values) {
  std::filesystem::path path;
  int at = 1;
  const auto next = [&] { return at < count ? std::string(values[at++]) : std::string(); };
  while (at < count) {
    const std::string action = next();
    if (action == "attach") std::ofstream(file(".attached")) << values[0] << "\n2.11.0\n" << next() << "\n";
    if (action == "script") script = next();
    if (action == "refuse") std::ofstream(file(".refused")) << next() << "\n";
    if (action == "record") {
      const std::string device = next();
      path = record(device, std::stoll(next()));
    }
    if (action == "record-by-order") {
      const std::string order = variable("HEADROOM_VIRTUAL_GPU_ADDRESS_ORDER");
      path = record("cuda0", (1 << 20) + 512 * static_cast<std::int64_t>(order.size()));
    }
    if (action == "empty-journal") std::filesystem::create_directory(file("-cuda0.journal"));
    if (action == "assume") journal->note({{"assumption", next()}, {"key", "fake"}});
    if (action == "untraced") {
      DeviceActivity activity;
      activity.problems = {next()};
      journal->note(activity_note(activity));
    }
    if (action == "tear") std::filesystem::resize_file(path / kJournalNotesName, 300);
    if (action == "out") say(std::cout, next());
    if (action == "err") say(std::cerr, next());
    if (action == "cat") std::cout << std::cin.rdbuf() << std::flush;
    if (action == "flood") say(std::cerr, std::string(4 << 20, 'y'));
    if (action == "close") close(STDERR_FILENO);
    if (action == "env") say(std::cout, variable(next()));
    if (action == "addresses")
      say(std::cout, (personality(0xffffffff) & ADDR_NO_RANDOMIZE) != 0 ? "always the same" : "at random");
    if (action == "pid") note_process();
    if (action == "child")
      if (const pid_t child = fork(); child != 0) return passed_on(child);
    if (action == "brood" && fork() == 0) {
      setsid();
      turn_deaf();
      note_process();
      hang();
    }
    if (action == "deaf") turn_deaf(), hang();
    if (action == "trap")
      for (int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGQUIT}) signal(number, on_signal);
    if (action == "hang") hang();
    if (action == "exit") return std::stoi(next());
    if (action == "kill") die_of(std::stoi(next()));
  }
}
