#include "tests/analysis/breakdown_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace headroom::testing_support {

std::string describe(const CategoryBytes& categories) {
  std::vector<std::string> parts;
  for (std::size_t c = 0; c < kCategoryCount; ++c)
    if (categories[c] != 0)
      parts.push_back(fmt::format("{} {}", to_name(kCategoryNames, static_cast<Category>(c)), categories[c]));
  return fmt::format("{}", fmt::join(parts, " | "));
}

std::string describe(const Breakdown& b, const PeakView& peak) {
  if (peak.event < 0) return "no peak\n";
  std::string text =
      fmt::format("peak {} B ({} requested, {} reserved) after event {} at t={}, {} of step {}, by {}\n  {}\n",
                  peak.allocated_bytes, peak.requested_bytes, peak.reserved_bytes, peak.event, peak.time_ns,
                  to_name(kPhaseNames, peak.phase), peak.step, b.layer(peak.layer).path, describe(peak.categories));
  for (const LayerBytes& layer : peak.layers)
    if (layer.bytes != 0)
      text += fmt::format("  {}: {} = {}\n", b.layer(layer.layer).path, layer.bytes, describe(layer.categories));
  return text + fmt::format("  live {}\n", fmt::join(peak.live, " "));
}

std::string describe_rows(const Breakdown& b) {
  std::string text;
  for (const LayerRow& row : b.layer_rows) {
    std::vector<std::string> parts;
    const auto add = [&](const char* name, std::int64_t bytes) {
      if (bytes != 0) parts.push_back(fmt::format("{} {}", name, bytes));
    };
    add("parameter", row.parameter_bytes);
    add("gradient", row.gradient_bytes);
    add("optimizer state", row.optimizer_state_bytes);
    add("activation", row.activation_bytes);
    add("activation requested", row.activation_requested_bytes);
    add("temporary peak", row.temporary_peak_bytes);
    add("kv cache", row.kv_cache_bytes);
    add("forward peak", row.forward_peak_bytes);
    add("backward peak", row.backward_peak_bytes);
    text += fmt::format("{}: {}\n", b.layer(row.layer).path, fmt::join(parts, ", "));
  }
  return text;
}

}  // namespace headroom::testing_support
