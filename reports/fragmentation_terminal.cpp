#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/fragmentation.h"
#include "reports/summary.h"
#include "reports/sweep.h"
#include "reports/table.h"
#include "reports/terminal.h"

namespace headroom {
namespace {

using terminal::exact;
using terminal::Page;
using terminal::paragraph;
using terminal::percent;

constexpr std::size_t kShownSegments = 12;

double share(std::int64_t bytes, std::int64_t total) {
  return total > 0 ? static_cast<double>(bytes) / static_cast<double>(total) : 0.0;
}

Cell size(std::int64_t bytes) { return bytes == 0 ? Cell{"0", Style::dim} : Cell{format_bytes(bytes)}; }

std::string key_figures(const FragmentationReport& r, const Page& page) {
  const Fragmentation& f = r.fragmentation;
  const auto figure = [&](std::string_view name, const std::string& value, Style style) {
    return paragraph(pad_right(name, 16) + value, style, page);
  };
  const auto pinned =
      std::ranges::count_if(f.segments, [](const SegmentView& s) { return s.is_pinned() && s.free_bytes > 0; });
  return figure("Peak reserved", exact(f.reserved_bytes), Style::bold) +
         figure("Peak is in", moment(f.phase, f.step), Style::bold) +
         figure("Segments", fmt::format("{}, {} of them pinned with memory free inside", f.segments.size(), pinned),
                Style::plain);
}

std::string parts(const Fragmentation& f, const Page& page) {
  const std::size_t bar_width = std::clamp<std::size_t>(page.width / 4, 8, 32);
  Table table({{"reserved memory at its peak", 0, true, "part"},
               {"size", 0},
               {"share", 1},
               {"bytes", 2, false, "exact bytes"},
               {"", 3, true, "bars"}});
  const auto add = [&](const char* name, std::int64_t bytes, int color) {
    table.add_row({{name},
                   size(bytes),
                   {percent(100 * share(bytes, f.reserved_bytes))},
                   {format_count(bytes)},
                   {bar(share(bytes, f.reserved_bytes), bar_width), Style::plain, color}});
  };
  add("live, as requested", f.requested_bytes, 25);
  add("rounding of live blocks", f.rounding_bytes, 74);
  if (f.held_bytes > 0) add("freed, other streams use it", f.held_bytes, 175);
  add("free, in empty segments", f.cached_bytes, 36);
  add("free, in pinned segments", f.fragmented_bytes, 166);
  table.add_rule();
  table.add_row({{"sum"}, size(f.reserved_bytes), {"100.0 %"}, {format_count(f.reserved_bytes)}, {""}});
  return table.render(page.width, page.color);
}

std::string lifetime(const Allocation& a, const std::vector<Mark>& marks) {
  const std::string born = fmt::format("{} {}", to_name(kPhaseNames, a.phase), a.step);
  if (a.end == kNeverFreed) return born + " – end";
  const auto after = std::ranges::upper_bound(marks, a.end, {}, &Mark::event);
  if (after == marks.begin()) return born;
  const Mark& mark = *std::prev(after);
  const std::string died = fmt::format("{} {}", to_name(kPhaseNames, mark.phase), mark.step);
  return born == died ? born : born + " – " + died;
}

std::string tensor_of(const Breakdown& run, const Allocation& a) {
  const std::string tensor = printable(text_of(run, a.tensor));
  if (!tensor.empty()) return tensor;
  const std::string op = printable(text_of(run, a.op));
  return op.empty() ? "(no tensor)" : op;
}

// "encoder.layer.1–11.attention": paths of one form, which differ in one number; else the first of them and "…".
std::string united_path(const std::vector<std::string>& paths) {
  const std::string& first = paths.front();
  std::size_t begin = first.size(), end = first.size();
  for (const std::string& path : paths) {
    std::size_t same = 0;
    while (same < std::min(begin, path.size()) && path[same] == first[same]) ++same;
    if (path != first) begin = same;
  }
  if (begin == first.size()) return first;
  while (begin > 0 && first[begin - 1] != '.') --begin;
  end = std::min(first.find('.', begin), first.size());
  std::vector<std::int64_t> numbers;
  for (const std::string& path : paths) {
    const std::size_t length = std::min(path.find('.', begin), path.size()) - begin;
    const std::string number = path.substr(begin, length);
    const bool is_number =
        !number.empty() && number.size() < 10 && number.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number || path.substr(begin + length) != first.substr(end)) return first + ", …";
    numbers.push_back(std::stoll(number));
  }
  std::ranges::sort(numbers);
  numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
  return first.substr(0, begin) + number_ranges(numbers) + first.substr(end);
}

// Segments that look alike but for the number in their layer's path: a model has many.
struct SegmentRow {
  std::vector<Cell> cells;  // without the layer
  std::vector<std::string> paths;
};

std::string form_of(std::string path) {
  std::string form;
  for (const char c : path)
    if (c < '0' || c > '9')
      form += c;
    else if (form.empty() || form.back() != '#')
      form += '#';
  return form;
}

std::vector<Cell> segment_cells(const Breakdown& run, const SegmentView& s) {
  const Allocation& a = run.allocations.at(static_cast<std::size_t>(s.blocks.front()));
  const std::string more = s.blocks.size() == 1 ? "" : fmt::format("+{}", s.blocks.size() - 1);
  return {{format_bytes(s.bytes)},
          {format_bytes(s.live_bytes + s.held_bytes), Style::bold},
          {format_bytes(s.free_bytes), Style::bad},
          {format_bytes(s.largest_gap_bytes)},
          {format_bytes(a.block_bytes)},
          {more, Style::dim},
          {tensor_of(run, a)},
          {std::string(style_of(a.category).title)},
          {lifetime(a, run.marks)}};
}

struct PinnedSegments {
  std::vector<SegmentRow> rows;
  std::size_t count = 0, left_out = 0;  // segments
  std::int64_t left_out_bytes = 0;      // free in them
};

PinnedSegments pinned_rows(const FragmentationReport& r) {
  PinnedSegments out;
  std::map<std::string, std::size_t> places;
  for (const SegmentView& s : r.fragmentation.segments) {
    if (!s.is_pinned() || s.free_bytes == 0) continue;
    ++out.count;
    const auto smallest = static_cast<std::size_t>(s.blocks.front());
    const std::string path = printable(layer_path(r.run(), r.run().allocations.at(smallest).layer));
    std::vector<Cell> cells = segment_cells(r.run(), s);
    std::string key = form_of(path);
    for (const Cell& cell : cells) key += "\n" + cell.text;
    const auto [place, is_new] = places.emplace(key, out.rows.size());
    if (place->second >= kShownSegments) {
      ++out.left_out;
      out.left_out_bytes += s.free_bytes;
    }
    if (is_new) out.rows.push_back({std::move(cells), {}});
    out.rows[place->second].paths.push_back(path);
  }
  return out;
}

std::string pinned_segments(const FragmentationReport& r, const Page& page) {
  const PinnedSegments pinned = pinned_rows(r);
  if (pinned.count == 0) return paragraph("No segment has anything free beside live blocks.", Style::dim, page);
  const std::size_t shown = std::min(pinned.rows.size(), kShownSegments);
  const bool some_alike = std::any_of(pinned.rows.begin(), pinned.rows.begin() + static_cast<std::ptrdiff_t>(shown),
                                      [](const SegmentRow& row) { return row.paths.size() > 1; });
  std::vector<Column> columns{{"segment", 0},
                              {"live", 1},
                              {"free", 0},
                              {"largest\ngap", 4, false, "largest gap"},
                              {"pinned\nby", 0, false, "smallest block"},
                              {"", 5, true, "further blocks"},
                              {"tensor", 1, true},
                              {"category", 3, true},
                              {"layer", 2, true},
                              {"lives", 6, true, "lifetime"}};
  if (some_alike) columns.insert(columns.begin(), {"×", 0});
  Table table(columns);
  for (std::size_t i = 0; i < shown; ++i) {
    std::vector<Cell> cells = pinned.rows[i].cells;
    const std::size_t alike = pinned.rows[i].paths.size();
    if (some_alike) cells.insert(cells.begin(), {alike == 1 ? "" : std::to_string(alike), Style::dim});
    cells.insert(cells.end() - 1, Cell{united_path(pinned.rows[i].paths)});
    table.add_row(std::move(cells));
  }
  std::string legend = "Fewest live bytes first; ";
  legend += some_alike ? "segments that are alike are one row, × how many, with the sizes of each. Named is the "
                         "smallest live block, and how many more pin the segment."
                       : "of each segment its smallest live block, and how many more pin it.";
  if (pinned.left_out > 0)
    legend += fmt::format(" {} more segment{} with {} free {} in the JSON document.", pinned.left_out,
                          pinned.left_out == 1 ? "" : "s", format_bytes(pinned.left_out_bytes),
                          pinned.left_out == 1 ? "is" : "are");
  if (const std::string missing = terminal::not_shown(table, page); !missing.empty()) legend += " " + missing;
  return table.render(page.width, page.color) + paragraph(legend, Style::dim, page);
}

std::vector<Cell> replay_cells(const FragmentationReport& r, const AllocatorReplay& replay) {
  const AllocatorReplay& base = r.replays.front();
  const bool known = base.faithful && replay.change != ReplayChange::none && !replay.ran_out_of_memory;
  const std::int64_t saved = saved_bytes(base, replay);
  const Style style = saved > 0 ? Style::good : saved < 0 ? Style::bad : Style::dim;
  return {{printable(replay.label)},
          replay.ran_out_of_memory ? Cell{"out of memory", Style::bad} : Cell{format_bytes(replay.peak_reserved_bytes)},
          {!known       ? ""
           : saved == 0 ? "0"
                        : format_bytes(saved),
           style},
          {format_count(replay.peak_reserved_bytes)},
          {format_bytes(replay.reserved_at_peak_bytes)},
          {format_count(replay.segment_count)},
          {format_count(replay.driver_call_count)}};
}

std::string replay_table(const FragmentationReport& r, const Page& page) {
  Table table({{"the same requests", 0, true, "replay"},
               {"peak\nreserved", 0, false, "peak reserved"},
               {"saved", 0},
               {"bytes", 2, false, "exact bytes"},
               {"at the\nrecorded peak", 3, false, "reserved at the recorded peak"},
               {"segments", 4},
               {"driver\ncalls", 1, false, "driver calls"}});
  table.limit_first_column(44);
  table.add_row(replay_cells(r, r.replays.front()));
  table.add_rule();
  for (const AllocatorReplay* replay : ranked(r)) table.add_row(replay_cells(r, *replay));
  std::string legend = fmt::format(
      "Each row is a replay of the recorded requests through PyTorch's own caching allocator over virtual:{}; driver "
      "calls are the "
      "segments that it reserved and gave back, each of which makes a real GPU wait.",
      r.replays.front().device);
  if (const std::string missing = terminal::not_shown(table, page); !missing.empty()) legend += " " + missing;
  return table.render(page.width, page.color) + paragraph(legend, Style::dim, page);
}

std::string where_it_failed(const Breakdown& run, const AllocatorReplay& replay) {
  const std::string request = "a request of " + format_bytes(replay.failed_request_bytes);
  const auto found = std::ranges::find(run.allocations, replay.failed_event, &Allocation::begin);
  if (found == run.allocations.end()) return request + ", at which the recorded run ended, too";
  return request + " in " + moment(found->phase, found->step);
}

std::string failures(const FragmentationReport& r, const Page& page) {
  std::string out;
  for (const AllocatorReplay& replay : r.replays)
    if (replay.ran_out_of_memory)
      out += paragraph(
          fmt::format("'{}' ran out of memory at {}.", printable(replay.label), where_it_failed(r.run(), replay)),
          Style::bad, page);
  return out;
}

std::string other_programs(const FragmentationReport& r, const Page& page) {
  std::string text;
  for (const AllocatorReplay& replay : r.replays) {
    if (replay.change == ReplayChange::lasting_first)
      text += "'" + replay.label +
              "' is no setting but another program: what is alive at the recorded peak is allocated at the beginning "
              "of the "
              "phase in which it was allocated, so that it lies together. ";
    if (replay.change == ReplayChange::empty_cache)
      text += "'" + replay.label + "' is no setting but torch.cuda.empty_cache() in the program before each phase. ";
  }
  return text.empty() ? "" : paragraph(text, Style::dim, page);
}

std::string faithfulness(const FragmentationReport& r, const Page& page) {
  const AllocatorReplay& base = r.replays.front();
  if (base.faithful)
    return paragraph("The replay of the recorded settings did what was recorded, event by event.", Style::dim, page);
  return paragraph(
      "The replay of the recorded settings is not faithful, so nothing is said to be saved: " + base.difference + ".",
      Style::bad, page);
}

}  // namespace

std::vector<const AllocatorReplay*> ranked(const FragmentationReport& r) {
  std::vector<const AllocatorReplay*> out;
  for (std::size_t i = 1; i < r.replays.size(); ++i) out.push_back(&r.replays[i]);
  std::ranges::stable_sort(out, {}, [](const AllocatorReplay* replay) {
    return std::pair(replay->ran_out_of_memory, replay->peak_reserved_bytes);
  });
  return out;
}

std::string write_fragmentation_terminal(const FragmentationReport& r, const TerminalOptions& options) {
  const Page page{static_cast<std::size_t>(std::clamp(options.width, 40, 400)), options.color};
  std::string out = terminal::header(r.report, page) + "\n" + key_figures(r, page) + "\n" +
                    parts(r.fragmentation, page) + "\n" + pinned_segments(r, page);
  if (r.replays.empty()) return out;
  return out + "\n" + replay_table(r, page) + failures(r, page) + other_programs(r, page) + faithfulness(r, page);
}

}  // namespace headroom
