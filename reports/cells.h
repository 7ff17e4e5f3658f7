// A text as one cell of a table that is a file, whatever it holds.
#pragma once

#include <string>
#include <string_view>

namespace headroom {

std::string csv_field(std::string_view text);      // RFC 4180: in quotes where it needs them
std::string markdown_cell(std::string_view text);  // printable, and nothing in it is taken for markup

}  // namespace headroom
