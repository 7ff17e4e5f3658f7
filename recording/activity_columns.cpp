#include "recording/activity_columns.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "base/error.h"
#include "recording/activity_rules.h"
#include "recording/columns.h"
#include "recording/tasks.h"

namespace headroom {
namespace {

using columns::Coding;
using columns::Range;

constexpr const char* kKindColumn = "a.kind";
constexpr const char* kStartColumn = "a.start";
constexpr Range kTimes{-kMaxActivityTime, kMaxActivityTime};
constexpr std::int64_t kMaxUnsigned = std::numeric_limits<std::uint32_t>::max();

// Calls `visit(section, column, coding, range)` for every column but kinds and starts, in the file's order.
template <class A, class F>
void for_each_column(A& a, std::int64_t layer_count, std::int64_t string_count, F visit) {
  visit("a.length", a.duration_ns, Coding::value, Range{kNoDuration, kMaxActivityTime});
  visit("a.name", a.name, Coding::value, Range{0, string_count - 1});
  visit("a.detail", a.detail, Coding::value, Range{0, kMaxUnsigned});
  visit("a.bytes", a.bytes, Coding::value, Range{0, kMaxActivityBytes});
  visit("a.addr", a.address, Coding::delta,
        Range{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()});
  visit("a.stream", a.stream, Coding::delta, Range{0, kMaxUnsigned});
  visit("a.correl", a.correlation, Coding::delta, Range{0, kMaxUnsigned});
  visit("a.thread", a.thread, Coding::delta, Range{0, kMaxUnsigned});
  visit("a.layer", a.layer, Coding::delta, Range{0, layer_count - 1});
  visit("a.phase", a.phase, Coding::value, Range{0, kPhaseNames.size() - 1});
  visit("a.step", a.step, Coding::delta, Range{0, std::numeric_limits<std::int32_t>::max()});
}

// Two kinds a byte, the first in the lower bits.
std::string encode_kinds(const std::vector<ActivityKind>& kinds) {
  std::string bytes((kinds.size() + 1) / 2, '\0');
  for (std::size_t i = 0; i < kinds.size(); ++i)
    bytes[i / 2] = static_cast<char>(bytes[i / 2] | (static_cast<int>(kinds[i]) & 15) << (4 * (i % 2)));
  return bytes;
}

bool decode_kinds(std::string_view bytes, std::size_t count, std::vector<ActivityKind>& out) {
  if (bytes.size() != (count + 1) / 2) return false;
  out.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const int kind = static_cast<unsigned char>(bytes[i / 2]) >> (4 * (i % 2)) & 15;
    if (kind >= static_cast<int>(kActivityKindNames.size())) return false;
    out[i] = static_cast<ActivityKind>(kind);
  }
  return count % 2 == 0 || static_cast<unsigned char>(bytes.back()) >> 4 == 0;
}

// Rows sorted by kind: neighbours are alike, which is what makes the columns small.
std::vector<std::uint32_t> order_by_kind(const std::vector<ActivityKind>& kinds) {
  std::array<std::uint32_t, 17> next{};  // a kind has four bits, also one that no reader will take
  for (const ActivityKind kind : kinds) ++next[static_cast<std::size_t>(kind) + 1];
  for (std::size_t k = 1; k < next.size(); ++k) next[k] += next[k - 1];
  std::vector<std::uint32_t> order(kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i)
    order[next[static_cast<std::size_t>(kinds[i])]++] = static_cast<std::uint32_t>(i);
  return order;
}

// What no range of a column can say; empty when there is nothing to say.
std::string oddity(const Activities& a, std::size_t shape_count) {
  std::int64_t total_bytes = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (i > 0 && a.start_ns[i] < a.start_ns[i - 1])
      return fmt::format("activity {} starts before the one before it", i);
    const bool kernel = a.kind[i] == ActivityKind::kernel;
    if (kernel ? a.detail[i] >= shape_count : a.detail[i] > rules_of(a.kind[i]).last_detail)
      return fmt::format("activity {}, a row of kind {}, has the detail {}", i, to_name(kActivityKindNames, a.kind[i]),
                         a.detail[i]);
    if (a.bytes[i] > kMaxActivityBytes - total_bytes)
      return "its activities add up to more bytes than any device moves";
    total_bytes += a.bytes[i];
  }
  return "";
}

}  // namespace

void add_activity_columns(const Activities& a, ContainerWriter& container) {
  if (a.size() == 0) return;
  const auto require_length = [&](const char* name, std::size_t rows) {
    if (rows != a.size())
      throw could_not_measure(fmt::format("cannot write the recording: column '{}' has {} rows, '{}' has {}", name,
                                          rows, kKindColumn, a.size()));
  };
  require_length(kStartColumn, a.start_ns.size());
  container.add_plain(kKindColumn, encode_kinds(a.kind));
  container.add_compressed(kStartColumn, columns::encode(a.start_ns, Coding::delta));
  const std::vector<std::uint32_t> order = order_by_kind(a.kind);
  for_each_column(a, 0, 0, [&](const char* name, const auto& column, Coding coding, Range) {
    require_length(name, column.size());
    auto sorted = column;
    for (std::size_t i = 0; i < order.size(); ++i) sorted[i] = column[order[i]];
    container.add_compressed(name, columns::encode(sorted, coding));
  });
}

Activities read_activity_columns(const ContainerReader& container, std::int64_t row_count, const Recording& recording,
                                 const std::string& where) {
  Activities a;
  if (row_count == 0) return a;
  const auto count = static_cast<std::size_t>(row_count);
  const auto fail = [&](const char* column) {
    throw bad_input(
        fmt::format("{}: the recording is damaged: column '{}' does not hold {} activities", where, column, count));
  };
  const auto raw = [&](const char* name) { return container.decompressed(name, count * columns::kMaxVarintBytes); };
  // Not compressed, so that the number of rows is bounded by the file's size before the others are decoded.
  if (!decode_kinds(container.plain(kKindColumn), count, a.kind)) fail(kKindColumn);
  const std::vector<std::uint32_t> order = order_by_kind(a.kind);
  std::vector<std::function<void()>> tasks{[&] {
    if (!columns::decode(raw(kStartColumn), count, Coding::delta, kTimes, a.start_ns)) fail(kStartColumn);
  }};
  for_each_column(a, static_cast<std::int64_t>(recording.layers.size()),
                  static_cast<std::int64_t>(recording.strings.size()),
                  [&](const char* name, auto& column, Coding coding, Range range) {
                    tasks.push_back([&, name, coding, range] {
                      std::decay_t<decltype(column)> sorted;
                      if (!columns::decode(raw(name), count, coding, range, sorted)) fail(name);
                      column.resize(count);
                      for (std::size_t i = 0; i < count; ++i) column[order[i]] = sorted[i];
                    });
                  });
  run_tasks(tasks, count >= columns::kManyRows);
  const std::string odd = oddity(a, recording.activity.shapes.size());
  if (!odd.empty()) throw bad_input(fmt::format("{}: the recording is damaged: {}", where, odd));
  return a;
}

}  // namespace headroom
