// A diff of two runs, for people and for programs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/diff.h"
#include "reports/report.h"

namespace headroom {

struct DiffReport {
  std::string before_name, after_name;  // what to call the two
  Breakdown before, after;
  bool has_tensors = true;  // false: one of them is a report, which lists no tensor of every layer
  Diff diff;

  // Why the two cannot be compared as whole runs: "AFTER ran out of memory; its peak is what it came to".
  std::vector<std::string> warnings() const;
};

DiffReport make_diff_report(Breakdown before, std::string before_name, Breakdown after, std::string after_name,
                            bool has_tensors);

// The run called `label`, or the one run there is where it is empty, of a headroom.report/1 document: all but its
// tensors and events. Throws bad_input, opening with `where`.
Breakdown read_report_run(std::string_view text, const std::string& where, const std::string& label);
bool looks_like_json(std::string_view text);

inline constexpr std::size_t kAllRows = static_cast<std::size_t>(-1);

// `top`: how many layers and tensors are listed, those that changed most.
std::string write_diff_terminal(const DiffReport& report, const TerminalOptions& options, std::size_t top);
std::string write_diff_markdown(const DiffReport& report, std::size_t top);
std::string write_diff_json(const DiffReport& report);  // headroom.diff/1: everything that changed
std::string write_diff_csv(const DiffReport& report);   // layer × category at the peaks; its rows sum to them

// Layers that are alike taken together, and blocks of them that changed alike.
struct DiffLayerRow {
  std::string path;  // "encoder.layer.0–11.attention"
  std::size_t count = 1;
  Change self;
  CategoryChanges categories{};
};
struct DiffTensorRow {
  std::string path, what;  // "aten::bmm float32 [8, 12, 128, 128]"
  Category category{};
  bool came = false, went = false;
  std::size_t count = 1;
  Change bytes;  // of all of them
};
std::vector<DiffLayerRow> changed_layers(const DiffReport& report);    // largest change first
std::vector<DiffTensorRow> changed_tensors(const DiffReport& report);  // the same

}  // namespace headroom
