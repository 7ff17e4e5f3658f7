// The one place that prints sizes: binary units (KiB, MiB, GiB, TiB), never "MB" for MiB.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headroom {

// "1.25 GiB", "512 B", "-3.00 MiB": three significant digits at least, exact below 1 KiB.
std::string format_bytes(std::int64_t bytes);

// "1,344,219,648": digits grouped by thousands, for bytes and counts.
std::string format_count(std::int64_t value);

// Bytes of "600MiB", "1.5GiB", "1048576", rounded to whole ones; units are B, KiB, MiB, GiB, TiB. Empty: it is no
// size.
std::optional<std::int64_t> parse_bytes(std::string_view text);

}  // namespace headroom
