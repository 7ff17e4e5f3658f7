#include "cli/commands/list_text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "cli/terminal.h"
#include "reports/table.h"

namespace headroom::cli {

std::size_t listing_width() {
  constexpr std::size_t kAny = 10000;
  const bool counts = isatty(STDOUT_FILENO) == 1 || std::getenv("COLUMNS");
  return counts ? static_cast<std::size_t>(terminal_width(STDOUT_FILENO)) : kAny;
}

void add_titled_text(std::string& out, std::string_view title, std::string_view text) {
  constexpr std::size_t kTitleColumns = 35, kLeastColumns = 30;
  const auto columns = static_cast<std::size_t>(terminal_width(STDOUT_FILENO));
  std::string head = fmt::format("  {}", title);
  for (const auto& line : wrap(text, std::max(columns, kTitleColumns + kLeastColumns) - kTitleColumns)) {
    out += pad_right(head, kTitleColumns) + line + "\n";
    head.clear();
  }
}

}  // namespace headroom::cli
