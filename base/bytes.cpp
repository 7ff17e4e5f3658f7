#include "base/bytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace headroom {
namespace {

constexpr std::array<std::string_view, 7> kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

constexpr std::string_view kMinus = "−";

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

// Digits after the point that leave three significant ones, counted after rounding.
int decimals(double value) { return value < 9.995 ? 2 : value < 99.95 ? 1 : 0; }

}  // namespace

std::string format_bytes(std::int64_t bytes) {
  const std::string_view sign = bytes < 0 ? kMinus : "";
  const std::uint64_t size = magnitude(bytes);
  if (size < 1024) return fmt::format("{}{} B", sign, size);
  double value = static_cast<double>(size) / 1024;
  std::size_t unit = 1;
  for (; value >= 1023.5 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{}{:.{}f} {}", sign, value, decimals(value), kUnits[unit]);
}

std::string format_percent(double percent, int digits) {
  const std::string text = fmt::format("{:.{}f}", std::abs(percent), digits);
  const bool is_zero = text.find_first_not_of("0.") == std::string::npos;
  return fmt::format("{}{} %", percent < 0 && !is_zero ? kMinus : "", text);
}

std::string format_count(std::int64_t value) {
  return fmt::format("{}{}", value < 0 ? kMinus : "", fmt::group_digits(magnitude(value)));
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  double number = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number, std::chars_format::fixed);
  if (error != std::errc() || number < 0) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(last - end));
  const auto known = std::find(kUnits.begin(), kUnits.begin() + 5, unit.empty() ? "B" : unit);
  const double bytes = std::round(std::ldexp(number, 10 * static_cast<int>(known - kUnits.begin())));
  if (known == kUnits.begin() + 5 || !(bytes < std::ldexp(1.0, 62))) return std::nullopt;
  return static_cast<std::int64_t>(bytes);
}

}  // namespace headroom
