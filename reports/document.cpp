#include "reports/document.h"

#include <algorithm>

#include "reports/text.h"

namespace headroom {
namespace {

constexpr std::size_t kLongestLabel = 200;  // bytes; file systems take 255 with the ending

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::string document_name(std::string_view label, std::string_view ending) {
  std::string name = printable(label);
  std::size_t end = std::min(name.size(), kLongestLabel);
  while (end > 0 && end < name.size() && continues(name[end])) --end;
  name.resize(end);
  std::ranges::replace(name, '/', '-');
  return name + std::string(ending);
}

}  // namespace headroom
