#include "cli/time_limit.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <climits>
#include <cmath>
#include <csignal>
#include <utility>

#include "base/error.h"
#include "base/shortened.h"

namespace headroom::cli {
namespace {

constexpr double kLeastSeconds = 0.001, kMostSeconds = 30.0 * 24 * 3600;
constexpr std::int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute;

double seconds_of_unit(std::string_view unit) {
  if (unit.empty() || unit == "s") return 1;
  if (unit == "m") return 60;
  return unit == "h" ? 3600 : NAN;
}

}  // namespace

TimeLimit parse_time_limit(std::string_view where, std::string_view text) {
  if (text == "none") return kNoLimit;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  const double seconds = number * seconds_of_unit(std::string_view(stop, static_cast<std::size_t>(end - stop)));
  if (error != std::errc() || !(seconds >= kLeastSeconds && seconds <= kMostSeconds))
    throw bad_input(fmt::format("{} is '{}', expected a time such as 90s, 10m or 1.5h, from 0.001s to 720h, or none",
                                where, shortened(text)));
  return TimeLimit(std::llround(seconds * 1000));
}

TimeLimit time_limit_of(std::string_view where, const Json& value) {
  return parse_time_limit(where, value.is_string() ? value.get<std::string>() : value.dump());
}

std::string time_limit_text(TimeLimit limit) {
  const std::int64_t ms = limit.count();
  if (ms == 0) return "none";
  if (ms % kHour == 0) return fmt::format("{}h", ms / kHour);
  if (ms % kMinute == 0) return fmt::format("{}m", ms / kMinute);
  return fmt::format("{}s", static_cast<double>(ms) / kSecond);
}

std::string timeout_message(TimeLimit limit, const std::string& heard) {
  return fmt::format("no result after {}, and it was ended{}; --timeout {} would give it twice as long",
                     time_limit_text(limit), heard.empty() ? "" : " (" + heard + ")", time_limit_text(2 * limit));
}

Deadline::Deadline(TimeLimit limit, std::chrono::milliseconds patience) : patience_(patience) {
  if (limit != kNoLimit) next_ = std::chrono::steady_clock::now() + limit;
}

int Deadline::milliseconds_left() const {
  if (!next_) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next_ - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
}

int Deadline::signal_due() {
  if (milliseconds_left() != 0) return 0;
  if (std::exchange(has_passed_, true)) return next_.reset(), SIGKILL;
  next_ = std::chrono::steady_clock::now() + patience_;
  return SIGTERM;
}

void add_timeout_flag(CLI::App& command, std::string& timeout, const char* group, std::string_view otherwise) {
  command
      .add_option(
          "--timeout", timeout,
          fmt::format("End a run that has no result after so long: 90s, 10m, 1.5h; none\n(default: {})", otherwise))
      ->type_name("TIME")
      ->group(group);
}

std::optional<TimeLimit> read_timeout(const std::string& timeout) {
  if (timeout.empty()) return {};
  return parse_time_limit("--timeout", timeout);
}

}  // namespace headroom::cli
