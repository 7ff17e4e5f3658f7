// What kind of file a program is, as far as that decides whether Headroom can be loaded into it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace headroom::cli {

// The file that `command`'s first word names, looked up in PATH as a shell does. Throws bad_input where nothing could
// be started: not found, a folder, not executable, a script whose interpreter is missing, a program for another
// machine.
std::filesystem::path find_program(const std::vector<std::string>& command);

// Why nothing can be attached to this program, as far as its file and its arguments tell: it is statically linked, runs
// with another user's rights, is Python told to ignore its environment. Empty when nothing is known to be in the way.
std::string obstacle_to_attaching(const std::filesystem::path& program, const std::vector<std::string>& command);

// "train.py" of "python -u train.py", "torchrun" of "/usr/bin/torchrun train.py".
std::string program_name(const std::vector<std::string>& command);

// The same without .py or .sh and with letters, digits and ._- only, so that it can name a file.
std::string program_label(const std::vector<std::string>& command);

}  // namespace headroom::cli
