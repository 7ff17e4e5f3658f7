#include "reports/table.h"

#include <algorithm>
#include <numeric>

namespace headroom {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kFirstColumnLeast = 6;

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    if (end == std::string::npos) return lines;
    at = end + 1;
  }
}

std::size_t total_width(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + kGap * (widths.size() - 1);
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

void Table::add_row(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }

void Table::add_rule() { rows_.emplace_back(); }

std::size_t Table::natural_width(std::size_t column) const {
  std::size_t width = 0;
  for (const std::string& line : split_lines(columns_[column].title)) width = std::max(width, display_width(line));
  for (const auto& row : rows_)
    if (!row.empty()) width = std::max(width, display_width(row[column].text));
  return width;
}

Table::Layout Table::layout(std::size_t width) const {
  Layout result;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    result.shown.push_back(i);
    result.widths.push_back(i == 0 ? std::min(natural_width(i), first_column_limit_) : natural_width(i));
  }
  const auto least_important = [&] {
    return std::max_element(result.shown.begin(), result.shown.end(),
                            [&](auto a, auto b) { return columns_[a].importance < columns_[b].importance; }) -
           result.shown.begin();
  };
  while (total_width(result.widths) > width) {
    const auto at = least_important();
    if (columns_[result.shown[static_cast<std::size_t>(at)]].importance == 0) break;
    result.shown.erase(result.shown.begin() + at);
    result.widths.erase(result.widths.begin() + at);
  }
  const std::size_t total = total_width(result.widths);
  const std::size_t excess = total > width ? total - width : 0;
  std::size_t& first = result.widths.front();
  first = std::max(std::min(first, kFirstColumnLeast), first - std::min(first, excess));
  return result;
}

std::string Table::line(const std::vector<Cell>& cells, const Layout& layout, bool color) const {
  std::string out;
  for (std::size_t i = 0; i < layout.shown.size(); ++i) {
    const Cell& cell = cells[layout.shown[i]];
    const std::string text = shorten(cell.text, layout.widths[i]);
    const std::string space(layout.widths[i] - display_width(text), ' ');
    const std::string painted = cell.ansi_color >= 0 ? paint_ansi(text, cell.ansi_color, color)
                                                     : paint(text, cell.style, color && !text.empty());
    if (i > 0) out += std::string(kGap, ' ');
    out += columns_[layout.shown[i]].left ? painted + space : space + painted;
  }
  return without_trailing_spaces(std::move(out)) + "\n";
}

std::string Table::header(const Layout& layout, bool color) const {
  std::vector<std::vector<std::string>> titles;
  std::size_t height = 0;
  for (const Column& column : columns_) titles.push_back(split_lines(column.title));
  for (const std::size_t i : layout.shown) height = std::max(height, titles[i].size());
  std::string out;
  for (std::size_t row = 0; row < height; ++row) {
    std::vector<Cell> cells;
    for (const auto& lines : titles) {
      const std::size_t empty = height - std::min(height, lines.size());
      cells.push_back({row >= empty ? lines[row - empty] : "", Style::bold});
    }
    out += line(cells, layout, color);
  }
  return out;
}

std::string Table::render(std::size_t width, bool color) const {
  const Layout chosen = layout(width);
  std::string rule;
  for (std::size_t i = 0; i < total_width(chosen.widths); ++i) rule += "─";
  rule = paint(rule, Style::dim, color) + "\n";
  std::string out = header(chosen, color) + rule;
  for (const auto& row : rows_) out += row.empty() ? rule : line(row, chosen, color);
  return out;
}

std::vector<std::string> Table::left_out(std::size_t width) const {
  const Layout chosen = layout(width);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (std::find(chosen.shown.begin(), chosen.shown.end(), i) != chosen.shown.end()) continue;
    std::string name = columns_[i].name.empty() ? columns_[i].title : columns_[i].name;
    std::replace(name.begin(), name.end(), '\n', ' ');
    names.push_back(name);
  }
  return names;
}

}  // namespace headroom
