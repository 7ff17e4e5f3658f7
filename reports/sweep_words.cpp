#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "reports/sweep.h"

namespace headroom {

std::string number_ranges(const std::vector<std::int64_t>& numbers) {
  std::string out;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    out += (out.empty() ? "" : ", ") + std::to_string(numbers[i]);
    if (last > i) out += (last > i + 1 ? "–" : ", ") + std::to_string(numbers[last]);
    i = last + 1;
  }
  return out;
}

std::string sweep_counts(const Sweep& sweep) {
  constexpr std::array kWords{"ok", "out of memory", "refused", "failed"};
  std::string out = fmt::format("{} run{}: ", format_count(sweep.count), sweep.count == 1 ? "" : "s");
  for (const auto& row : kSweepOutcomeNames) {
    const auto count = std::ranges::count(sweep.rows, row.value, [](const SweepRow& r) { return r.result.outcome; });
    if (count > 0 || (row.value == SweepOutcome::ok && !sweep.rows.empty()))
      out += fmt::format("{} {}, ", format_count(count), kWords[static_cast<std::size_t>(row.value)]);
  }
  const auto missing = sweep.count - static_cast<std::int64_t>(sweep.rows.size());
  if (missing > 0) out += fmt::format("{} not here, ", format_count(missing));
  return out.substr(0, out.size() - 2);
}

std::string slope_text(const std::optional<double>& slope) {
  if (!slope) return "–";
  const std::string text = fmt::format("{:.2f}", std::abs(*slope));
  return (*slope < 0 && text != "0.00" ? "−" : "") + text;
}

std::string series_words(const Sweep& sweep, const ScalingSeries& series) {
  const std::string words = settings_words(sweep, sweep.rows[series.rows.front()], series.field);
  return words.empty() ? "all runs" : words;
}

}  // namespace headroom
