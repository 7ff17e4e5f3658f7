// The shape that the pages of `headroom list` share.
#pragma once

#include <string>
#include <string_view>

namespace headroom::cli {

// Columns of a table on stdout; a pipe takes any width unless COLUMNS says otherwise.
std::size_t listing_width();

// "  TITLE      TEXT", the text wrapped in a column of its own.
void add_titled_text(std::string& out, std::string_view title, std::string_view text);

}  // namespace headroom::cli
