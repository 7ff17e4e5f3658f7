// The one place that prints sizes and percentages: binary units (KiB, MiB, GiB, TiB), never "MB" for MiB, and a minus
// sign that is one, U+2212. What programs read (JSON, CSV) holds plain numbers and comes not from here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headroom {

// "1.25 GiB", "512 B", "−3.00 MiB": three significant digits at least, exact below 1 KiB.
std::string format_bytes(std::int64_t bytes);

// "12.3 %", "−4.0 %"; "0.0 %" is without a sign.
std::string format_percent(double percent, int digits = 1);

// "1,344,219,648": digits grouped by thousands, for bytes and counts.
std::string format_count(std::int64_t value);

// Bytes of "600MiB", "1.5GiB", "1048576", rounded to whole ones; units are B, KiB, MiB, GiB, TiB. Empty: it is no
// size.
std::optional<std::int64_t> parse_bytes(std::string_view text);

}  // namespace headroom
