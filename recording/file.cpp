#include "recording/file.h"

#include <fmt/format.h>

#include <limits>

#include "base/file.h"
#include "recording/activity_columns.h"
#include "recording/columns.h"
#include "recording/container.h"
#include "recording/document.h"
#include "recording/tasks.h"

namespace headroom {
namespace {

using columns::Coding;
using columns::Range;

constexpr std::uint64_t kFileLimitBytes = std::uint64_t{8} << 30;
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
// All bytes ever allocated stay below this, so that no sum of sizes can overflow.
constexpr std::int64_t kMaxTotalBytes = std::int64_t{1} << 62;

// Calls `visit(section, column, coding, range)` for every column but the actions, in the file's order.
template <class E, class F>
void for_each_column(E& events, std::int64_t layer_count, std::int64_t string_count, F visit) {
  visit("time", events.time_ns, Coding::delta, Range{kMin, kMax});
  visit("address", events.address, Coding::delta, Range{kMin, kMax});
  visit("request", events.requested_bytes, Coding::value, Range{0, kMaxTotalBytes / 2});
  visit("block", events.block_bytes, Coding::value, Range{0, kMaxTotalBytes / 2});
  visit("layer", events.layer, Coding::delta, Range{0, layer_count - 1});
  visit("phase", events.phase, Coding::value, Range{0, kPhaseNames.size() - 1});
  visit("step", events.step, Coding::delta, Range{0, std::numeric_limits<std::int32_t>::max()});
  visit("category", events.category, Coding::value, Range{0, kCategoryNames.size() - 1});
  visit("op", events.op, Coding::value, Range{0, string_count - 1});
  visit("tensor", events.tensor, Coding::value, Range{0, string_count - 1});
}

// The same for the columns that are in the file only where they are not empty.
template <class E, class F>
void for_each_optional_column(E& events, std::int64_t string_count, F visit) {
  visit("source", events.source, Coding::value, Range{0, string_count - 1});
  visit("stream", events.stream, Coding::value, Range{0, 255});
  visit("pool", events.pool, Coding::value, Range{0, std::numeric_limits<std::int32_t>::max()});
  visit("held", events.held, Coding::value, Range{0, static_cast<std::int64_t>(events.size())});
}

void check_totals(const Events& events, const std::string& where) {
  std::int64_t block_total = 0, requested_total = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    block_total += events.block_bytes[i];
    requested_total += events.requested_bytes[i];
    if (block_total > kMaxTotalBytes || requested_total > kMaxTotalBytes)
      throw bad_input(where + ": the recording is damaged: its sizes add up to more than any device holds");
  }
}

Events decode_events(const ContainerReader& container, const RecordingDocument& document, const std::string& where) {
  const auto count = static_cast<std::size_t>(document.event_count);
  const auto fail = [&](std::string_view column) {
    throw bad_input(
        fmt::format("{}: the recording is damaged: column '{}' does not hold {} events", where, column, count));
  };
  Events events;
  // Not compressed, so that the number of events is bounded by the file's size before the others are decoded.
  if (!columns::decode_actions(container.plain("action"), count, events.action)) fail("action");
  const Recording& r = document.recording;
  const auto layer_count = static_cast<std::int64_t>(r.layers.size());
  const auto string_count = static_cast<std::int64_t>(r.strings.size());
  std::vector<std::function<void()>> tasks;
  const auto decode = [&](const char* name, auto& column, Coding coding, Range range) {
    tasks.push_back([&, name, coding, range] {
      const Bytes raw = container.decompressed(name, count * columns::kMaxVarintBytes);
      if (!columns::decode(raw, count, coding, range, column)) fail(name);
    });
  };
  for_each_column(events, layer_count, string_count, decode);
  for_each_optional_column(events, string_count, [&](const char* name, auto& column, Coding coding, Range range) {
    if (container.has(name)) decode(name, column, coding, range);
  });
  run_tasks(tasks, count >= columns::kManyRows);
  check_totals(events, where);
  return events;
}

}  // namespace

std::string encode_recording(const Recording& recording) {
  ContainerWriter container;
  container.add_plain("meta", recording_document(recording).dump(-1, ' ', false, Json::error_handler_t::replace));
  container.add_plain("action", columns::encode_actions(recording.events.action));
  const auto add = [&](const char* name, const auto& column, Coding coding, Range) {
    if (column.size() != recording.events.size())
      throw could_not_measure(fmt::format("cannot write the recording: column '{}' has {} rows, 'action' has {}", name,
                                          column.size(), recording.events.size()));
    container.add_compressed(name, columns::encode(column, coding));
  };
  for_each_column(recording.events, 0, 0, add);
  for_each_optional_column(recording.events, 0, [&](const char* name, const auto& column, Coding coding, Range range) {
    if (!column.empty()) add(name, column, coding, range);
  });
  add_activity_columns(recording.activity.activities, container);
  return container.finish();
}

Recording decode_recording(std::string_view bytes, const std::string& where) {
  const ContainerReader container(bytes, where);
  const std::string_view meta = container.plain("meta");
  RecordingDocument document = parse_recording_document(parse_json(meta, where, {.size_bytes = meta.size()}), where);
  document.recording.events = decode_events(container, document, where);
  document.recording.activity.activities =
      read_activity_columns(container, document.activity_count, document.recording, where);
  return std::move(document.recording);
}

void write_recording(const std::filesystem::path& path, const Recording& recording) {
  write_file(path, encode_recording(recording));
}

Recording read_recording(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored))
    require_recording_header(read_beginning(path, 16), path.string());
  return decode_recording(read_file(path, kFileLimitBytes), path.string());
}

}  // namespace headroom
