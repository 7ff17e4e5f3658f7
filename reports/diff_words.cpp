#include "reports/diff_words.h"

#include <fmt/format.h>

#include <cmath>

#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/folding.h"

namespace headroom {

std::string signed_bytes(std::int64_t bytes) {
  if (bytes == 0) return "0";
  return (bytes > 0 ? "+" : "−") + format_bytes(std::abs(bytes));
}

std::string signed_percent(const Change& change) {
  if (change.before <= 0 || !change.any()) return "";
  const double percent = 100.0 * static_cast<double>(change.delta()) / static_cast<double>(change.before);
  return (percent > 0 ? "+" : "") + format_percent(percent);
}

Contributor largest_contributor(const Diff& diff) {
  Contributor best;
  const int direction = diff.peak.delta() < 0 ? -1 : 1;
  std::vector<UnitedLayer> united;
  for (const DiffLayer& layer : diff.layers) united.push_back(layer.united);
  for (const FoldedLayer& row : fold_layers(layers_of(united)))
    for (std::size_t c = 0; c < kCategoryCount; ++c) {
      std::int64_t delta = 0;
      for (const LayerId member : row.members)
        delta += diff.layers[static_cast<std::size_t>(member)].self_categories[c].delta();
      if (delta * direction > best.delta * direction) best = {row.path, static_cast<Category>(c), delta};
    }
  return best;
}

std::string summary_of(const Diff& diff) {
  if (!diff.peak.any()) {
    if (diff.is_empty()) return fmt::format("Both peaks are {}, made of the same.", format_bytes(diff.peak.after));
    return fmt::format("Both peaks are {}, made of other parts.", format_bytes(diff.peak.after));
  }
  const std::string percent = signed_percent(diff.peak);
  std::string text = fmt::format("The peak {} by {}{}, from {} to {}", diff.peak.delta() > 0 ? "grew" : "shrank",
                                 format_bytes(std::abs(diff.peak.delta())), percent.empty() ? "" : " (" + percent + ")",
                                 format_bytes(diff.peak.before), format_bytes(diff.peak.after));
  if (const Contributor most = largest_contributor(diff); most.delta != 0)
    text +=
        fmt::format("; most by {} of {} ({})", style_of(most.category).title, most.layers, signed_bytes(most.delta));
  return text + ".";
}

}  // namespace headroom
