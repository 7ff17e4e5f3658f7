// Text inside HTML, SVG and XML.
#pragma once

#include <string>
#include <string_view>

namespace headroom {

// As content, and between the double quotes of an attribute. Control characters stay: see printable() in text.h.
std::string escaped_markup(std::string_view text);

}  // namespace headroom
