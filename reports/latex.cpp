#include "reports/latex.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "reports/figures.h"
#include "reports/remarks.h"
#include "reports/summary.h"
#include "reports/text.h"

namespace headroom {
namespace {

constexpr std::size_t kLayerRows = 40;   // that fit on a page
constexpr std::int64_t kRoom = 16;       // times a unit that the largest cell is, so that small ones have digits
constexpr std::size_t kTitleWidth = 12;  // letters of a line above a column

struct Replacement {
  std::string_view from, to;
};
constexpr std::array kReplacements{Replacement{"\\", "\\textbackslash{}"},
                                   Replacement{"{", "\\{"},
                                   Replacement{"}", "\\}"},
                                   Replacement{"&", "\\&"},
                                   Replacement{"%", "\\%"},
                                   Replacement{"$", "\\$"},
                                   Replacement{"#", "\\#"},
                                   Replacement{"_", "\\_"},
                                   Replacement{"~", "\\textasciitilde{}"},
                                   Replacement{"^", "\\textasciicircum{}"},
                                   Replacement{"<", "\\textless{}"},
                                   Replacement{">", "\\textgreater{}"},
                                   Replacement{"|", "\\textbar{}"},
                                   Replacement{"\"", "\\char34{}"},
                                   Replacement{"`", "{`}"},
                                   Replacement{"[", "{[}"},  // no option of the \\ before it
                                   Replacement{"*", "{*}"},
                                   Replacement{"×", "$\\times$"},
                                   Replacement{"·", "$\\cdot$"},
                                   Replacement{"–", "--"},
                                   Replacement{"−", "$-$"},
                                   Replacement{"…", "\\ldots{}"}};

constexpr std::string_view kJoining = "-',";  // two of which make another sign

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// À to ÿ but for Ð, ×, Þ, ð, ÷ and þ, which not every font encoding has.
bool is_latin_letter(std::string_view character) {
  if (character.size() != 2 || character[0] != '\xC3') return false;
  constexpr std::string_view kOthers = "\x90\x97\x9E\xB0\xB7\xBE";
  return kOthers.find(character[1]) == std::string_view::npos;
}

std::string latex_character(std::string_view character) {
  for (const Replacement& row : kReplacements)
    if (row.from == character) return std::string(row.to);
  return character.size() == 1 || is_latin_letter(character) ? std::string(character) : "?";
}

// What a column's bytes are counted in, so that its numbers need no units.
struct Unit {
  std::string_view name;
  double bytes = 1;
};
constexpr std::array kUnits{Unit{"B", 1}, Unit{"KiB", 1024.0}, Unit{"MiB", 1048576.0}, Unit{"GiB", 1073741824.0},
                            Unit{"TiB", 1099511627776.0}};

Unit unit_for(std::int64_t most) {
  Unit unit = kUnits.front();
  for (const Unit& larger : kUnits)
    if (static_cast<double>(most) >= larger.bytes) unit = larger;
  return unit;
}

std::string bytes_in(std::int64_t bytes, const Unit& unit) {
  if (bytes == 0 || unit.bytes == 1) return std::to_string(bytes);
  const std::string text = fmt::format("{:.2f}", static_cast<double>(bytes) / unit.bytes);
  return text == "0.00" ? "$<$0.01" : text;
}

std::string percent_of(double percent) {
  const std::string text = fmt::format("{:.1f}", percent);
  if (text == "-0.0") return "0.0";
  return text.front() == '-' ? "$-$" + text.substr(1) : text;
}

std::string grouped(std::int64_t count) {
  std::string out;
  for (const char c : format_count(count)) c == ',' ? out += "\\," : out += c;
  return out;
}

std::string cell(const Figure& figure, const Unit& unit) {
  switch (figure.kind) {
    case Figure::Kind::text:
      return latex_text(figure.text);
    case Figure::Kind::bytes:
      return bytes_in(figure.value, unit);
    case Figure::Kind::count:
      return grouped(figure.value);
    case Figure::Kind::percent:
      return percent_of(figure.percent);
    case Figure::Kind::none:
      break;
  }
  return "--";
}

// A unit for each column, or the largest for all: cells of one table of bytes are compared in both directions.
std::vector<Unit> units_of(const FigureTable& table, bool one_for_all) {
  std::vector<std::int64_t> most(table.columns.size(), 0);
  for (const auto& row : table.rows)
    for (std::size_t c = 0; c < row.size(); ++c)
      if (row[c].kind == Figure::Kind::bytes) most[c] = std::max(most[c], row[c].value);
  if (one_for_all) std::ranges::fill(most, *std::ranges::max_element(most) / kRoom);
  std::vector<Unit> units;
  for (const std::int64_t bytes : most) units.push_back(unit_for(bytes));
  return units;
}

// "(GiB)" or "(\%)"; empty for words and counts.
std::string measure_of(const FigureTable& table, std::size_t column, const Unit& unit) {
  for (const auto& row : table.rows) {
    if (row[column].kind == Figure::Kind::bytes) return fmt::format("({})", unit.name);
    if (row[column].kind == Figure::Kind::percent) return "(\\%)";
  }
  return "";
}

std::string title(const std::string& text, const std::string& measure) {
  std::vector<std::string> lines;
  for (const std::string& line : wrap(text, kTitleWidth)) lines.push_back(latex_text(line));
  if (!measure.empty()) lines.push_back(measure);
  if (lines.size() < 2) return latex_text(text);
  return fmt::format("\\shortstack[r]{{{}}}", fmt::join(lines, "\\\\"));
}

std::string tabular(const FigureTable& table, bool one_unit) {
  const std::vector<Unit> units = units_of(table, one_unit);
  std::string alignment, out;
  std::vector<std::string> cells;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    alignment += table.columns[c].left ? 'l' : 'r';
    cells.push_back(title(table.columns[c].title, one_unit ? "" : measure_of(table, c, units[c])));
  }
  out = fmt::format("\\begin{{tabular}}{{@{{}}{}@{{}}}}\n\\toprule\n{} \\\\\n\\midrule\n", alignment,
                    fmt::join(cells, " & "));
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    if (table.ends_in_sum && i + 1 == table.rows.size()) out += "\\midrule\n";
    cells.clear();
    for (std::size_t c = 0; c < table.rows[i].size(); ++c) cells.push_back(cell(table.rows[i][c], units[c]));
    out += fmt::format("{} \\\\\n", fmt::join(cells, " & "));
  }
  return out + "\\bottomrule\n\\end{tabular}\n";
}

std::string unit_name(const FigureTable& table) { return std::string(units_of(table, true).front().name); }

// "tab:headroom-mha-layers": letters and digits alone.
std::string label_of(std::string_view text) {
  std::string out = "tab:headroom";
  bool between = true;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain && between) out += '-';
    if (plain) out += c;
    between = !plain;
  }
  return out;
}

std::string float_of(const std::string& caption, const std::string& label, const std::string& body) {
  return fmt::format("\\begin{{table}}[htbp]\n\\centering\n\\small\n\\caption{{{}}}\n\\label{{{}}}\n{}\\end{{table}}\n",
                     caption, label, body);
}

std::string opening(const Report& report) {
  return fmt::format("% Written by headroom {}. In the preamble: \\usepackage{{booktabs,graphicx}}\n",
                     report.headroom_version);
}

// No wider than the text.
std::string fitted(const std::string& body) {
  return "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n" +
         body.substr(0, body.size() - 1) + "}\n";
}

std::string setting_of(const Report& report) {
  const Headline headline = headline_of(report);
  std::string out = headline.title + ", " + headline.device;
  for (const std::string& setting : headline.settings) out += ", " + setting;
  return latex_text(out);
}

std::string comparison_caption(const Report& report) {
  std::string subject = "Peak memory";
  if (report.comparison)
    subject += " and what is saved against " + latex_text(report.runs[report.comparison->baseline].breakdown.label);
  return fmt::format("{}: {} ({}).", subject, setting_of(report), truth_words(report));
}

std::string comparison_of(const Report& report) {
  const FigureTable categories = comparison_categories(report);
  std::string out = opening(report) + float_of(comparison_caption(report), "tab:headroom-comparison",
                                               fitted(tabular(comparison_figures(report), false)));
  if (categories.rows.empty()) return out;
  return out + "\n" +
         float_of(fmt::format("Bytes alive at each run's own peak by category, in {}.", unit_name(categories)),
                  "tab:headroom-categories", fitted(tabular(categories, true)));
}

std::string layers_of(const Report& report, const Breakdown& run) {
  const FigureTable table = layer_figures(run, kLayerRows);
  const std::string caption =
      fmt::format("{}: {} allocated at the peak, in {} ({}). Bytes of each layer without those below it, in {}.",
                  latex_text(run.label), latex_text(format_bytes(run.peak.allocated_bytes)),
                  latex_text(place(run, run.peak)), truth_word(run.environment), unit_name(table));
  return opening(report) + float_of(caption, label_of(run.label + " layers"), fitted(tabular(table, true)));
}

}  // namespace

std::string latex_text(std::string_view text) {
  const std::string clean = printable(text);
  std::string out;
  for (std::size_t at = 0, end; at < clean.size(); at = end) {
    end = at + 1;
    while (end < clean.size() && continues(clean[end])) ++end;
    const bool joins = at > 0 && clean[at] == clean[at - 1] && kJoining.find(clean[at]) != std::string_view::npos;
    const std::string character = latex_character(std::string_view(clean).substr(at, end - at));
    out += joins ? "{" + character + "}" : character;
  }
  return out;
}

std::vector<Document> write_latex(const Report& report) {
  std::vector<Document> out;
  if (report.runs.size() > 1) out.push_back({"comparison.tex", comparison_of(report)});
  for (const ReportRun& run : report.runs)
    if (has_peak(run.breakdown))
      out.push_back({document_name(run.breakdown.label, ".layers.tex"), layers_of(report, run.breakdown)});
  if (out.empty()) out.push_back({"report.tex", opening(report) + "% Nothing was allocated.\n"});
  return out;
}

}  // namespace headroom
