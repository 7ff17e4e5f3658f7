#include "models/catalog/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/names.h"
#include "base/shortened.h"

namespace headroom::models {
namespace {

// Whole parts, or -1.
std::int64_t parsed(const MechanismOption& option, std::string_view text) {
  const char* const end = text.data() + text.size();
  if (option.parts == 1) {
    std::int64_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    return error == std::errc() && rest == end ? value : -1;
  }
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  const double parts = value * static_cast<double>(option.parts), whole = std::round(parts);
  const bool exact = error == std::errc() && rest == end && std::abs(parts - whole) < 1e-6 && whole < 1e15;
  return exact ? static_cast<std::int64_t>(whole) : -1;
}

std::int64_t option_value(const MechanismOption& option, const std::string& whose, std::string_view text) {
  const std::string what = "option '" + std::string(option.name) + "' of " + whose;
  for (std::size_t i = 0; i < option.values.size(); ++i)
    if (option.values[i] == text) return static_cast<std::int64_t>(i);
  if (!option.values.empty()) throw bad_input(unknown_name_message(what + ":", text, option.values));
  const std::int64_t value = parsed(option, text);
  if (value < option.low || value > option.high)
    throw bad_input(what + " is '" + shortened(text) + "', expected a number from " +
                    option_text(option, option.low) + " to " + option_text(option, option.high) +
                    (option.parts == 1 ? "" : ", in steps of " + option_text(option, 1)));
  return value;
}

// "option=value", up to the next colon that is not the value's own ("format=2:4").
std::string_view first_part(const std::vector<MechanismOption>& options, std::string_view text) {
  for (const MechanismOption& option : options)
    for (const std::string_view value : option.values) {
      const std::string whole = std::string(option.name) + "=" + std::string(value);
      if (text == whole || text.starts_with(whole + ":")) return text.substr(0, whole.size());
    }
  return text.substr(0, text.find(':'));
}

}  // namespace

std::string option_text(const MechanismOption& option, std::int64_t value) {
  if (!option.values.empty()) return std::string(option.values.at(static_cast<std::size_t>(value)));
  if (option.parts == 1) return std::to_string(value);
  return fmt::format("{:g}", static_cast<double>(value) / static_cast<double>(option.parts));
}

MechanismOptions given_options(const std::string& whose, const std::vector<MechanismOption>& options,
                               std::string_view text) {
  MechanismOptions given;
  while (!text.empty()) {
    const std::string_view part = first_part(options, text);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const std::string_view name = part.substr(0, part.find('='));
    std::vector<std::string_view> known;
    const MechanismOption* option = nullptr;
    for (const MechanismOption& candidate : options) {
      if (candidate.name == name) option = &candidate;
      known.push_back(candidate.name);
    }
    if (known.empty()) throw bad_input(whose + " has no options, but got '" + shortened(part) + "'");
    if (option == nullptr) throw bad_input(unknown_name_message("option of " + whose, name, known));
    if (name.size() == part.size())
      throw bad_input("option of " + whose + " '" + shortened(name) + "' has no value, expected " +
                      shortened(name) + "=VALUE");
    given[std::string(name)] = option_value(*option, whose, part.substr(name.size() + 1));
  }
  return given;
}

}  // namespace headroom::models
