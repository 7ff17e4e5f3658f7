// Text of others inside documents: HTML, SVG and XML, Markdown, CSV.
#pragma once

#include <string>
#include <string_view>

namespace headroom {

// As content, and between the double quotes of an attribute. Control characters stay: see printable() in text.h.
std::string escaped_markup(std::string_view text);

// Printable, and nothing in it is taken for markup, for the end of a table's cell, or for someone's name.
std::string markdown_text(std::string_view text);

// The same within an element of HTML that stands in Markdown, <summary>: a backslash escapes nothing there.
std::string markdown_html_text(std::string_view text);

// RFC 4180: in quotes where it needs them.
std::string csv_field(std::string_view text);

}  // namespace headroom
