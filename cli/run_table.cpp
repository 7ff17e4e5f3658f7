#include "cli/run_table.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/names.h"
#include "base/shortened.h"

namespace headroom::cli {
namespace {

std::string key_of(const CLI::Option& option) {
  return option.get_lnames().empty() ? "model" : option.get_lnames().front();
}

// The flags as `headroom profile` has them, but for the one that asks for several runs.
struct Parser {
  CLI::App app;
  RunFlags flags;

  Parser() {
    add_run_flags(app, flags, "", "");
    app.remove_option(app.get_help_ptr());
    app.remove_option(app.get_option("--address-orders"));
  }
};

bool is_flag(const CLI::Option& option) { return option.get_expected_max() == 0; }

// The words that stand for one key on a command line; none for `padding = false`.
std::vector<std::string> words_of(const CLI::Option& option, const std::string& key, const Json& value,
                                  const std::string& place) {
  const auto refuse = [&](const char* expected) -> Error {
    return bad_input(fmt::format("{}: '{}' is {}, expected {}", place, key, shortened(value.dump()), expected));
  };
  if (is_flag(option)) {
    if (!value.is_boolean()) throw refuse("true or false");
    return value.get<bool>() ? std::vector<std::string>{"--" + key} : std::vector<std::string>{};
  }
  if (!value.is_string() && !value.is_number()) throw refuse("one text or number");
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text.empty()) throw refuse("a value");
  if (option.get_lnames().empty()) return {};  // the model, which may look like a flag
  return {fmt::format("--{}={}", key, text)};
}

const CLI::Option& option_of(const CLI::App& app, const std::string& key, const std::string& place) {
  for (const CLI::Option* option : app.get_options())
    if (key_of(*option) == key) return *option;
  const auto& keys = run_table_keys();
  throw bad_input(place + ": " + unknown_name_message("key", key, {keys.begin(), keys.end()}));
}

std::string model_path(const std::string& model, const TomlDocument& document) {
  const std::filesystem::path path = model;
  const bool is_path = path.has_parent_path() || path.extension() == ".json";
  if (!is_path || path.is_absolute()) return model;
  const std::string from_here =
      (std::filesystem::path(document.where).parent_path() / path).lexically_normal().string();
  const bool looks_like_preset = from_here.find('/') == std::string::npos && !from_here.ends_with(".json");
  return looks_like_preset ? "./" + from_here : from_here;
}

std::string flag_at(const std::string& message, std::size_t at) {
  const std::size_t end = message.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at + 2);
  return message.substr(at + 2, end == std::string::npos ? end : end - at - 2);
}

// Which key a message is about: the first whose flag it names, else the one whose value it quotes, else the model.
std::string key_meant(const std::string& message, const Json& table) {
  for (std::size_t at = message.find("--"); at != std::string::npos; at = message.find("--", at + 2))
    if (const std::string key = flag_at(message, at); table.contains(key)) return key;
  for (const auto& [key, value] : table.items())
    if (value.is_string() && message.starts_with("unknown ") &&
        message.find(fmt::format("'{}'", value.get<std::string>())) != std::string::npos)
      return key;
  return "model";
}

// "--batch is 0, …" is, in the line of `batch`, "'batch' is 0, …"; what names no key stands in the line of the table.
std::string told_of_table(const std::string& message, const Json& table, const TomlDocument& document,
                          const std::string& pointer) {
  const std::string key = key_meant(message, table), flag = "--" + key;
  const bool begins = message.starts_with(flag + " ") || message.starts_with(flag + ":");
  const std::string text = begins ? fmt::format("'{}'{}", key, message.substr(flag.size())) : message;
  return document.place(table.contains(key) ? pointer + "/" + key : pointer) + ": " + text;
}

}  // namespace

const std::vector<std::string>& run_table_keys() {
  static const std::vector<std::string> keys = [] {
    const Parser parser;
    std::vector<std::string> names;
    for (const CLI::Option* option : parser.app.get_options()) names.push_back(key_of(*option));
    return names;
  }();
  return keys;
}

CheckedRun check_run_table(const Json& table, const TomlDocument& document, const std::string& pointer) {
  Parser parser;
  std::vector<std::string> words;
  for (const auto& [key, value] : table.items()) {
    const std::string place = document.place((Json::json_pointer(pointer) / key).to_string());
    const CLI::Option& option = option_of(parser.app, key, place);
    for (std::string& word : words_of(option, key, value, place)) words.insert(words.begin(), std::move(word));
    if (key == "model" && value.is_string()) parser.flags.model = model_path(value.get<std::string>(), document);
  }
  try {
    parser.app.parse(std::move(words));
    if (parser.flags.device.empty()) parser.flags.device = RunSpec().device;
    return check_single_run(parser.flags);
  } catch (const Error& error) {
    throw Error(error.code(), told_of_table(error.what(), table, document, pointer));
  } catch (const CLI::Error& error) {
    throw bad_input(document.place(pointer) + ": " + error.what());
  }
}

}  // namespace headroom::cli
