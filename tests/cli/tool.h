// The tool as a person meets it: the executable, its arguments, what it prints and how it ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/temporary_folder.h"

namespace headroom::cli_test {

struct Ended {
  int code = -1;  // exit code; -1 when a signal ended it
  int signal = 0;
  std::string out, err;
};

// A running tool over the stand-in worker, with a TMPDIR and a folder of workers' process ids of its own.
class Tool {
 public:
  Tool();
  ~Tool();

  std::map<std::string, std::string> environment;  // added to a plain one (PATH, HOME)
  std::string executable = HEADROOM_EXECUTABLE;
  std::string out_file;               // stdout goes there instead: /dev/full, a closed pipe ("|"), none ("-")
  bool on_terminal = false;           // stdout and stderr are one terminal of 80 columns
  bool at_the_keyboard = false;       // that terminal is stdin, too, and sends Ctrl-C to the tool and what it runs
  std::filesystem::path folder;       // current folder
  std::function<void()> before_exec;  // in the child

  void start(const std::vector<std::string>& arguments);
  Ended wait();  // reads all output; fails the test after a minute
  Ended run(const std::vector<std::string>& arguments) { return start(arguments), wait(); }
  pid_t process() const { return process_; }
  void send(int signal) const;
  void type(const std::string& keys) const;  // on the terminal

  void fake(const std::string& script) { environment["HEADROOM_FAKE"] = script; }
  std::vector<pid_t> workers(std::size_t count) const;                  // once so many have started
  std::vector<std::string> litter() const { return scratch_.names(); }  // what is left in its TMPDIR
  bool all_workers_gone() const;                                        // within a few seconds
  const std::filesystem::path& scratch() const { return scratch_.path(); }

 private:
  testing_support::TemporaryFolder scratch_, process_ids_;
  pid_t process_ = -1;
  int out_ = -1, err_ = -1;
};

// The words of a command line.
std::vector<std::string> words(const std::string& line);

// Compares with tests/golden/cli/NAME; HEADROOM_UPDATE_GOLDEN=1 rewrites it instead.
void expect_golden(const std::string& name, const std::string& text);

}  // namespace headroom::cli_test
