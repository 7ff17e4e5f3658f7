#include "base/json.h"
#include "reports/check.h"
#include "reports/check_words.h"
#include "reports/text.h"

namespace headroom {

std::string write_check_gitlab(const CheckReport& report) {
  Json out = Json::array();
  for (const check::Finding& finding : check::findings_of(report))
    out.push_back(
        {{"description", finding.title + ": " + finding.text},
         {"check_name", "headroom-" + finding.rule},
         {"fingerprint", finding.fingerprint},
         {"severity", finding.is_error ? "major" : "minor"},
         {"location",
          {{"path", printable(report.file)}, {"lines", {{"begin", std::max<std::uint32_t>(finding.line, 1)}}}}}});
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom
