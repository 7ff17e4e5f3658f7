#include "base/bytes.h"

#include <fmt/format.h>

#include <array>

namespace headroom {
namespace {

constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

// Digits after the point that leave three significant ones, counted after rounding.
int decimals(double value) { return value < 9.995 ? 2 : value < 99.95 ? 1 : 0; }

}  // namespace

std::string format_bytes(std::int64_t bytes) {
  const char* sign = bytes < 0 ? "-" : "";
  const std::uint64_t size = magnitude(bytes);
  if (size < 1024) return fmt::format("{}{} B", sign, size);
  double value = static_cast<double>(size) / 1024;
  std::size_t unit = 1;
  for (; value >= 1023.5 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{}{:.{}f} {}", sign, value, decimals(value), kUnits[unit]);
}

std::string format_count(std::int64_t value) {
  return fmt::format("{}{}", value < 0 ? "-" : "", fmt::group_digits(magnitude(value)));
}

}  // namespace headroom
