#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/json.h"
#include "cli/terminal.h"

namespace headroom::cli {
namespace {

constexpr std::size_t kLongestLine = 4096;
constexpr auto kInterval = std::chrono::milliseconds(50);

std::int64_t integer_or_zero(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

// Keeps whole UTF-8 characters; each counts as one column.
std::string cut(const std::string& text, int width) {
  int columns = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    std::size_t next = end + 1;
    while (next < text.size() && (text[next] & 0xC0) == 0x80) ++next;
    if (++columns > width) break;
    end = next;
  }
  return text.substr(0, end);
}

void write_quietly(const std::string& text) {
  [[maybe_unused]] const ssize_t count = write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

std::string describe(const Progress& progress) {
  if (progress.phase.empty()) return {};
  std::string text = progress.phase;
  if (progress.step > 0) text = fmt::format("step {} of {}, ", progress.step, progress.steps) + text;
  if (progress.allocated_bytes > 0) text += ", " + format_bytes(progress.allocated_bytes);
  return text;
}

std::optional<Progress> parse_progress(std::string_view line) {
  if (line.size() > kLongestLine) return {};
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("phase") || !json["phase"].is_string()) return {};
  return Progress{printable(json["phase"].get<std::string>()), integer_or_zero(json, "step"),
                  integer_or_zero(json, "steps"), integer_or_zero(json, "allocated_bytes")};
}

std::string progress_text(std::size_t done, std::optional<std::size_t> total, const std::vector<RunningRun>& running,
                          int width) {
  std::string text = !total       ? fmt::format("{} done", done)
                     : *total > 1 ? fmt::format("{} of {} done", done, *total)
                                  : "";
  for (const auto& run : running) {
    const std::string at = describe(run.progress);
    text += (text.empty() ? "" : " · ") + run.label + ": " + (at.empty() ? "starting" : at);
  }
  return cut(text, width - 1);
}

std::string progress_document(std::size_t done, std::size_t total, const RunningRun& run) {
  const Progress& progress = run.progress;
  const Json document{{"run", run.label},
                      {"phase", progress.phase.empty() ? "starting" : progress.phase},
                      {"step", progress.step},
                      {"steps", progress.steps},
                      {"allocated_bytes", progress.allocated_bytes},
                      {"done", done},
                      {"runs", total}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void ProgressLine::show(const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!enabled_ || now < next_) return;
  write_quietly("\r\033[K" + text);
  shown_ = true;
  next_ = now + kInterval;
}

void ProgressLine::clear() {
  if (shown_) write_quietly("\r\033[K");
  shown_ = false;
}

}  // namespace headroom::cli
