// The tables of a report as typed cells, which Markdown and LaTeX typeset each in their way: bytes stay whole numbers
// until then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/report.h"

namespace headroom {

struct Figure {
  enum class Kind : std::uint8_t { none, text, bytes, count, percent };
  Kind kind = Kind::none;
  std::string text;
  std::int64_t value = 0;  // of bytes and counts
  double percent = 0;

  static Figure of_text(std::string text) { return {Kind::text, std::move(text)}; }
  static Figure of_bytes(std::int64_t bytes) { return {Kind::bytes, {}, bytes}; }
  static Figure of_count(std::int64_t count) { return {Kind::count, {}, count}; }
  static Figure of_percent(std::optional<double> percent);
};

struct FigureColumn {
  std::string title;
  bool left = false;  // words, not numbers
};

struct FigureTable {
  std::vector<FigureColumn> columns;
  std::vector<std::vector<Figure>> rows;  // a cell for each column
  bool ends_in_sum = false;               // the last row is the sum of those before it
};

// One row for each run; columns that say nothing of any run are left out. Savings are against the baseline.
FigureTable comparison_figures(const Report& report);

// Runs × categories at each run's peak, with the sum.
FigureTable comparison_categories(const Report& report);

FigureTable category_figures(const Breakdown& run);

// Layers × categories at the peak, equal blocks in one row, with the sum. Of more rows than `most` the largest are
// shown, in the order of the model, and what is left in one row before the sum.
FigureTable layer_figures(const Breakdown& run, std::size_t most);

FigureTable tensor_figures(const Breakdown& run, std::size_t most);
FigureTable step_figures(const Breakdown& run);
FigureTable cache_figures(const Breakdown& run);  // by layer; no rows where the run does not generate

}  // namespace headroom
