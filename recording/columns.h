// Columns of events as bytes, and back in tight loops. docs/recording-format.md describes the encodings.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "recording/recording.h"

namespace headroom::columns {

inline constexpr std::size_t kMaxVarintBytes = 10;
inline constexpr std::size_t kManyRows = 100'000;  // from here on columns are worth a thread of their own

// How a column's numbers become varints: themselves, or each as its difference from the one before (modulo 2^64).
enum class Coding { value, delta };

// Numbers a column may hold, both ends included.
struct Range {
  std::int64_t low, high;
};

char* put_varint(char* out, std::uint64_t value);  // the place after it

template <class T>
std::string encode_numbers(const T* values, std::size_t count, Coding coding) {
  constexpr std::size_t kChunk = 4096;
  std::array<char, kChunk * kMaxVarintBytes> chunk;
  std::string bytes;
  bytes.reserve(count);
  const std::uint64_t keep = coding == Coding::delta ? ~std::uint64_t{0} : 0;
  std::uint64_t base = 0;
  for (std::size_t begin = 0; begin < count; begin += kChunk) {
    char* out = chunk.data();
    for (std::size_t i = begin; i < std::min(count, begin + kChunk); ++i) {
      const auto value = static_cast<std::uint64_t>(values[i]), code = value - base;
      out = put_varint(out, (code << 1) ^ (0 - (code >> 63)));
      base = value & keep;
    }
    bytes.append(chunk.data(), static_cast<std::size_t>(out - chunk.data()));
  }
  return bytes;
}

// The byte after the varint at `at`; nullptr when it is cut short or holds more than 64 bits.
const unsigned char* take_long_varint(const unsigned char* at, const unsigned char* end, std::uint64_t& value);

inline const unsigned char* take_varint(const unsigned char* at, const unsigned char* end, std::uint64_t& value) {
  if (at == end || *at >= 0x80) return take_long_varint(at, end, value);
  value = *at;
  return at + 1;
}

// False when `bytes` are not exactly `count` varints of numbers within `range`; `out` has room for `count`.
template <class T>
bool decode_numbers(std::string_view bytes, std::size_t count, Coding coding, Range range, T* out) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* end = at + bytes.size();
  const std::uint64_t keep = coding == Coding::delta ? ~std::uint64_t{0} : 0;
  std::uint64_t base = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t code;
    at = take_varint(at, end, code);
    if (!at) return false;
    const std::uint64_t value = base + ((code >> 1) ^ (0 - (code & 1)));
    base = value & keep;
    const auto number = static_cast<std::int64_t>(value);
    if (number < range.low || number > range.high) return false;
    out[i] = static_cast<T>(number);
  }
  return at == end;
}

// Four actions a byte, the first in the lowest bits; unused bits are 0.
std::string encode_actions(const std::vector<Action>& actions);
bool decode_actions(std::string_view bytes, std::size_t count, std::vector<Action>& out);

template <class T>
std::string encode(const std::vector<T>& column, Coding coding) {
  if constexpr (sizeof(T) == 1) {
    return std::string(reinterpret_cast<const char*>(column.data()), column.size());
  } else {
    return encode_numbers(column.data(), column.size(), coding);
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
  } else {
    return decode_numbers(bytes, count, coding, range, out.data());
  }
}

}  // namespace headroom::columns
