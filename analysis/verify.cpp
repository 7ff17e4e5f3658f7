#include <fmt/format.h>

#include <numeric>

#include "analysis/breakdown.h"
#include "analysis/sums.h"

namespace headroom {
namespace {

using Sentences = std::vector<std::string>;

std::int64_t sum(const CategoryBytes& categories) {
  return std::accumulate(categories.begin(), categories.end(), std::int64_t{0});
}

void expect_equal(Sentences& problems, const std::string& name, const char* what, std::int64_t found,
                  std::int64_t expected) {
  if (found != expected)
    problems.push_back(fmt::format("{}: {} is {} bytes, expected {}", name, what, found, expected));
}

void check_layers(const Breakdown& b, const PeakView& peak, const std::string& name, Sentences& problems) {
  if (peak.layers.size() != b.layers.size())
    problems.push_back(fmt::format("{}: {} layers of {} are there", name, peak.layers.size(), b.layers.size()));
  std::int64_t layers = 0;
  CategoryBytes cells{};
  for (const LayerBytes& layer : peak.layers) {
    layers += layer.bytes;
    for (std::size_t c = 0; c < kCategoryCount; ++c) cells[c] += layer.categories[c];
    if (sum(layer.categories) != layer.bytes)
      problems.push_back(fmt::format("{}: the categories of layer '{}' sum to {} bytes, expected {}", name,
                                     b.layer(layer.layer).path, sum(layer.categories), layer.bytes));
  }
  expect_equal(problems, name, "the sum over layers", layers, peak.allocated_bytes);
  for (std::size_t c = 0; c < kCategoryCount; ++c)
    if (cells[c] != peak.categories[c])
      problems.push_back(fmt::format("{}: the layers' {} is {} bytes, expected {}", name,
                                     to_name(kCategoryNames, static_cast<Category>(c)), cells[c], peak.categories[c]));
}

void check_live(const Breakdown& b, const PeakView& peak, const std::string& name, Sentences& problems) {
  std::int64_t blocks = 0, requested = 0;
  for (std::int64_t i : peak.live) {
    const Allocation& a = b.allocations.at(static_cast<std::size_t>(i));
    blocks += a.block_bytes;
    requested += a.requested_bytes;
    if (a.begin > peak.event || (a.end != kNeverFreed && a.end <= peak.event))
      problems.push_back(fmt::format("{}: allocation {} is not alive then", name, i));
  }
  expect_equal(problems, name, "the sum over live tensors", blocks, peak.allocated_bytes);
  expect_equal(problems, name, "the sum of their requests", requested, peak.requested_bytes);
}

void check_peak(const Breakdown& b, const PeakView& peak, const std::string& name, Sentences& problems) {
  expect_equal(problems, name, "the sum over categories", sum(peak.categories), peak.allocated_bytes);
  check_layers(b, peak, name, problems);
  check_live(b, peak, name, problems);
}

Work without_busy(Work work) {
  for (const auto member : {&Work::kernels, &Work::copies, &Work::sets, &Work::synchronization, &Work::overhead})
    (work.*member).busy_ns = 0;
  return work;
}

template <class Rows>
void check_work(const Breakdown& b, const char* what, const Rows& rows, Sentences& problems) {
  Work sum;
  for (const auto& row : rows) sum += row.work;
  if (without_busy(sum) != without_busy(b.device.total))
    problems.push_back(fmt::format("what the driver saw differs from its sum over {}", what));
}

void check_gpu(const std::optional<Reconciliation>& at, const char* name, Sentences& problems) {
  if (!at) return;
  std::int64_t uses = 0, reserved = 0;
  for (const DeviceUse& use : at->uses) {
    add(uses, use.bytes);
    if (use.kind >= DeviceUseKind::live && use.kind <= DeviceUseKind::fragmentation) add(reserved, use.bytes);
  }
  expect_equal(problems, name, "the sum of its uses", uses, at->used_bytes);
  expect_equal(problems, name, "what the allocator holds", reserved, at->reserved_bytes);
}

void check_device(const Breakdown& b, Sentences& problems) {
  check_work(b, "layers and phases", b.device.cells, problems);
  check_work(b, "phases", b.device.phases, problems);
  check_work(b, "layers", b.device.layers, problems);
  check_gpu(b.gpu.peak, "the whole GPU at the peak", problems);
  check_gpu(b.gpu.end, "the whole GPU at the end", problems);
}

void check_cache(const Breakdown& b, Sentences& problems) {
  std::int64_t layers = 0;
  for (const CacheLayer& layer : b.cache.layers) add(layers, layer.bytes);
  expect_equal(problems, "the KV cache", "the sum over layers", layers, b.cache.bytes);
  for (const CacheStep& step : b.cache.growth)
    if (step.peak_bytes > b.peak.allocated_bytes)
      problems.push_back(fmt::format("the KV cache: step {} has a higher peak than the run", step.step));
}

}  // namespace

std::vector<std::string> verify(const Breakdown& b) {
  Sentences problems;
  for (const Allocation& a : b.allocations)
    if (static_cast<std::size_t>(a.category) >= kCategoryCount)
      problems.push_back(fmt::format("the allocation at event {} has no category", a.begin));
  check_peak(b, b.peak, "the run's peak", problems);
  for (const StepView& step : b.steps) {
    check_peak(b, step.peak, fmt::format("the peak of step {}", step.step), problems);
    if (step.peak.allocated_bytes > b.peak.allocated_bytes)
      problems.push_back(fmt::format("step {} has a higher peak than the run", step.step));
  }
  check_cache(b, problems);
  check_device(b, problems);
  if (b.layer_rows.size() != b.layers.size())
    problems.push_back(fmt::format("{} layer rows for {} layers", b.layer_rows.size(), b.layers.size()));
  if (b.dropped_event_count == 0)
    expect_equal(problems, "the run's peak", "allocated_bytes", b.peak.allocated_bytes, b.stats.peak_allocated_bytes);
  return problems;
}

}  // namespace headroom
