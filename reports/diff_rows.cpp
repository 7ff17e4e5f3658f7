#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/bytes.h"
#include "reports/diff_report.h"
#include "reports/folding.h"
#include "reports/summary.h"

namespace headroom {
namespace {

std::vector<Layer> united_layers(const Diff& diff) {
  std::vector<UnitedLayer> united;
  for (const DiffLayer& layer : diff.layers) united.push_back(layer.united);
  return layers_of(united);
}

struct BlockWords {
  std::string op, tensor;  // "aten::bmm", "[8, 12, 128, 128] float32"; empty where not known

  std::string text() const { return op + (op.empty() || tensor.empty() ? "" : " ") + tensor; }
};

BlockWords words_of(const Breakdown& run, std::int64_t index) {
  if (index == kNoAllocation) return {};
  const Allocation& a = run.allocations[static_cast<std::size_t>(index)];
  return {text_of(run, a.op), text_of(run, a.tensor)};
}

// "aten::bmm [8, 12, 64] → [8, 12, 128] float32": what both sides have is said once.
std::string words_of(const DiffReport& report, const TensorChange& change) {
  BlockWords before = words_of(report.before, change.before), after = words_of(report.after, change.after);
  if (before.text().empty() || after.text().empty() || before.text() == after.text())
    return after.text().empty() ? before.text() : after.text();
  if (before.op == after.op) after.op.clear();
  const auto dtype_at = before.tensor.rfind("] ");
  if (dtype_at != std::string::npos && after.tensor.ends_with(before.tensor.substr(dtype_at)))
    before.tensor.resize(dtype_at + 1);
  return before.text() + " → " + after.text();
}

std::string ending(const Breakdown& run, const std::string& name) {
  if (run.outcome.kind == OutcomeKind::oom) return name + " ran out of memory: its peak is what it came to";
  return name + " failed: its peak is what it came to";
}

template <class Row, class BytesOf>
void sort_by_change(std::vector<Row>& rows, BytesOf bytes_of) {
  std::ranges::stable_sort(rows, std::ranges::greater(),
                           [&](const Row& row) { return std::abs(bytes_of(row).delta()); });
}

}  // namespace

std::vector<std::string> DiffReport::warnings() const {
  std::vector<std::string> out;
  if (before.outcome.kind != OutcomeKind::ok) out.push_back(ending(before, before_name));
  if (after.outcome.kind != OutcomeKind::ok) out.push_back(ending(after, after_name));
  return out;
}

DiffReport make_diff_report(Breakdown before, std::string before_name, Breakdown after, std::string after_name,
                            bool has_tensors) {
  DiffReport report{std::move(before_name), std::move(after_name), std::move(before),
                    std::move(after),       has_tensors,           {}};
  if (!has_tensors) {
    report.before.peak.live.clear();
    report.after.peak.live.clear();
  }
  report.diff = diff(report.before, report.after);
  return report;
}

std::vector<DiffLayerRow> changed_layers(const DiffReport& report) {
  std::vector<DiffLayerRow> rows;
  for (const FoldedLayer& folded : fold_layers(united_layers(report.diff))) {
    DiffLayerRow row{folded.path, folded.members.size()};
    bool changed = false;
    for (const LayerId member : folded.members) {
      const DiffLayer& layer = report.diff.layers[static_cast<std::size_t>(member)];
      row.self += layer.self;
      for (std::size_t c = 0; c < kCategoryCount; ++c) {
        row.categories[c] += layer.self_categories[c];
        changed |= layer.self_categories[c].any();
      }
    }
    if (changed) rows.push_back(std::move(row));
  }
  sort_by_change(rows, [](const DiffLayerRow& row) { return row.self; });
  return rows;
}

std::vector<DiffTensorRow> changed_tensors(const DiffReport& report) {
  std::vector<std::string> paths(report.diff.layers.size());
  for (const FoldedLayer& folded : fold_layers(united_layers(report.diff)))
    for (const LayerId member : folded.members) paths[static_cast<std::size_t>(member)] = folded.path;
  std::vector<DiffTensorRow> rows;
  std::map<std::tuple<std::string, std::string, Category, std::int64_t, std::int64_t>, std::size_t> places;
  for (const TensorChange& change : report.diff.tensors) {
    DiffTensorRow row{paths[change.layer], words_of(report, change), change.category, change.came(), change.went()};
    const auto [place, is_new] = places.emplace(
        std::tuple(row.path, row.what, row.category, change.bytes.before, change.bytes.after), rows.size());
    row.bytes = change.bytes;
    if (is_new) {
      rows.push_back(std::move(row));
      continue;
    }
    ++rows[place->second].count;
    rows[place->second].bytes += change.bytes;
  }
  sort_by_change(rows, [](const DiffTensorRow& row) { return row.bytes; });
  return rows;
}

}  // namespace headroom
