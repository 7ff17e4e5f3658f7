// Columns of events as bytes, and back in tight loops. docs/recording-format.md describes the encodings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "recording/recording.h"

namespace headroom::columns {

inline constexpr std::size_t kMaxVarintBytes = 10;

// How a column's numbers become varints: themselves, or each as its difference from the one before (modulo 2^64).
enum class Coding { value, delta };

// Numbers a column may hold, both ends included.
struct Range {
  std::int64_t low, high;
};

std::string encode_numbers(const std::int64_t* values, std::size_t count, Coding coding);

// False when `bytes` are not exactly `count` varints of numbers within `range`; `out` has room for `count`.
bool decode_numbers(std::string_view bytes, std::size_t count, Coding coding, Range range, std::int64_t* out);

// Four actions a byte, the first in the lowest bits; unused bits are 0.
std::string encode_actions(const std::vector<Action>& actions);
bool decode_actions(std::string_view bytes, std::size_t count, std::vector<Action>& out);

template <class T>
std::string encode(const std::vector<T>& column, Coding coding) {
  if constexpr (sizeof(T) == 1) {
    return std::string(reinterpret_cast<const char*>(column.data()), column.size());
  } else {
    const std::vector<std::int64_t> values = [&] {
      std::vector<std::int64_t> wide(column.size());
      for (std::size_t i = 0; i < column.size(); ++i) wide[i] = static_cast<std::int64_t>(column[i]);
      return wide;
    }();
    return encode_numbers(values.data(), values.size(), coding);
  }
}

template <class T>
bool decode(std::string_view bytes, std::size_t count, Coding coding, Range range, std::vector<T>& out) {
  out.resize(count);
  if constexpr (sizeof(T) == 1) {
    if (bytes.size() != count) return false;
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = static_cast<unsigned char>(bytes[i]);
      if (value > range.high) return false;
      out[i] = static_cast<T>(value);
    }
    return true;
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return decode_numbers(bytes, count, coding, range, out.data());
  } else {
    std::vector<std::int64_t> wide(count);
    if (!decode_numbers(bytes, count, coding, range, wide.data())) return false;
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<T>(wide[i]);
    return true;
  }
}

}  // namespace headroom::columns
