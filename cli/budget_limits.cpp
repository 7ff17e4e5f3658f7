#include "cli/budget_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/bytes.h"
#include "base/error.h"
#include "base/names.h"
#include "base/shortened.h"
#include "cli/arguments.h"
#include "cli/budget_file.h"

namespace headroom::cli {
namespace {

using Way = std::vector<std::string>;

constexpr std::size_t kLongestGlob = 512, kLongestReason = 1000;
constexpr double kMostPercent = 1e6;

std::string shown(const Json& value) {
  return shortened(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string without_spaces(std::string text) {  // "2.5 GiB", as the tables have it
  std::erase(text, ' ');
  return text;
}

// Reads one limit and what stands in it, all of which is at a place below `way`.
class LimitReader {
 public:
  LimitReader(const PlaceOf& place_of, Way way, Metric metric)
      : place_of_(place_of), way_(std::move(way)), metric_(std::move(metric)) {}

  Limit read(const Json& value) {
    Limit limit{.metric = metric_};
    if (!value.is_object()) {
      limit.levels.fail = figure({}, value);
      return finished(limit);
    }
    for (const auto& [key, member] : value.items()) read_member(limit, key, member);
    if (!limit.levels.any()) refuse({}, fmt::format("'{}' has no level; give it fail, warn or growth", name()));
    require_order(limit.levels, {});
    return finished(limit);
  }

 private:
  [[noreturn]] void refuse(const Way& below, const std::string& what) const {
    Way way = way_;
    way.insert(way.end(), below.begin(), below.end());
    throw bad_input(place_of_(way) + ": " + what);
  }

  std::string name() const { return way_.back(); }

  Limit finished(Limit limit) const {
    limit.metric = metric_;
    const std::string place = place_of_(way_);
    const std::size_t colon = place.rfind(':');
    if (colon != std::string::npos) std::from_chars(place.data() + colon + 1, place.data() + place.size(), limit.line);
    return limit;
  }

  void read_member(Limit& limit, const std::string& key, const Json& value) {
    const bool of_layer = metric_.kind == MetricKind::layer;
    if (read_level(limit.levels, key, value, {key})) return;
    if (key == "reason") {
      limit.reason = text({key}, value);
    } else if (key == "exception") {
      limit.exception = exception(value);
    } else if (of_layer && key == "self") {
      if (!value.is_boolean()) refuse({key}, fmt::format("'self' is {}, expected true or false", shown(value)));
      metric_.self = value.get<bool>();
    } else if (of_layer && key == "category") {
      metric_.category = parse_category(place_of_(at(way_, key)), text({key}, value));
    } else {
      std::vector<std::string_view> known{"fail", "warn", "growth", "reason", "exception"};
      if (of_layer) known.insert(known.end(), {"self", "category"});
      refuse({key}, unknown_name_message("key", key, known));
    }
  }

  bool read_level(Levels& levels, const std::string& key, const Json& value, const Way& way) {
    if (key == "fail")
      levels.fail = figure(way, value);
    else if (key == "warn")
      levels.warn = figure(way, value);
    else if (key == "growth")
      read_growth(levels, value, way);
    else
      return false;
    return true;
  }

  void read_growth(Levels& levels, const Json& value, const Way& way) {
    if (!value.is_object()) {
      levels.fail_growth = growth(way, value);
      return;
    }
    for (const auto& [key, member] : value.items()) {
      Way below = way;
      below.push_back(key);
      if (key == "fail")
        levels.fail_growth = growth(below, member);
      else if (key == "warn")
        levels.warn_growth = growth(below, member);
      else
        refuse(below, unknown_name_message("key", key, {"fail", "warn"}));
    }
    if (!levels.grows()) refuse(way, "'growth' has no level; give it fail or warn");
  }

  Exception exception(const Json& value) {
    Exception out;
    if (!value.is_object()) refuse({"exception"}, "'exception' is no table; give it fail, reason and expires");
    for (const auto& [key, member] : value.items()) {
      const Way way{"exception", key};
      if (read_level(out.levels, key, member, way)) continue;
      if (key == "reason")
        out.reason = text(way, member);
      else if (key == "expires")
        out.expires = date(way, member);
      else
        refuse(way, unknown_name_message("key", key, {"fail", "warn", "growth", "reason", "expires"}));
    }
    if (!out.levels.any()) refuse({"exception"}, "'exception' has no level; give it fail, warn or growth");
    if (out.reason.empty()) refuse({"exception"}, "'exception' has no reason; say why it is made");
    if (out.expires.empty()) refuse({"exception"}, "'exception' has no expires; give it a day, such as 2026-12-31");
    require_order(out.levels, {"exception"});
    return out;
  }

  void require_order(const Levels& levels, const Way& way) const {
    if (levels.warn && levels.fail && *levels.warn > *levels.fail)
      refuse(at(way, "warn"), fmt::format("warn ({}) is above fail ({}), so it would never warn",
                                          format_count(*levels.warn), format_count(*levels.fail)));
    const auto &warn = levels.warn_growth, &fail = levels.fail_growth;
    if (warn && fail && warn->is_share == fail->is_share && warn->amount > fail->amount)
      refuse(at(at(way, "growth"), "warn"), "warn is above fail, so it would never warn");
  }

  static Way at(Way way, const std::string& key) { return way.push_back(key), way; }

  std::int64_t figure(const Way& way, const Json& value) const {
    const std::string& what = way.empty() ? way_.back() : way.back();
    if (value.is_number_integer() && value.get<std::int64_t>() >= 0) return value.get<std::int64_t>();
    if (is_counted(metric_))
      refuse(way,
             fmt::format("'{}' is {}, expected a whole number of parameters, such as 110_000_000", what, shown(value)));
    if (value.is_string())
      if (const auto bytes = parse_bytes(without_spaces(value.get<std::string>()))) return *bytes;
    refuse(way, fmt::format(
                    "'{}' is {}, expected a size such as \"1.5GiB\" (B, KiB, MiB, GiB, TiB) or a whole number of bytes",
                    what, shown(value)));
  }

  Growth growth(const Way& way, const Json& value) const {
    if (value.is_string() && value.get<std::string>().ends_with('%')) return share(way, value);
    if (!value.is_string() && !value.is_number_integer())
      refuse(way, fmt::format("'{}' is {}, expected a share such as \"5%\" or a size such as \"10MiB\"", way.back(),
                              shown(value)));
    return {figure(way, value), false};
  }

  Growth share(const Way& way, const Json& value) const {
    std::string text = value.get<std::string>();
    text.pop_back();
    while (text.ends_with(' ')) text.pop_back();
    double percent = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), percent, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + text.size() || !(percent >= 0) || percent > kMostPercent)
      refuse(way,
             fmt::format("'{}' is {}, expected a share such as \"5%\", from 0 to 1000000 %", way.back(), shown(value)));
    return {std::llround(percent * (kWhole / 100)), true};
  }

  std::string text(const Way& way, const Json& value) const {
    if (value.is_string() && !value.get<std::string>().empty() && value.get<std::string>().size() <= kLongestReason)
      return value.get<std::string>();
    refuse(way, fmt::format("'{}' is {}, expected a text of 1 to {} bytes", way.back(), shown(value), kLongestReason));
  }

  std::string date(const Way& way, const Json& value) const {
    if (value.is_string() && is_date(value.get<std::string>())) return value.get<std::string>();
    refuse(way, fmt::format("'{}' is {}, expected a day such as 2026-12-31", way.back(), shown(value)));
  }

  const PlaceOf& place_of_;
  Way way_;
  Metric metric_;
};

void read_each(std::vector<Limit>& out, MetricKind kind, const std::string& key, const Json& table,
               const PlaceOf& place_of) {
  const bool layers = kind == MetricKind::layer;
  if (!table.is_object() || table.empty())
    throw bad_input(fmt::format(
        "{}: '{}' is {}, expected a table of {}", place_of({key}), key, shown(table),
        layers ? "layers, such as \"encoder.layer.*\" = \"100MiB\"" : "categories, such as activation = \"1GiB\""));
  for (const auto& [name, value] : table.items()) {
    Metric metric{.kind = kind};
    if (layers && (name.empty() || name.size() > kLongestGlob))
      throw bad_input(
          fmt::format("{}: the name of a layer is a text of 1 to {} bytes", place_of({key, name}), kLongestGlob));
    if (layers) metric.layers = name;
    if (!layers) metric.category = parse_category(place_of({key, name}), name);
    out.push_back(LimitReader(place_of, {key, name}, metric).read(value));
  }
}

}  // namespace

const std::vector<std::string>& limit_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> names;
    for (const auto& row : kMetricNames) names.emplace_back(row.name);
    return names;
  }();
  return keys;
}

bool is_limit_key(const std::string& key) { return std::ranges::find(limit_keys(), key) != limit_keys().end(); }

std::vector<Limit> read_limits(const Json& table, const PlaceOf& place_of) {
  std::vector<Limit> out;
  for (const auto& [key, value] : table.items()) {
    if (!is_limit_key(key)) continue;
    const MetricKind kind = from_name(kMetricNames, "limit", key);
    if (kind == MetricKind::category || kind == MetricKind::layer)
      read_each(out, kind, key, value, place_of);
    else
      out.push_back(LimitReader(place_of, {key}, {.kind = kind}).read(value));
  }
  return out;
}

}  // namespace headroom::cli
