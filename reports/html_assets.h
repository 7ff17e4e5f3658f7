// The page's sources (reports/html/), compiled in.
#pragma once

#include <string_view>

namespace headroom {

std::string_view html_asset(std::string_view name);  // "page.css"

}  // namespace headroom
