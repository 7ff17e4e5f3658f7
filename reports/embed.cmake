# cmake -DOUTPUT=assets.cpp -DFILES=a.html;b.js -P embed.cmake: the files as arrays of bytes, found by name (html_assets.h).
set(arrays "")
set(rows "")
set(index 0)
foreach(file IN LISTS FILES)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  get_filename_component(name ${file} NAME)
  string(APPEND arrays "constexpr unsigned char kFile${index}[] = {${bytes}0x00};\n")
  string(APPEND rows "    {\"${name}\", {reinterpret_cast<const char*>(kFile${index}), sizeof kFile${index} - 1}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Made by reports/embed.cmake from reports/html/.
#include \"reports/html_assets.h\"

#include <array>
#include <stdexcept>
#include <utility>

namespace headroom {
namespace {
${arrays}
}  // namespace

std::string_view html_asset(std::string_view name) {
  static const std::array<std::pair<std::string_view, std::string_view>, ${index}> kFiles{{
${rows}  }};
  for (const auto& [known, bytes] : kFiles)
    if (known == name) return bytes;
  throw std::logic_error(\"no embedded file of that name\");
}

}  // namespace headroom
")
