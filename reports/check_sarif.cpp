#include <fmt/format.h>

#include <map>

#include "base/json.h"
#include "reports/check.h"
#include "reports/check_words.h"
#include "reports/text.h"

namespace headroom {
namespace {

// A path as a reference of a URI.
std::string uri_of(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out.starts_with("/") ? "file://" + out : out;
}

constexpr std::pair<std::string_view, std::string_view> kRules[] = {
    {"peak", "Allocated memory at its peak is above its limit."},
    {"requested", "Requested memory at its peak is above its limit."},
    {"reserved", "Reserved memory at its peak is above its limit."},
    {"parameters", "There are more parameters than the limit."},
    {"parameter-bytes", "The parameters take more than their limit."},
    {"kv-per-token", "A token's keys and values take more than their limit."},
    {"largest-tensor", "The largest tensor is above its limit."},
    {"category", "A category of memory is above its limit at the peak."},
    {"layer", "A layer is above its limit at the peak."},
    {"out_of_memory", "The run ran out of memory."},
    {"failed", "The run could not be measured."},
    {"refused", "The run cannot be judged by the file or its baseline."},
};

std::size_t rule_index(std::string_view id) {
  std::size_t index = 0;
  while (index + 1 < std::size(kRules) && kRules[index].first != id) ++index;
  return index;
}

Json rules_json() {
  Json out = Json::array();
  for (const auto& [id, text] : kRules)
    out.push_back({{"id", id}, {"shortDescription", {{"text", text}}}, {"defaultConfiguration", {{"level", "error"}}}});
  return out;
}

Json result_json(const CheckReport& report, const check::Finding& finding) {
  std::string text = finding.title + ": " + finding.text;
  const std::string& command = report.budgets[finding.budget].command;
  if (!command.empty()) text += ". To repeat it: " + printable(command);
  const Json region{{"startLine", std::max<std::uint32_t>(finding.line, 1)}};
  const Json place{{"artifactLocation", {{"uri", uri_of(report.file)}}}, {"region", region}};
  return {{"ruleId", finding.rule},
          {"ruleIndex", rule_index(finding.rule)},
          {"level", finding.is_error ? "error" : "warning"},
          {"message", {{"text", text}}},
          {"locations", Json::array({{{"physicalLocation", place}}})},
          {"partialFingerprints", {{"headroomBudget/v1", finding.fingerprint}}}};
}

}  // namespace

std::string write_check_sarif(const CheckReport& report) {
  Json results = Json::array();
  for (const check::Finding& finding : check::findings_of(report)) results.push_back(result_json(report, finding));
  const Json driver{{"name", "headroom check"}, {"version", report.headroom_version}, {"rules", rules_json()}};
  const Json run{{"tool", {{"driver", driver}}}, {"results", results}, {"columnKind", "unicodeCodePoints"}};
  const Json out{
      {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}, {"runs", Json::array({run})}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom
