// The command line as plain data, read off CLI11's own objects: what shells complete and manual pages print. Nothing of
// it is written down twice, so neither can be stale.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace headroom::shell {

// What may stand for a value.
enum class Values { nothing, choices, files, folders, recordings, models };

// A flag, or what is named without one.
struct Argument {
  std::vector<std::string> names;    // "--help", "-h"; of a positional one its placeholder alone
  std::string placeholder;           // "MODE"; empty: a flag without a value
  std::string text;                  // one line
  std::string group;                 // heading in --help
  Values values = Values::nothing;   // of the value; models: choices or a file
  std::vector<std::string> choices;  // names, where they are known
  bool is_list = false;              // choices are joined by commas
};

struct Command {
  std::string name;  // empty: the tool itself
  std::string text;
  std::string usage;  // "headroom profile MODEL [FLAGS]"
  std::vector<Argument> flags, positionals;
  std::vector<std::string> footer;  // lines
  bool ends_with_command = false;   // -- COMMAND …
  bool takes_files = false;         // what it does not know itself, it hands on to another program
};

struct Interface {
  std::string program;
  std::string version;
  Command self;
  std::vector<Command> commands;
};

Interface interface_of(const CLI::App& app, std::string_view version);

// The values that a help text lists: "What a step does: train, forward or generate (default: train)". Empty where it
// lists none.
std::vector<std::string> choices_in(const std::string& text);

std::string bash_completion(const Interface& interface);
std::string zsh_completion(const Interface& interface);
std::string fish_completion(const Interface& interface);

// Pages of section 1 in roff; of `command` of the tool, else of the tool itself.
std::string manual_page(const Interface& interface, const Command& command);

// All of them, laid out as under share/.
void write_files(const Interface& interface, const std::filesystem::path& folder);

}  // namespace headroom::shell
