// write_html: reports/html/page.html with its marks filled in.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "reports/html_assets.h"
#include "reports/html_data.h"
#include "reports/markup.h"
#include "reports/summary.h"
#include "reports/text.h"

namespace headroom {
namespace {

constexpr std::array kScripts{"dom.js",    "data.js",   "overview.js", "timeline.js", "cache.js",
                              "layers.js", "tables.js", "device.js",   "gpu.js",      "main.js"};

// No "<" is left, so nothing inside ends the script element or opens a comment; JSON reads "\u003c" as "<".
std::string script_safe(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) c == '<' ? out.append("\\u003c") : out.append(1, c);
  return out;
}

std::string scripts() {
  std::string out;
  for (const char* name : kScripts) out += html_asset(name);
  return out;
}

std::string value_of(std::string_view mark, const Report& report) {
  if (mark == "title") return escaped_markup(printable("Headroom: " + headline_of(report).title));
  if (mark == "style") return std::string(html_asset("page.css"));
  if (mark == "script") return scripts();
  if (mark == "text") return escaped_markup(write_terminal(report, {120, false}));
  return script_safe(html_data(report).dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

std::string write_html(const Report& report) {
  const std::string_view page = html_asset("page.html");
  std::string out;
  for (std::size_t at = 0;;) {
    const std::size_t open = page.find("{{", at);
    out += page.substr(at, open - at);
    if (open == std::string_view::npos) return out;
    const std::size_t close = page.find("}}", open);
    out += value_of(page.substr(open + 2, close - open - 2), report);
    at = close + 2;
  }
}

}  // namespace headroom
