#include <fmt/format.h>

#include "reports/check.h"
#include "reports/check_words.h"
#include "reports/text.h"

namespace headroom {
namespace {

constexpr std::size_t kMostAnnotations = 10;  // of one kind in one step; GitHub drops others without a word

// What ends a command's value is written as %XX; in a property a colon and a comma end it, too.
std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    out += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return out;
}

}  // namespace

std::string write_check_github(const CheckReport& report) {
  const auto findings = check::by_relevance(check::findings_of(report), report);
  std::string out;
  for (std::size_t i = 0; i < std::min(findings.size(), kMostAnnotations); ++i) {
    const check::Finding& finding = findings[i];
    std::string text = finding.text;
    if (i + 1 == kMostAnnotations && findings.size() > kMostAnnotations)
      text += fmt::format(" (and {} more: see the step's summary)", findings.size() - kMostAnnotations);
    out += fmt::format("::{} file={},line={},title={}::{}\n", finding.is_error ? "error" : "warning",
                       escaped(printable(report.file), true), std::max<std::uint32_t>(finding.line, 1),
                       escaped(finding.title, true), escaped(text, false));
  }
  return out;
}

}  // namespace headroom
