#include "recording/columns.h"

namespace headroom::columns {

char* put_varint(char* out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

const unsigned char* take_long_varint(const unsigned char* at, const unsigned char* end, std::uint64_t& value) {
  value = 0;
  for (int shift = 0; at != end && shift < 64; shift += 7) {
    const std::uint64_t bits = *at & 0x7F;
    if (shift == 63 && *at > 1) return nullptr;
    value |= bits << shift;
    if (*at++ < 0x80) return at;
  }
  return nullptr;
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
