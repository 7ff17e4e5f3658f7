#include "reports/document.h"

#include <algorithm>

namespace headroom {

std::string document_name(std::string_view label, std::string_view ending) {
  std::string name(label);
  std::ranges::replace(name, '/', '-');
  return name + std::string(ending);
}

}  // namespace headroom
