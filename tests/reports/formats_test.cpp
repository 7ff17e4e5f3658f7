// Markdown, LaTeX, CSV and pictures: what they say, and that nothing a recording names becomes markup.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "reports/cairo/picture_files.h"
#include "reports/csv.h"
#include "reports/figures.h"
#include "reports/latex.h"
#include "reports/markdown.h"
#include "reports/markup.h"
#include "reports/pictures.h"
#include "reports/text.h"
#include "tests/reports/golden.h"
#include "tests/reports/synthetic.h"

namespace headroom {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0, end; at < text.size(); at = end + 1) {
    end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
  }
  return lines;
}

// Without blocks of code, where everything is shown as it is.
std::string outside_code(const std::string& markdown) {
  std::string out;
  bool inside = false;
  for (const std::string& line : lines_of(markdown)) {
    const bool is_fence = line.starts_with("```");
    if (!inside && !is_fence) out += line + "\n";
    inside ^= is_fence;
  }
  return out;
}

// Without a backslash before them.
std::size_t count_bare(const std::string& text, char wanted) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else
      count += text[i] == wanted;
  }
  return count;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::int64_t sum_of_rows(const FigureTable& table, std::size_t column) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i + 1 < table.rows.size(); ++i) sum += table.rows[i].at(column).value;
  return sum;
}

TEST(Figures, LayersAndCategoriesSumToThePeakHoweverFewRowsAreShown) {
  for (const auto& [name, report] : synthetic::all_reports())
    for (const ReportRun& run : report.runs)
      for (const std::size_t most : {2u, 5u, 1000u}) {
        SCOPED_TRACE(name);
        const FigureTable table = layer_figures(run.breakdown, most);
        EXPECT_LE(table.rows.size(), most + 1);
        for (std::size_t c = 1; c < table.columns.size(); ++c)
          EXPECT_EQ(sum_of_rows(table, c), table.rows.back().at(c).value);
        if (table.columns.size() > 1) {
          EXPECT_EQ(table.rows.back().back().value, run.breakdown.peak.allocated_bytes);
        }
      }
}

TEST(Figures, EveryRowHasACellForEachColumn) {
  for (const auto& [name, report] : synthetic::all_reports()) {
    std::vector<FigureTable> tables;
    if (report.runs.size() > 1) tables = {comparison_figures(report), comparison_categories(report)};
    for (const ReportRun& run : report.runs)
      for (FigureTable& table : std::vector{category_figures(run.breakdown), tensor_figures(run.breakdown, 10),
                                            step_figures(run.breakdown), cache_figures(run.breakdown)})
        tables.push_back(table);
    for (const FigureTable& table : tables)
      for (const auto& row : table.rows) EXPECT_EQ(row.size(), table.columns.size()) << name;
  }
}

TEST(Markdown, OfOneRun) { expect_golden(write_markdown(synthetic::report_of({synthetic::tiny()})), "tiny.md"); }

TEST(Markdown, OfAComparison) { expect_golden(write_markdown(synthetic::seven_variants()), "seven.md"); }

TEST(Markdown, OfARunThatGenerates) {
  expect_golden(write_markdown(synthetic::report_of({synthetic::generation_with_fit()})), "generation.md");
}

TEST(Markdown, AFailureIsSaidBeforeAnyNumber) {
  const std::string text = write_markdown(synthetic::report_of({synthetic::out_of_memory()}));
  EXPECT_LT(text.find("ran out of memory"), text.find("Peak allocated"));
}

TEST(Markdown, NothingThatARunNamesBecomesMarkup) {
  for (const auto& [name, report] : synthetic::all_reports()) {
    SCOPED_TRACE(name);
    const std::string text = outside_code(write_markdown(report));
    EXPECT_THAT(text, Not(HasSubstr("<script")));
    EXPECT_EQ(count(text, "<details>"), count(text, "</details>"));
    std::size_t bars = 0;  // of the table that a line is in
    for (const std::string& line : lines_of(text)) {
      const std::size_t own = line.starts_with("|") ? count_bare(line, '|') : 0;
      EXPECT_TRUE(bars == 0 || own == 0 || own == bars) << line;
      bars = own;
    }
  }
  EXPECT_EQ(markdown_text("a|b_c <i>&*x*`"), "a\\|b\\_c &lt;i&gt;&amp;\\*x\\*\\`");
}

TEST(Latex, OfOneRunAndOfAComparison) {
  const auto one = write_latex(synthetic::report_of({synthetic::tiny()}));
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].name, "tiny.layers.tex");
  expect_golden(one[0].bytes, "tiny.layers.tex");
  const auto seven = write_latex(synthetic::seven_variants());
  ASSERT_EQ(seven.size(), 8u);
  EXPECT_EQ(seven[0].name, "comparison.tex");
  expect_golden(seven[0].bytes, "seven.comparison.tex");
}

TEST(Latex, EveryLineOfATableHasItsColumnsAndBracesMatch) {
  for (const auto& [name, report] : synthetic::all_reports())
    for (const Document& document : write_latex(report)) {
      SCOPED_TRACE(name + ": " + document.name);
      EXPECT_EQ(count_bare(document.bytes, '{'), count_bare(document.bytes, '}'));
      EXPECT_EQ(count_bare(document.bytes, '#') + count_bare(document.bytes, '_') + count_bare(document.bytes, '^'),
                0u);
      EXPECT_EQ(count_bare(document.bytes, '$') % 2, 0u);
      std::size_t columns = 0;
      for (const std::string& line : lines_of(document.bytes)) {
        if (line.starts_with("\\begin{tabular}"))
          columns = line.size() - std::string("\\begin{tabular}{@{}@{}}").size();
        if (line.ends_with(" \\\\")) {
          EXPECT_EQ(count_bare(line, '&') + 1, columns) << line;
        }
      }
    }
}

TEST(Latex, TypesetsTextsAsTheyAre) {
  EXPECT_EQ(latex_text("50 % of $x_i & {y}~^\\"),
            "50 \\% of \\$x\\_i \\& \\{y\\}\\textasciitilde{}\\textasciicircum{}\\textbackslash{}");
  EXPECT_EQ(latex_text("--flag <a>"), "-{-}flag \\textless{}a\\textgreater{}");
  EXPECT_EQ(latex_text("0–11 ×12 · Größe 模"), "0--11 $\\times$12 $\\cdot$ Größe ?");
}

// RFC 4180, strictly: lines end in CRLF, quotes are doubled within quotes.
std::vector<std::vector<std::string>> parsed(const std::string& csv) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool quoted = false;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    std::string& cell = rows.back().back();
    if (quoted && c == '"' && csv.compare(i, 2, "\"\"") == 0)
      cell += csv[i++];
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && c == ',')
      rows.back().emplace_back();
    else if (!quoted && csv.compare(i, 2, "\r\n") == 0)
      ++i, rows.push_back({""});
    else
      cell += c;
  }
  rows.pop_back();
  return rows;
}

std::map<std::string, std::vector<std::vector<std::string>>> tables_of(const Report& report) {
  std::map<std::string, std::vector<std::vector<std::string>>> tables;
  for (const Document& document : write_csv(report, {})) tables[document.name] = parsed(document.bytes);
  return tables;
}

TEST(Csv, OfAComparison) { expect_golden(write_runs_csv(synthetic::seven_variants()), "seven.runs.csv"); }

TEST(Csv, LinesOfARunSumToItsPeak) {
  for (const auto& [name, report] : synthetic::all_reports()) {
    const auto tables = tables_of(report);
    std::map<std::string, std::int64_t> peaks, categories, layers, tensors;
    for (const ReportRun& run : report.runs)
      peaks[printable(run.breakdown.label)] += run.breakdown.peak.allocated_bytes;
    const auto add_up = [](const auto& rows, std::size_t column, auto& sums) {
      for (std::size_t i = 1; i < rows.size(); ++i) sums[rows[i][0]] += std::stoll(rows[i].at(column));
    };
    for (const auto& [label, bytes] : peaks) categories[label] = layers[label] = tensors[label] = 0;
    add_up(tables.at("categories.csv"), 2, categories);
    add_up(tables.at("layers.csv"), 3, layers);
    add_up(tables.at("tensors.csv"), 1, tensors);
    EXPECT_EQ(categories, peaks) << name;
    EXPECT_EQ(layers, peaks) << name;
    EXPECT_EQ(tensors, peaks) << name;
  }
}

TEST(Csv, EveryLineHasTheCellsOfTheHeader) {
  for (const auto& [name, report] : synthetic::all_reports())
    for (const auto& [file, rows] : tables_of(report))
      for (const auto& row : rows) EXPECT_EQ(row.size(), rows.front().size()) << name << " " << file;
}

TEST(Csv, TextsComeThroughUnchanged) {
  ReportRun run = synthetic::tiny();
  run.breakdown.label = "a,\"b\"";
  EXPECT_EQ(parsed(write_runs_csv(synthetic::report_of({run}))).at(1).at(0), "a,\"b\"");
}

TEST(Documents, HaveNamesThatEveryDiskTakes) {
  EXPECT_EQ(document_name("results/mha", ".svg"), "results-mha.svg");
  EXPECT_EQ(document_name("a\x1b[31m", ".svg"), "a\uFFFD[31m.svg");
  const std::string longest = document_name(std::string(199, 'x') + "ééé", ".timeline.svg");
  EXPECT_EQ(longest, std::string(199, 'x') + ".timeline.svg");
}

std::vector<std::string> names_of(const Report& report) {
  std::vector<std::string> names;
  for (const auto& [name, picture] : pictures_of(report)) names.push_back(name);
  return names;
}

TEST(Pictures, OfOneRunIsItsTimelineAndOfSeveralTheirComparison) {
  EXPECT_THAT(names_of(synthetic::report_of({synthetic::tiny()})), ElementsAre("tiny.timeline"));
  EXPECT_THAT(names_of(synthetic::report_of({synthetic::tiny("a"), synthetic::tiny("b")})),
              ElementsAre("comparison", "savings", "a.timeline", "b.timeline"));
  EXPECT_THAT(names_of(synthetic::report_of({synthetic::failed()})), testing::SizeIs(1));
  for (const auto& [name, report] : synthetic::all_reports())
    EXPECT_TRUE(report.runs.empty() || !pictures_of(report).empty()) << name;
}

// Right ends of the boxes that start in a column of the comparison's bars.
TEST(Pictures, BarsAreAsLongAsTheirPeaks) {
  const Report report = synthetic::seven_variants();
  const Picture picture = comparison_picture(report);
  std::map<double, double> ends;  // by height of the bar: x of its right end
  double left = picture.width;
  for (const Shape& shape : picture.shapes)
    if (shape.kind == Shape::Kind::area && shape.points[2].y - shape.points[0].y > 20) {
      left = std::min(left, shape.points[0].x);
      ends[shape.points[0].y] = std::max(ends[shape.points[0].y], shape.points[1].x);
    }
  ASSERT_EQ(ends.size(), report.runs.size());
  std::size_t i = 0;
  const double per_byte =
      (ends.begin()->second - left) / static_cast<double>(report.runs[0].breakdown.peak.allocated_bytes);
  for (const auto& [y, end] : ends)
    EXPECT_NEAR(end - left, per_byte * static_cast<double>(report.runs[i++].breakdown.peak.allocated_bytes), 0.01);
}

TEST(Pictures, ShapesLieWithinThePicture) {
  for (const auto& [name, report] : synthetic::all_reports())
    for (const auto& [file, picture] : pictures_of(report))
      for (const Shape& shape : picture.shapes)
        for (const Point& p : shape.points) {
          EXPECT_TRUE(p.x >= 0 && p.x <= picture.width) << name << " " << file << " " << p.x;
          EXPECT_TRUE(p.y >= 0 && p.y <= picture.height) << name << " " << file << " " << p.y;
        }
}

TEST(Pictures, AsSvgFetchNothingAndHoldNoMarkupOfARun) {
  for (const auto& [name, report] : synthetic::all_reports())
    for (const auto& [file, picture] : pictures_of(report)) {
      const std::string svg = write_svg(picture);
      EXPECT_THAT(svg, Not(HasSubstr("<script"))) << name;
      EXPECT_EQ(count(svg, "http"), 1u) << name;  // the name of the format
      EXPECT_THAT(svg, StartsWith("<svg "));
    }
}

TEST(Pictures, OfTheSamePictureEachFileHasTheSameBytes) {
  const Picture picture = timeline_picture(synthetic::tiny());
  const std::string pdf = write_pdf(picture), png = write_png(picture);
  EXPECT_THAT(pdf, StartsWith("%PDF-"));
  EXPECT_THAT(pdf, HasSubstr("19700101"));  // the hour at which it was drawn is nobody's business
  EXPECT_THAT(png, StartsWith("\x89PNG"));
  EXPECT_EQ(write_pdf(picture), pdf);
  EXPECT_EQ(write_png(picture), png);
}

}  // namespace
}  // namespace headroom
