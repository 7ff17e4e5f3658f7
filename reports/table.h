// An aligned table that stays within a width: less important columns leave first, then the first column is shortened.
#pragma once

#include <string>
#include <vector>

#include "reports/text.h"

namespace headroom {

struct Column {
  std::string title;   // may have several lines
  int importance = 0;  // 0: never leaves; else the largest number leaves first
  bool left = false;   // aligned left
  std::string name;    // how a sentence calls it; empty: the title
};

struct Cell {
  std::string text;
  Style style = Style::plain;
  int ansi_color = -1;  // >= 0: instead of the style
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void add_row(std::vector<Cell> cells);  // one cell for each column
  void add_rule();                        // a line across, before the next row

  // Names longer than `columns` are shortened before a column leaves; 36 unless said.
  void limit_first_column(std::size_t columns) { first_column_limit_ = columns; }

  // Lines ending in a newline, none longer than `width`.
  std::string render(std::size_t width, bool color) const;

  // Names of the columns that leave at this width, in the order of the table.
  std::vector<std::string> left_out(std::size_t width) const;

 private:
  struct Layout {
    std::vector<std::size_t> shown, widths;
  };
  Layout layout(std::size_t width) const;
  std::size_t natural_width(std::size_t column) const;
  std::string header(const Layout& layout, bool color) const;
  std::string line(const std::vector<Cell>& cells, const Layout& layout, bool color) const;

  std::vector<Column> columns_;
  std::size_t first_column_limit_ = 36;
  std::vector<std::vector<Cell>> rows_;  // an empty row is a rule
};

}  // namespace headroom
