#include "cli/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/bytes.h"
#include "base/error.h"
#include "base/shortened.h"

namespace headroom::cli {
namespace {

std::string range(std::int64_t low, std::int64_t high) {
  return high == INT64_MAX ? fmt::format("a whole number of at least {}", low)
                           : fmt::format("a whole number from {} to {}", low, high);
}

}  // namespace

std::int64_t parse_integer(std::string_view flag, std::string_view text, std::int64_t low, std::int64_t high) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && end == text.data() + text.size())
    throw bad_input(
        fmt::format("{} is '{}', beyond what 63 bits hold; expected {}", flag, shortened(text), range(low, high)));
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high)
    throw bad_input(fmt::format("{} is '{}', expected {}", flag, shortened(text), range(low, high)));
  return value;
}

double parse_number(std::string_view flag, std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    throw bad_input(fmt::format("{} is '{}', expected a number", flag, shortened(text)));
  return value;
}

std::int64_t parse_size(std::string_view flag, std::string_view text) {
  if (const auto bytes = parse_bytes(text)) return *bytes;
  const std::string_view unit = text.substr(std::min(text.find_first_not_of("0123456789. "), text.size()));
  throw bad_input(fmt::format("{} is '{}', expected a size such as 600MiB, 1.5GiB or a number of bytes{}", flag,
                              shortened(text),
                              unit == "MB" || unit == "GB" || unit == "M" || unit == "G" || unit == "KB"
                                  ? "; units are binary: KiB, MiB, GiB, TiB"
                                  : ""));
}

Category parse_category(std::string_view where, std::string_view text) {
  std::vector<std::string_view> known;  // without the one that no byte has in the end
  for (std::size_t c = 0; c < kCategoryCount; ++c) {
    known.push_back(kCategoryNames[c].name);
    if (known.back() == text) return kCategoryNames[c].value;
  }
  throw bad_input(fmt::format("{}: {}", where, unknown_name_message("category", text, known)));
}

std::vector<std::string> parse_list(std::string_view flag, std::string_view text) {
  std::vector<std::string> items;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string item(text.substr(begin, end - begin));
    if (item.empty()) throw bad_input(fmt::format("{} has an empty item in '{}'", flag, shortened(text)));
    if (std::ranges::find(items, item) != items.end())
      throw bad_input(fmt::format("{} names '{}' twice", flag, shortened(item)));
    items.push_back(item);
    begin = end + 1;
  }
  return items;
}

std::string alternatives(const std::vector<std::string_view>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

}  // namespace headroom::cli
