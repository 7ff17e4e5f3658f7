#include "reports/check_update.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "reports/diff_words.h"
#include "reports/terminal.h"

namespace headroom {
namespace {

using terminal::Page;

bool is_counted_key(const std::string& key) { return key == to_name(kMetricNames, MetricKind::parameters); }

std::string value(const std::string& key, std::int64_t value) {
  return is_counted_key(key) ? format_count(value) : format_bytes(value);
}

std::string signed_value(const std::string& key, std::int64_t delta) {
  if (!is_counted_key(key)) return signed_bytes(delta);
  return (delta > 0 ? "+" : "−") + format_count(std::abs(delta));
}

// Figures that were there before, and are no more or not yet, stand with what they were or are.
std::vector<Cell> cells_of(const std::string& key, const std::int64_t* before, const std::int64_t* now) {
  std::vector<Cell> cells{{printable(key)}, {before ? value(key, *before) : "–"}, {now ? value(key, *now) : "–"}};
  if (!before || !now) {
    cells.insert(cells.end(), {{before ? "gone" : "new"}, {}});
    return cells;
  }
  const Change change{*before, *now};
  const Style style = change.delta() > 0 ? Style::bad : Style::good;
  cells.insert(cells.end(), {{signed_value(key, change.delta()), style}, {signed_percent(change), style}});
  return cells;
}

std::string changes(const BaselineUpdate& update, const Page& page) {
  static const Figures kNone;
  const Figures& before = update.before ? update.before->figures : kNone;
  Figures keys = before;
  keys.insert(update.now.figures.begin(), update.now.figures.end());
  Table table({{"", 0, true, "figure"}, {"before", 0}, {"now", 0}, {"change", 0}, {"", 1, false, "share"}});
  std::size_t same = 0, changed = 0;
  for (const auto& [key, unused] : keys) {
    const auto old = before.find(key), fresh = update.now.figures.find(key);
    const std::int64_t* was = old == before.end() ? nullptr : &old->second;
    const std::int64_t* is = fresh == update.now.figures.end() ? nullptr : &fresh->second;
    const bool is_same = was && is && *was == *is;
    ++(is_same ? same : changed);
    if (!is_same) table.add_row(cells_of(key, was, is));
  }
  const std::string made_under = update.before ? incomparable(*update.before, update.now) : "";
  std::string out = terminal::paragraph(fmt::format("{} ({})", printable(update.now.name), printable(update.file)),
                                        Style::bold, page);
  if (!made_under.empty())
    out += terminal::paragraph("Made under other conditions: " + printable(made_under), Style::plain, page);
  if (changed == 0)
    return out + terminal::paragraph(fmt::format("All {} figures are as they were.", same), Style::plain, page);
  out += table.render(page.width, page.color);
  const std::string rest = same == 1 ? "1 figure is as it was." : fmt::format("{} figures are as they were.", same);
  return same == 0 ? out : out + terminal::paragraph(rest, Style::dim, page);
}

}  // namespace

std::string write_update_terminal(const std::vector<BaselineUpdate>& updates, const TerminalOptions& options) {
  const Page page{static_cast<std::size_t>(options.width), options.color};
  std::string out;
  for (const BaselineUpdate& update : updates) out += (out.empty() ? "" : "\n") + changes(update, page);
  return out;
}

}  // namespace headroom
