#include "packaging/shell/interface.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <regex>
#include <sstream>

#include "base/json.h"
#include "cli/commands/list_attention.h"
#include "cli/commands/list_compression.h"
#include "models/catalog/config.h"
#include "virtual_gpu/catalog.h"

namespace headroom::shell {
namespace {

using Names = std::vector<std::string>;
using cli::attention_json;
using cli::compression_json;

Names names_in(const Json& list) {
  Names names;
  for (const auto& entry : list) names.push_back(entry.at("name").get<std::string>());
  return names;
}

Names model_names() {
  Names names;
  for (const auto& preset : models::presets()) names.emplace_back(preset.name);
  return names;
}

Names device_names() {
  Names names{"cpu", "cuda"};
  for (const auto& device : virtual_gpu::device_catalog()) names.push_back("virtual:" + device.name);
  return names;
}

Names listed_names() {
  Names names = names_in(attention_json());
  for (const auto& name : names_in(compression_json())) names.push_back(name);
  for (const auto& device : virtual_gpu::device_catalog()) names.push_back(device.name);
  return names;
}

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

bool is_name(const std::string& text) {
  static const std::regex name("[a-z0-9][a-z0-9._-]*");
  return std::regex_match(text, name);
}

Names split(const std::string& text, const std::regex& separator) {
  return {std::sregex_token_iterator(text.begin(), text.end(), separator, -1), {}};
}

// "train, forward or generate"; none unless each is a name (or a pattern such as shuffled:SEED, which is left out).
Names enumerated(const std::string& text) {
  static const std::regex separator(", | or "), pattern("[a-z-]+:[A-Z]+");
  Names names;
  for (const auto& item : split(text, separator)) {
    if (std::regex_match(item, pattern)) continue;
    if (!is_name(item)) return {};
    names.push_back(item);
  }
  return names.size() > 1 ? names : Names();
}

// "auto: on a terminal; always; never"
Names explained(const std::string& text) {
  static const std::regex separator("; ");
  Names names;
  for (const auto& item : split(text, separator)) {
    const std::string name = item.substr(0, item.find_first_of(":,"));
    if (!is_name(name)) return {};
    names.push_back(name);
  }
  return names.size() > 1 ? names : Names();
}

// "at once (immediate) or when it is waited for (delayed)"
Names in_brackets(const std::string& text) {
  static const std::regex bracket("\\(([a-z0-9-]+)\\)");
  Names names;
  for (std::sregex_iterator found(text.begin(), text.end(), bracket), end; found != end; ++found)
    names.push_back((*found)[1]);
  return names.size() > 1 ? names : Names();
}

std::string behind(const std::string& text, std::size_t colon) {
  return colon == std::string::npos ? "" : text.substr(colon + 2);
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

Values kind_of(const std::string& placeholder) {
  if (contains(placeholder, "RECORDING")) return Values::recordings;
  if (contains(placeholder, "FOLDER")) return Values::folders;
  if (contains(placeholder, "FILE") || contains(placeholder, "PATH")) return Values::files;
  return Values::nothing;
}

// Names that are kept in a catalogue rather than in a help text.
Names catalogued(const std::string& name, const std::string& command) {
  if (name == "--attention") return names_in(attention_json());
  if (name == "--compress") return names_in(compression_json());
  if (name == "--device") return device_names();
  if (name == "MODEL") return model_names();
  if (name == "NAME" && command == "list") return listed_names();
  return {};
}

Argument argument_of(const CLI::Option& option, const std::string& command) {
  Argument out;
  out.text = one_line(option.get_description());
  out.group = option.get_group();
  if (option.get_positional()) {
    out.names = {option.get_name(true)};
    out.placeholder = out.names.front();
    out.group = "What is named";
  } else {
    for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
    for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
    if (option.get_items_expected_max() > 0) out.placeholder = option.get_type_name();
  }
  if (out.placeholder.empty()) return out;
  out.choices = catalogued(out.names.front(), command);
  if (out.choices.empty()) out.choices = choices_in(out.text);
  out.values = out.choices.empty() ? kind_of(out.placeholder) : Values::choices;
  if (out.names.front() == "MODEL") out.values = Values::models;
  if (option.get_positional() && out.values == Values::nothing) out.values = Values::files;
  out.is_list = out.placeholder == "LIST" || contains(out.text, "separated by commas");
  return out;
}

Names lines_of(const std::string& text) {
  Names lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (!line.empty() || !lines.empty()) lines.push_back(line);
  return lines;
}

std::string usage_of(const CLI::App& app) {
  const std::string help = app.help(app.get_parent() ? app.get_parent()->get_name() : "");
  const auto begin = help.find("Usage: ");
  if (begin == std::string::npos) return app.get_name();
  return help.substr(begin + 7, help.find('\n', begin) - begin - 7);
}

Command command_of(const CLI::App& app) {
  Command out;
  if (app.get_parent()) out.name = app.get_name();
  out.text = one_line(app.get_description());
  out.usage = usage_of(app);
  out.footer = lines_of(app.get_footer());
  out.ends_with_command = contains(out.usage, "-- COMMAND");
  out.takes_files = app.get_prefix_command();
  for (const CLI::Option* option : app.get_options())
    if (option->get_positional() || !option->get_group().empty())
      (option->get_positional() ? out.positionals : out.flags).push_back(argument_of(*option, out.name));
  return out;
}

}  // namespace

std::vector<std::string> choices_in(const std::string& text) {
  static const std::regex fallback(" ?\\((default: [^()]*|[^()]*headroom list[^()]*)\\)");
  const std::string plain = std::regex_replace(text, fallback, "");
  const std::string list = plain.substr(0, plain.find(';'));
  for (const std::string& part : {list, behind(list, list.rfind(": ")), behind(plain, plain.rfind(": "))})
    if (const Names names = enumerated(part); !names.empty()) return names;
  for (const std::string& part : {plain, behind(plain, plain.find(": "))})
    if (const Names names = explained(part); !names.empty()) return names;
  return in_brackets(plain);
}

Interface interface_of(const CLI::App& app, std::string_view version) {
  Interface out{app.get_name(), std::string(version), command_of(app), {}};
  for (const CLI::App* command : app.get_subcommands(nullptr))
    if (!command->get_group().empty()) out.commands.push_back(command_of(*command));
  return out;
}

}  // namespace headroom::shell
