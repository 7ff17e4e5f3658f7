// Text on a terminal: widths in columns, not bytes; nothing a recorded name holds can move the cursor or set a colour.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

enum class Style { plain, bold, dim, good, bad };

// Valid UTF-8 without control characters: each offending byte or character becomes U+FFFD.
std::string printable(std::string_view text);

// Columns `text` takes: 0 for combining marks, 2 for wide East Asian characters and emoji.
std::size_t display_width(std::string_view text);

// `text` in at most `width` columns, its middle replaced by one ellipsis where it is longer.
std::string shorten(std::string_view text, std::size_t width);

std::string pad_left(std::string_view text, std::size_t width);   // aligned right
std::string pad_right(std::string_view text, std::size_t width);  // aligned left

// Lines of at most `width` columns, broken at spaces (inside a word only where it alone is too long); every line but
// the first starts with `indent` spaces.
std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t indent = 0);

std::string paint(std::string_view text, Style style, bool color);
std::string paint_ansi(std::string_view text, int ansi_color, bool color);

// `share` (0 … 1) of `width` columns as block characters, to an eighth of a column; anything above 0 shows.
std::string bar(double share, std::size_t width);

}  // namespace headroom
