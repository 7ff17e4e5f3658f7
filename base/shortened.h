// Texts of others in a message: as much of them as one line bears.
#pragma once

#include <string>
#include <string_view>

namespace headroom {

// At most `limit` bytes of UTF-8, cut between characters, and "…" where something was cut.
inline std::string shortened(std::string_view text, std::size_t limit = 64) {
  if (text.size() <= limit) return std::string(text);
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return std::string(text.substr(0, limit)) + "…";
}

}  // namespace headroom
