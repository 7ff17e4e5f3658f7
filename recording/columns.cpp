#include "recording/columns.h"

namespace headroom::columns {
namespace {

std::uint64_t zigzag(std::uint64_t value) { return (value << 1) ^ (0 - (value >> 63)); }
std::uint64_t unzigzag(std::uint64_t code) { return (code >> 1) ^ (0 - (code & 1)); }

char* put_varint(char* out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

// The byte after the varint at `at`; nullptr when it is cut short or holds more than 64 bits.
const unsigned char* take_varint(const unsigned char* at, const unsigned char* end, std::uint64_t& value) {
  if (at != end && *at < 0x80) {
    value = *at;
    return at + 1;
  }
  value = 0;
  for (int shift = 0; at != end && shift < 64; shift += 7) {
    const std::uint64_t bits = *at & 0x7F;
    if (shift == 63 && *at > 1) return nullptr;
    value |= bits << shift;
    if (*at++ < 0x80) return at;
  }
  return nullptr;
}

}  // namespace

std::string encode_numbers(const std::int64_t* values, std::size_t count, Coding coding) {
  std::string bytes(count * kMaxVarintBytes, '\0');
  char* out = bytes.data();
  std::uint64_t base = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<std::uint64_t>(values[i]);
    out = put_varint(out, zigzag(value - base));
    if (coding == Coding::delta) base = value;
  }
  bytes.resize(static_cast<std::size_t>(out - bytes.data()));
  return bytes;
}

bool decode_numbers(std::string_view bytes, std::size_t count, Coding coding, Range range, std::int64_t* out) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* end = at + bytes.size();
  std::uint64_t base = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t code;
    at = take_varint(at, end, code);
    if (!at) return false;
    const std::uint64_t value = base + unzigzag(code);
    if (coding == Coding::delta) base = value;
    out[i] = static_cast<std::int64_t>(value);
    if (out[i] < range.low || out[i] > range.high) return false;
  }
  return at == end;
}

std::string encode_actions(const std::vector<Action>& actions) {
  std::string bytes((actions.size() + 3) / 4, '\0');
  for (std::size_t i = 0; i < actions.size(); ++i)
    bytes[i / 4] = static_cast<char>(bytes[i / 4] | (static_cast<int>(actions[i]) & 3) << (2 * (i % 4)));
  return bytes;
}

bool decode_actions(std::string_view bytes, std::size_t count, std::vector<Action>& out) {
  if (bytes.size() != (count + 3) / 4) return false;
  out.resize(count);
  for (std::size_t i = 0; i < count; ++i)
    out[i] = static_cast<Action>(static_cast<unsigned char>(bytes[i / 4]) >> (2 * (i % 4)) & 3);
  return count % 4 == 0 || static_cast<unsigned char>(bytes.back()) >> (2 * (count % 4)) == 0;
}

}  // namespace headroom::columns
