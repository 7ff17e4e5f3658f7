#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reports/categories.h"
#include "reports/line_chart.h"
#include "reports/sweep.h"
#include "reports/text.h"

namespace headroom {
namespace {

constexpr std::size_t kLines = 8, kPicturesOfField = 24, kNameColumns = 18, kSubtitleColumns = 124;
constexpr double kNamesWidth = 232, kSliver = 0.02;

using Group = std::vector<const ScalingSeries*>;

// What tells the lines of one picture apart where there are too many for one: the first field of names, else the first.
std::size_t field_of_lines(const Sweep& sweep, const ScalingSeries& first) {
  std::optional<std::size_t> any;
  for (std::size_t i = 0; i < sweep.varied.size(); ++i) {
    if (i == first.field) continue;
    if (sweep.rows[first.rows.front()].settings[i].is_string()) return i;
    if (!any) any = i;
  }
  return any.value_or(first.field);
}

// The series of one field, in pictures of kLines each: those that differ in one other field stand together.
std::vector<Group> grouped(const Sweep& sweep, const Group& all) {
  if (all.size() <= kLines) return {all};
  const std::size_t lines = field_of_lines(sweep, *all.front());
  std::map<std::string, std::size_t> places;
  std::vector<Group> groups;
  for (const ScalingSeries* series : all) {
    Json rest = sweep.rows[series->rows.front()].settings;
    rest[lines] = rest[series->field] = nullptr;
    const std::string key = rest.dump(-1, ' ', false, Json::error_handler_t::replace);
    const auto [place, is_new] = places.emplace(key, groups.size());
    if (is_new || groups[place->second].size() == kLines) {
      place->second = groups.size();
      groups.emplace_back();
    }
    groups[place->second].push_back(series);
  }
  return groups;
}

// "bert-base · train · fp32 · virtual NVIDIA H100 80GB HBM3": what a picture that is sent around must not leave behind.
std::string subtitle_of(const Sweep& sweep) {
  std::vector<std::string> phrases = sweep_conditions(sweep);
  std::vector<std::string> devices = sweep_devices(sweep);
  if (devices.size() > 1) {
    for (std::string& name : devices) name.resize(name.find(' '));  // "virtual": which they are is in the table
    std::ranges::sort(devices);
    devices.erase(std::ranges::unique(devices).begin(), devices.end());
  }
  phrases.insert(phrases.end(), devices.begin(), devices.end());
  return shorten(printable(fmt::format("{}", fmt::join(phrases, " · "))), kSubtitleColumns);
}

LineChart chart_of(const Sweep& sweep, std::size_t field, const std::string& title) {
  LineChart chart;
  chart.title = title;
  chart.subtitle = subtitle_of(sweep);
  chart.across = sweep.varied[field];
  chart.across_scale = chart.upwards_scale = Scale::logarithmic;
  chart.sizes_upwards = chart.marked = true;
  chart.names_width = kNamesWidth;
  return chart;
}

std::string line_name(const std::string& name, const char* word, const std::optional<double>& slope) {
  return shorten(printable(name), kNameColumns) + (slope ? fmt::format(" · {} {}", word, slope_text(slope)) : "");
}

// The fields that all lines of a picture have in common, for its title; with one line that is all of them.
std::string common_words(const Sweep& sweep, const Group& group) {
  std::string words;
  for (std::size_t i = 0; i < sweep.varied.size(); ++i) {
    const auto value_of = [&](const ScalingSeries* s) { return sweep.rows[s->rows.front()].settings[i]; };
    const Json value = value_of(group.front());
    if (i == group.front()->field || value.is_null()) continue;
    if (!std::ranges::all_of(group, [&](const ScalingSeries* s) { return value_of(s) == value; })) continue;
    words += (words.empty() ? "" : ", ") + (value.is_string() ? "" : sweep.varied[i] + " ") + setting_text(value);
  }
  return words;
}

// What is not in the title.
std::string line_words(const Sweep& sweep, const Group& group, const ScalingSeries& series) {
  std::string words;
  const SweepRow& row = sweep.rows[series.rows.front()];
  for (std::size_t i = 0; i < sweep.varied.size(); ++i) {
    const Json& value = row.settings[i];
    const bool differs = std::ranges::any_of(
        group, [&](const ScalingSeries* s) { return sweep.rows[s->rows.front()].settings[i] != value; });
    if (i == series.field || !differs) continue;
    const std::string text = value.is_null() ? "default" : setting_text(value);
    words += (words.empty() ? "" : ", ") + (value.is_string() ? "" : sweep.varied[i] + " ") + text;
  }
  return words.empty() ? "peak" : words;
}

std::string title_of(std::string what, const Sweep& sweep, const Group& group) {
  what += " by " + sweep.varied[group.front()->field];
  const std::string common = common_words(sweep, group);
  return common.empty() ? what : what + ": " + common;
}

SweepPicture peak_picture(const Sweep& sweep, const Group& group, const std::string& file) {
  LineChart chart = chart_of(sweep, group.front()->field, title_of("Peak memory", sweep, group));
  for (const ScalingSeries* series : group) {
    const ScalingPoints points = points_of(sweep, *series);
    if (const auto slope = log_log_slope(points))
      chart.lines.push_back({line_name(line_words(sweep, group, *series), "slope", slope), points});
  }
  return {file, chart.title, write_svg(chart)};
}

double most(const ScalingPoints& points) {
  double found = 0;
  for (const auto& [x, bytes] : points) found = std::max(found, bytes);
  return found;
}

// Those that are ever more than a sliver of the peak, from zero up: what is nothing at one end may be most at the
// other.
SweepPicture categories_picture(const Sweep& sweep, const ScalingSeries& series, const std::string& file) {
  LineChart chart = chart_of(sweep, series.field, title_of("What the peak is made of", sweep, {&series}));
  chart.upwards_scale = Scale::linear;
  const double peak = most(points_of(sweep, series));
  for (const CategoryStyle& style : kCategoryStyles) {
    const ScalingPoints points = points_of(sweep, series, style.category);
    if (most(points) < kSliver * peak) continue;
    const auto index = static_cast<std::size_t>(style.category);
    chart.lines.push_back({line_name(std::string(style.title), "last slope", last_log_log_slope(points)), points, false,
                           std::pair(kLightPalette.categories[index], kDarkPalette.categories[index])});
  }
  return {file, chart.title, write_svg(chart)};
}

std::string file_name(std::string_view what, const std::string& field, std::size_t index, std::size_t count) {
  return count == 1 ? fmt::format("{}-{}.svg", what, field) : fmt::format("{}-{}-{}.svg", what, field, index + 1);
}

}  // namespace

std::vector<SweepPicture> sweep_pictures(const Sweep& sweep) {
  const std::vector<ScalingSeries> all = scaling_series(sweep);
  std::vector<SweepPicture> pictures;
  for (std::size_t field = 0; field < sweep.varied.size(); ++field) {
    Group of_field;
    for (const ScalingSeries& series : all)
      if (series.field == field && log_log_slope(points_of(sweep, series))) of_field.push_back(&series);
    if (of_field.empty()) continue;
    std::vector<Group> groups = grouped(sweep, of_field);
    groups.resize(std::min(groups.size(), kPicturesOfField));
    const std::string& name = sweep.varied[field];
    for (std::size_t i = 0; i < groups.size(); ++i)
      pictures.push_back(peak_picture(sweep, groups[i], file_name("peak", name, i, groups.size())));
    if (of_field.size() > kLines) continue;
    for (std::size_t i = 0; i < of_field.size(); ++i)
      pictures.push_back(categories_picture(sweep, *of_field[i], file_name("categories", name, i, of_field.size())));
  }
  return pictures;
}

}  // namespace headroom
