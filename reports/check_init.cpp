#include "reports/check_init.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "reports/check_words.h"
#include "reports/terminal.h"

namespace headroom {
namespace {

using terminal::Page;

// Why a limit is what it is.
std::string reason_of(const ProposedLimit& limit) {
  const std::string measured = check::exact_text(limit.metric, limit.measured);
  if (!limit.margin) {
    const char* what = limit.metric.kind == MetricKind::parameters ? "more are another model" : "more is another model";
    return fmt::format("Measured: {}. No margin: {}.", measured, what);
  }
  std::string text = fmt::format("Measured: {}. It fails at {} more", measured, check::growth_text(*limit.margin));
  if (limit.allowed >= kRoundedFrom) text += ", rounded up to MiB";
  if (limit.growth) text += fmt::format(", and at {} more than the baseline", check::growth_text(*limit.growth));
  return text + ".";
}

std::string limit_toml(const ProposedLimit& limit) {
  const std::string level = check::level_toml(limit.metric, limit.allowed);
  const std::string key = check::key_toml(limit.metric);
  if (!limit.growth) return fmt::format("{} = {}", key, level);
  return fmt::format("{} = {{ fail = {}, growth = {} }}", key, level, check::growth_toml(*limit.growth));
}

std::string budget_toml(const NewBudget& budget) {
  std::string out = "\n[[budget]]\n";
  for (const auto& [key, value] : budget.lines) out += fmt::format("{} = {}\n", key, value);
  if (budget.limits.empty()) out += fmt::format("peak = {}\n", std::numeric_limits<std::int64_t>::max());
  for (const ProposedLimit& limit : budget.limits)
    out += fmt::format("# {}\n{}\n", reason_of(limit), limit_toml(limit));
  return out;
}

std::string limit_table(const NewBudgetFile& file, const Page& page) {
  Table table({{"budget", 0, true},
               {"limit", 0, true},
               {"measured", 0},
               {"allowed", 0},
               {"that is", 1, true},
               {"measured,\nexactly", 2, false, "exact figures"}});
  for (const NewBudget& budget : file.budgets)
    for (const ProposedLimit& limit : budget.limits) {
      std::string that_is = limit.margin ? check::growth_text(*limit.margin) + " more" : "as measured";
      if (limit.growth) that_is += ", or the baseline and " + check::growth_text(*limit.growth);
      table.add_row({{printable(budget.name)},
                     {check::title_of(limit.metric)},
                     {check::value_text(limit.metric, limit.measured)},
                     {check::value_text(limit.metric, limit.allowed)},
                     {that_is},
                     {format_count(limit.measured), Style::dim}});
    }
  return table.render(page.width, page.color);
}

// A command or a line of a file stays in one piece, whatever the width: it is there to be copied.
std::string to_copy(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += "  " + printable(text.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return out;
}

std::string github(const std::string& file) {
  return fmt::format(
      "on: pull_request\njobs:\n  memory:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
      "      - uses: OWNER/headroom@REF  # where Headroom's repository is, and which of its versions\n"
      "        with: {{ file: {} }}\n",
      toml_text(file));
}

std::string gitlab(const std::string& file) {
  return fmt::format(
      "memory:\n  script:\n    - headroom check {} --out check --format junit,gitlab\n  artifacts:\n    when: always\n"
      "    reports: {{ junit: check/junit.xml, codequality: check/gl-code-quality.json }}\n",
      check::quoted_shell(file));
}

}  // namespace

std::string toml_text(const std::string& text) { return check::quoted_toml(text); }

std::string toml_list(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + toml_text(text);
  return "[" + out + "]";
}

std::string write_budget_file(const NewBudgetFile& file) {
  std::string out =
      "# What runs may take of memory, for headroom check. docs/check.md says what else can be limited.\n"
      "# Growth is told from the baselines, which belong into version control beside this file; where growth is "
      "wanted,\n"
      "# headroom check FILE --update-baseline makes them anew.\n";
  for (const NewBudget& budget : file.budgets) out += budget_toml(budget);
  return out;
}

std::string write_init_terminal(const NewBudgetFile& file, const TerminalOptions& options) {
  const Page page{static_cast<std::size_t>(options.width), options.color};
  const std::string named = check::quoted_shell(file.file);
  const auto say = [&](const std::string& text) { return terminal::paragraph(printable(text), Style::plain, page); };
  std::string out = limit_table(file, page) + "\n";
  const std::size_t count = file.budgets.size();
  out += say(fmt::format("Written: {}, and {} in {}. All belong into version control.", file.file,
                         count == 1 ? "a baseline" : fmt::format("{} baselines", count), file.baselines));
  if (std::ranges::any_of(file.budgets, [](const NewBudget& budget) { return !budget.is_virtual; }))
    out += say("Not all of it is of a virtual device: whoever checks that needs the same device.");
  out += "\nWhether it is kept, and after a change that may take more memory:\n";
  out += to_copy(fmt::format("headroom check {0}\nheadroom check {0} --update-baseline\n", named));
  out += "\nOn GitHub, .github/workflows/memory.yml:\n" + to_copy(github(file.file));
  out += "\nOn GitLab, in .gitlab-ci.yml:\n" + to_copy(gitlab(file.file));
  return out;
}

}  // namespace headroom
