// Numbers and names as the views show them: what reports/ says, as QString.
#pragma once

#include <QString>
#include <cstdint>
#include <string_view>

#include "analysis/breakdown.h"

namespace headroom::gui {

QString to_text(std::string_view text);              // of UTF-8, damaged or not
QString size_text(std::int64_t bytes);               // "1.25 GiB"
QString exact_text(std::int64_t bytes);              // "1,344,219,648 bytes"
QString size_and_exact(std::int64_t bytes);          // "1.25 GiB (1,344,219,648 bytes)"
QString count_text(std::int64_t count);              // "1,344,219,648"
QString percent_text(double percent);                // "12.3 %"
QString time_text(std::int64_t ns);                  // "12.3 ms"
QString title_of(Category category);                 // "optimizer state"
QString truth_text(const Environment& environment);  // "virtual" or "measured"

}  // namespace headroom::gui
