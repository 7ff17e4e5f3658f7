// peak RECORDING: what the memory of a recorded run consisted of at its peak, by category and by layer.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

#include "analysis/breakdown.h"
#include "base/bytes.h"
#include "recording/file.h"

namespace {

void print(std::int64_t bytes, std::string_view name) {
  std::printf("%12s  %.*s\n", headroom::format_bytes(bytes).c_str(), static_cast<int>(name.size()), name.data());
}

void print_categories(const headroom::PeakView& peak) {
  for (const auto& row : headroom::kCategoryNames)
    if (row.value != headroom::Category::unresolved)
      if (const auto bytes = peak.categories[static_cast<std::size_t>(row.value)]; bytes > 0) print(bytes, row.name);
}

// Each layer's own bytes, without those of the layers in it: they, too, sum to the peak.
void print_layers(const headroom::Breakdown& run, std::size_t count) {
  std::vector<headroom::LayerBytes> layers = run.peak.layers;
  std::ranges::stable_sort(layers, std::ranges::greater(), &headroom::LayerBytes::bytes);
  layers.resize(std::min(count, layers.size()));
  for (const auto& layer : layers)
    if (layer.bytes > 0) print(layer.bytes, run.layers[static_cast<std::size_t>(layer.layer)].path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: peak RECORDING\n", stderr), 2;
  try {
    const headroom::Breakdown run = headroom::make_breakdown(headroom::read_recording(argv[1]), "run");
    print(run.peak.allocated_bytes, "at the peak; by category:");
    print_categories(run.peak);
    std::puts("the largest layers:");
    print_layers(run, 10);
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "peak: %s\n", error.what()), 2;
  }
  return 0;
}
