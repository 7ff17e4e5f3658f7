#include <fmt/format.h>

#include "reports/check.h"
#include "reports/check_words.h"
#include "reports/text.h"

namespace headroom {
namespace {

// For an attribute or a text. XML has neither control characters nor U+FFFE and U+FFFF, not even escaped.
std::string escaped(std::string_view text) {
  std::string out;
  const std::string harmless = printable(text);
  for (std::size_t i = 0; i < harmless.size(); ++i) {
    const std::string_view three = std::string_view(harmless).substr(i, 3);
    if (three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF") {
      out += "\xEF\xBF\xBD";
      i += 2;
      continue;
    }
    switch (harmless[i]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += harmless[i];
    }
  }
  return out;
}

std::string body(const CheckReport& report, const CheckedBudget& budget, const JudgedLimit& judged) {
  std::string text =
      escaped(fmt::format("{} ({}:{})", check::sentence_of(judged), report.file, judged.limit.line)) + "\n";
  for (const std::string& remark : check::remarks_of(judged)) text += escaped(remark) + "\n";
  if (!budget.command.empty()) text += "To repeat it: " + escaped(budget.command) + "\n";
  if (const std::string paste = check::paste_of(judged); !paste.empty())
    text += "Where this is wanted: " + escaped(paste) + "\n";
  return text;
}

std::string open_case(const CheckedBudget& budget, const std::string& name) {
  return fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"", escaped(budget.name), escaped(name));
}

std::string test_case(const CheckReport& report, const CheckedBudget& budget, const JudgedLimit& judged) {
  const std::string open = open_case(budget, key_of(judged.limit.metric));
  if (judged.check.status == Status::within) return open + "/>\n";
  if (judged.check.status == Status::warned && !report.strict)
    return fmt::format("{}>\n      <system-out>warning: {}</system-out>\n    </testcase>\n", open,
                       body(report, budget, judged));
  return fmt::format("{}>\n      <failure message=\"{}\" type=\"over budget\">{}</failure>\n    </testcase>\n", open,
                     escaped(check::sentence_of(judged)), body(report, budget, judged));
}

// A run that was not judged is one case that could not be tried.
std::string suite(const CheckReport& report, const CheckedBudget& budget) {
  const bool judged = budget.end == RunEnd::judged;
  std::size_t failures = 0;
  std::string cases;
  for (const JudgedLimit& limit : budget.limits) {
    if (!judged) break;
    failures += limit.check.status == Status::failed || (limit.check.status == Status::warned && report.strict);
    cases += test_case(report, budget, limit);
  }
  if (!judged)
    cases = fmt::format("{}>\n      <error message=\"{}\" type=\"{}\"/>\n    </testcase>\n", open_case(budget, "run"),
                        escaped(budget.message), to_name(kRunEndNames, budget.end));
  return fmt::format(
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\" time=\"0\">\n{}  "
      "</testsuite>\n",
      escaped(budget.name), judged ? budget.limits.size() : 1, failures, judged ? 0 : 1, cases);
}

}  // namespace

std::string write_check_junit(const CheckReport& report) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"headroom check\">\n";
  for (const CheckedBudget& budget : report.budgets) out += suite(report, budget);
  return out + "</testsuites>\n";
}

}  // namespace headroom
