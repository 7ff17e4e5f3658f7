#include "reports/check_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/json.h"
#include "recording/training.h"
#include "reports/categories.h"
#include "reports/diff_words.h"
#include "reports/summary.h"
#include "reports/text.h"

namespace headroom {
namespace check {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

std::string percent_text(std::int64_t millionths) {
  std::string text = fmt::format("{}.{:04}", millionths / (kWhole / 100), millionths % (kWhole / 100));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + " %";
}

std::string growths_toml(const Levels& levels) {
  if (!levels.warn_growth) return growth_toml(*levels.fail_growth);
  std::string text = "{ warn = " + growth_toml(*levels.warn_growth);
  if (levels.fail_growth) text += ", fail = " + growth_toml(*levels.fail_growth);
  return text + " }";
}

// How gravely a limit is broken: by which part of what is allowed.
double excess(const Check& check) {
  return static_cast<double>(check.over()) / static_cast<double>(std::max<std::int64_t>(check.allowed, 1));
}

Finding finding_of(const CheckReport& report, std::size_t index) {
  const CheckedBudget& budget = report.budgets[index];
  const std::string kind(to_name(kRunEndNames, budget.end));
  return {index,
          {},
          true,
          budget.line,
          printable(budget.name),
          printable(budget.message),
          kind,
          text_hash(budget.name + "\n" + kind)};
}

Finding finding_of(const CheckReport& report, std::size_t index, std::size_t limit) {
  const CheckedBudget& budget = report.budgets[index];
  const JudgedLimit& judged = budget.limits[limit];
  const std::string key = key_of(judged.limit.metric);
  return {index,
          limit,
          judged.check.status == Status::failed || report.strict,
          judged.limit.line,
          printable(budget.name + ": " + title_of(judged.limit.metric)),
          printable(sentence_of(judged)),
          std::string(to_name(kMetricNames, judged.limit.metric.kind)),
          text_hash(budget.name + "\n" + key)};
}

}  // namespace

// TOML takes JSON's strings, but for the one character that JSON leaves as it is.
std::string quoted_toml(const std::string& text) {
  std::string out;
  for (const char c : Json(text).dump(-1, ' ', false, Json::error_handler_t::replace))
    out += c == '\x7f' ? std::string("\\u007F") : std::string(1, c);
  return out;
}

std::string key_toml(const Metric& metric) {
  if (metric.kind == MetricKind::layer) return "layer." + quoted_toml(metric.layers);
  return key_of(metric);
}

std::string exact_toml(const Metric& metric, std::int64_t value) {
  constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  std::int64_t count = is_counted(metric) ? 0 : value;
  for (; count != 0 && count % 1024 == 0 && unit + 1 < kUnits.size(); ++unit) count /= 1024;
  return unit == 0 ? std::to_string(value) : fmt::format("\"{}{}\"", count, kUnits[unit]);
}

std::string level_toml(const Metric& metric, std::int64_t value) {
  const bool is_large = !is_counted(metric) && value >= 16 * kMiB;
  return exact_toml(metric, is_large ? (value / kMiB + (value % kMiB != 0)) * kMiB : value);
}

std::string growth_toml(const Growth& growth) {
  if (!growth.is_share) return std::to_string(growth.amount);
  std::string text = percent_text(growth.amount);
  text.erase(text.find(' '), 1);
  return quoted_toml(text);
}

std::string quoted_shell(const std::string& text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) || std::string_view("._-/=,:+@%").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string growth_text(const Growth& growth) {
  return growth.is_share ? percent_text(growth.amount) : format_bytes(growth.amount);
}

std::string title_of(const Metric& metric) {
  switch (metric.kind) {
    case MetricKind::peak:
      return "peak";
    case MetricKind::requested:
      return "peak requested";
    case MetricKind::reserved:
      return "peak reserved";
    case MetricKind::parameters:
      return "parameters";
    case MetricKind::parameter_bytes:
      return "bytes of parameters";
    case MetricKind::kv_per_token:
      return "KV cache per token";
    case MetricKind::largest_tensor:
      return "largest tensor";
    case MetricKind::category:
      return fmt::format("{} at the peak", style_of(metric.category).title);
    case MetricKind::layer:
      break;
  }
  const bool all = metric.category == Category::unresolved;
  return fmt::format("{}layer {}{}", all ? "" : fmt::format("{} of ", style_of(metric.category).title), metric.layers,
                     metric.self ? " itself" : "");
}

std::string value_text(const Metric& metric, std::int64_t value) {
  return is_counted(metric) ? format_count(value) : format_bytes(value);
}

std::string exact_text(const Metric& metric, std::int64_t value) {
  if (is_counted(metric) || (value > -1024 && value < 1024)) return value_text(metric, value);
  return fmt::format("{} ({})", format_bytes(value), format_count(value));
}

std::string level_words(const JudgedLimit& judged) {
  const Check& check = judged.check;
  if (!check.growth) return "";
  const std::string more = check.growth->is_share ? percent_text(check.growth->amount)
                                                  : value_text(judged.limit.metric, check.growth->amount);
  return fmt::format("the baseline's {} and {}{}", value_text(judged.limit.metric, check.before.value_or(0)), more,
                     check.growth->is_share ? " of it" : "");
}

std::string sentence_of(const JudgedLimit& judged) {
  const Check& check = judged.check;
  const Metric& metric = judged.limit.metric;
  std::string what = title_of(metric);
  if (!judged.layer.empty() && judged.layer != metric.layers) what += fmt::format(" ({})", judged.layer);
  const char* verb = metric.kind == MetricKind::parameters || metric.kind == MetricKind::category ? "are" : "is";
  std::string text = fmt::format("{} {} {}", what, verb, exact_text(metric, check.figure.value));
  const std::string allowed = value_text(metric, check.allowed), words = level_words(judged);
  if (check.status == Status::within)
    text += fmt::format(", {} below {}", value_text(metric, -check.over()), allowed);
  else
    text += fmt::format(", {} above {}", value_text(metric, check.over()), allowed);
  if (!words.empty()) text += ": " + words;
  if (check.status == Status::warned) text += "; this warns";
  return text;
}

std::vector<std::string> remarks_of(const JudgedLimit& judged) {
  std::vector<std::string> out;
  if (!judged.limit.reason.empty()) out.push_back("Why there is this limit: " + printable(judged.limit.reason));
  if (judged.check.exception == ExceptionState::none) return out;
  const Exception& exception = *judged.limit.exception;
  const bool expired = judged.check.exception == ExceptionState::expired;
  out.push_back(fmt::format("{} {}: {}", expired ? "An exception expired on" : "An exception holds until",
                            exception.expires, printable(exception.reason)));
  return out;
}

std::string room_words(const Metric& metric, const Check& check) {
  const std::string room = value_text(metric, std::abs(check.over()));
  return check.over() > 0 ? "over by " + room : room + " left";
}

std::string rest_words(const CheckedBudget& budget) {
  if (budget.cells.size() <= kShownCells) return "";
  std::int64_t rest = 0;
  for (std::size_t i = kShownCells; i < budget.cells.size(); ++i) rest += budget.cells[i].bytes.delta();
  const std::size_t count = budget.cells.size() - kShownCells;
  return fmt::format("and {} other{}, {} together", count, count == 1 ? "" : "s",
                     budget.peak ? signed_bytes(rest) : format_bytes(rest));
}

std::string paste_of(const JudgedLimit& judged) {
  const Check& check = judged.check;
  if (check.growth) return "";
  const Limit& limit = judged.limit;
  const Metric& metric = limit.metric;
  std::string text;
  const auto add = [&](const char* key, const std::string& value) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", key, value);
  };
  const auto raised = [&](const char* key, const std::optional<std::int64_t>& level) {
    if (level)
      add(key, *level < check.figure.value ? level_toml(metric, check.figure.value) : exact_toml(metric, *level));
  };
  raised("fail", limit.levels.fail);
  raised("warn", limit.levels.warn);
  const bool fail_alone = limit.levels.fail && !limit.levels.warn;
  const std::string bare = fail_alone ? text.substr(text.find("= ") + 2) : "";
  const std::size_t length = text.size();
  if (limit.levels.grows()) add("growth", growths_toml(limit.levels));
  if (metric.kind == MetricKind::layer && metric.self) add("self", "true");
  if (metric.kind == MetricKind::layer && metric.category != Category::unresolved)
    add("category", quoted_toml(std::string(to_name(kCategoryNames, metric.category))));
  if (!limit.reason.empty()) add("reason", quoted_toml(limit.reason));
  if (fail_alone && text.size() == length) return fmt::format("{} = {}", key_toml(metric), bare);
  return fmt::format("{} = {{ {} }}", key_toml(metric), text);
}

std::string update_command(const CheckReport& report) {
  return fmt::format("headroom check {} --update-baseline", quoted_shell(report.file));
}

std::vector<Finding> findings_of(const CheckReport& report) {
  std::vector<Finding> out;
  for (std::size_t i = 0; i < report.budgets.size(); ++i) {
    const CheckedBudget& budget = report.budgets[i];
    if (budget.end != RunEnd::judged) {
      out.push_back(finding_of(report, i));
      continue;
    }
    for (std::size_t k = 0; k < budget.limits.size(); ++k)
      if (budget.limits[k].check.status != Status::within) out.push_back(finding_of(report, i, k));
  }
  return out;
}

std::vector<Finding> by_relevance(std::vector<Finding> findings, const CheckReport& report) {
  const auto rank = [&](const Finding& finding) {
    const double by = finding.limit ? excess(report.budgets[finding.budget].limits[*finding.limit].check) : 0;
    return std::tuple(!finding.is_error, finding.limit.has_value(), -by);
  };
  std::ranges::stable_sort(findings, {}, rank);
  return findings;
}

Counts counts_of(const CheckReport& report) {
  Counts out;
  for (const CheckedBudget& budget : report.budgets) {
    if (budget.end != RunEnd::judged)
      ++out.unjudged;
    else if (budget.status() == Status::failed)
      ++out.failed;
    else
      ++(budget.status() == Status::warned ? out.warned : out.within);
  }
  return out;
}

std::string summary_of(const CheckReport& report) {
  const Counts counts = counts_of(report);
  const std::size_t all = report.budgets.size();
  const auto number = [](std::size_t count) { return format_count(static_cast<std::int64_t>(count)); };
  if (counts.within == all)
    return all == 1 ? "the budget is kept" : fmt::format("all {} budgets are kept", number(all));
  std::string text;
  const auto add = [&](std::size_t count, const char* singular, const char* plural) {
    const char* verb = count == 1 ? singular : plural;
    if (count == 0) return;
    if (all == 1)
      text = fmt::format("the budget {}", verb);
    else if (text.empty())
      text = fmt::format("{} of {} budgets {}", number(count), number(all), verb);
    else
      text += fmt::format(", {} {}", number(count), verb);
  };
  add(counts.failed, "is exceeded", "are exceeded");
  add(counts.unjudged, "could not be judged", "could not be judged");
  add(counts.warned, report.strict ? "warns, which counts as exceeded" : "warns",
      report.strict ? "warn, which counts as exceeded" : "warn");
  add(counts.within, "is kept", "are kept");
  return text;
}

}  // namespace check

}  // namespace headroom
