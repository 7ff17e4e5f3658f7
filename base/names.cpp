#include "base/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "base/shortened.h"

namespace headroom {
namespace {

constexpr std::size_t kLongestName = 64;  // longer ones are no typo of anything, and cost quadratic time

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool begins(std::string_view prefix, std::string_view text) {
  return !prefix.empty() && prefix.size() < text.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

// Optimal string alignment distance, keeping the last three rows of the table.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(previous);
    previous.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string unknown_name(std::string_view what, std::string_view name, const std::vector<std::string_view>& known) {
  const std::string nearest = nearest_name(name, known);
  const std::string hint = nearest.empty() ? "." : fmt::format("; did you mean '{}'?", nearest);
  return fmt::format("unknown {} '{}'{}", what, shortened(name), hint);
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string_view>& known) {
  if (name.size() > kLongestName) return "";
  std::string_view best;
  std::size_t best_distance = kLongestName;
  for (std::string_view candidate : known) {
    const std::size_t allowed = std::max<std::size_t>(1, std::max(name.size(), candidate.size()) / 3);
    const std::size_t distance = edit_distance(name, candidate);
    if (distance > allowed || distance >= best_distance || distance >= candidate.size()) continue;
    best = candidate;
    best_distance = distance;
  }
  if (!best.empty()) return std::string(best);
  const auto longer = std::find_if(known.begin(), known.end(), [&](auto k) { return begins(name, k); });
  return longer == known.end() ? "" : std::string(*longer);
}

std::string unknown_name_message(std::string_view what, std::string_view name,
                                 const std::vector<std::string_view>& known) {
  return fmt::format("{} Known: {}", unknown_name(what, name, known), fmt::join(known, ", "));
}

std::string unknown_name_message(std::string_view what, std::string_view name,
                                 const std::vector<std::string_view>& known, std::string_view listing) {
  return fmt::format("{} {} shows all {}", unknown_name(what, name, known), listing, known.size());
}

}  // namespace headroom
