#include "recording/activity_rows.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "recording/activity_rules.h"

namespace headroom {
namespace {

// Numbers of texts in a recording's table.
class Interner {
 public:
  explicit Interner(std::vector<std::string>& strings) : strings_(strings) {
    known_.reserve(strings.size());
    for (std::size_t i = 0; i < strings.size(); ++i) known_.try_emplace(strings[i], static_cast<StringId>(i));
  }

  StringId intern(const std::string& text) {
    const auto [place, is_new] = known_.try_emplace(text, static_cast<StringId>(strings_.size()));
    if (is_new) strings_.push_back(text);
    return place->second;
  }

 private:
  std::vector<std::string>& strings_;
  std::unordered_map<std::string, StringId> known_;
};

using ShapeKey = std::array<std::uint64_t, 10>;

ShapeKey key_of(const LaunchShape& s) {
  return {s.grid[0], s.grid[1], s.grid[2], s.block[0], s.block[1], s.block[2], s.registers_per_thread,
          static_cast<std::uint64_t>(s.static_shared_bytes), static_cast<std::uint64_t>(s.dynamic_shared_bytes),
          static_cast<std::uint64_t>(s.local_bytes_per_thread)};
}

bool is_sound(const LaunchShape& s) {
  return s.static_shared_bytes >= 0 && s.dynamic_shared_bytes >= 0 && s.local_bytes_per_thread >= 0;
}

class Joiner {
 public:
  Joiner(const ActivityTables& tables, const ActivityOrigin& origin, Recording& recording)
      : tables_(tables), origin_(origin), r_(recording), interner_(recording.strings),
        names_(tables.strings.size()), shapes_(tables.shapes.size()) {}

  void join(std::span<const ActivityRow> rows) {
    const std::vector<std::uint64_t> starts = starts_of(rows);
    std::vector<std::size_t> order(rows.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return starts[a] < starts[b]; });
    for (const std::size_t i : order) add(rows[i], starts[i]);
  }

 private:
  // A row without a start begins with the call that caused it, else with the row that came before it.
  static std::vector<std::uint64_t> starts_of(std::span<const ActivityRow> rows) {
    std::vector<std::uint64_t> starts(rows.size());
    std::unordered_map<std::uint32_t, std::uint64_t> calls;
    if (std::any_of(rows.begin(), rows.end(), [](const ActivityRow& row) { return row.start_ns == 0; }))
      for (const ActivityRow& row : rows)
        if (row.kind == static_cast<std::uint8_t>(ActivityKind::call)) calls.try_emplace(row.correlation, row.start_ns);
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      starts[i] = rows[i].start_ns;
      if (starts[i] == 0)
        if (const auto call = calls.find(rows[i].correlation); rows[i].correlation != 0 && call != calls.end())
          starts[i] = call->second;
      if (starts[i] == 0) starts[i] = before;
      before = starts[i];
    }
    return starts;
  }

  void add(const ActivityRow& row, std::uint64_t start) {
    if (origin_.start_realtime_ns == 0 || start < origin_.start_realtime_ns || start - origin_.start_realtime_ns > kMaxActivityTime ||
        time_of(start) > origin_.end_ns) {
      ++r_.activity.outside_count;
      return;
    }
    const auto kind = static_cast<ActivityKind>(row.kind);
    if (row.kind >= kActivityKindNames.size() || rules_of(kind).level > r_.activity.level || !is_sound(row, kind)) {
      ++r_.activity.dropped_count;
      return;
    }
    append(row, kind, start);
  }

  std::int64_t time_of(std::uint64_t start) const { return static_cast<std::int64_t>(start - origin_.start_realtime_ns); }

  bool is_sound(const ActivityRow& row, ActivityKind kind) const {
    if (row.bytes < 0 || row.bytes > kMaxActivityBytes - total_bytes_) return false;
    if (kind == ActivityKind::kernel) return row.detail < tables_.shapes.size() && headroom::is_sound(tables_.shapes[row.detail]);
    return row.detail <= rules_of(kind).last_detail;
  }

  void append(const ActivityRow& row, ActivityKind kind, std::uint64_t start) {
    Activities& a = r_.activity.activities;
    const ActivityRules& rules = rules_of(kind);
    total_bytes_ += rules.has_bytes ? row.bytes : 0;
    a.kind.push_back(kind);
    a.start_ns.push_back(time_of(start));
    a.duration_ns.push_back(duration_of(row, kind));
    a.name.push_back(name(row.name));
    a.detail.push_back(kind == ActivityKind::kernel ? shape(row.detail) : row.detail);
    a.bytes.push_back(rules.has_bytes ? row.bytes : 0);
    a.address.push_back(rules.has_address ? row.address : 0);
    a.stream.push_back(row.stream);
    a.correlation.push_back(row.correlation);
    a.thread.push_back(kind == ActivityKind::call ? row.thread : 0);
    a.layer.push_back(layer(row.layer));
    push_phase(row, time_of(start));
  }

  std::int64_t duration_of(const ActivityRow& row, ActivityKind kind) const {
    const bool imagined = r_.environment.device_kind == DeviceKind::virtual_cuda && rules_of(kind).is_launched;
    if (imagined || row.start_ns == 0 || row.end_ns < row.start_ns || row.end_ns - row.start_ns > kMaxActivityTime)
      return kNoDuration;
    return static_cast<std::int64_t>(row.end_ns - row.start_ns);
  }

  StringId name(std::uint32_t id) {
    if (id >= names_.size()) return StringId::none;
    if (!names_[id]) names_[id] = interner_.intern(tables_.strings[id]);
    return *names_[id];
  }

  std::uint32_t shape(std::uint32_t id) {
    if (!shapes_[id]) {
      const auto [place, is_new] = known_shapes_.try_emplace(key_of(tables_.shapes[id]), r_.activity.shapes.size());
      if (is_new) r_.activity.shapes.push_back(tables_.shapes[id]);
      shapes_[id] = static_cast<std::uint32_t>(place->second);
    }
    return *shapes_[id];
  }

  LayerId layer(std::uint32_t id) const {
    if (!origin_.layers) return id < r_.layers.size() ? LayerId{id} : LayerId::root;
    return id < origin_.layers->size() ? (*origin_.layers)[id] : LayerId::root;
  }

  // Rows come in order of time, so the mark in force moves on only.
  void push_phase(const ActivityRow& row, std::int64_t time) {
    Activities& a = r_.activity.activities;
    while (mark_ < r_.marks.size() && r_.marks[mark_].time_ns <= time) ++mark_;
    const bool known = row.phase < kPhaseNames.size() && row.step >= 0;
    const Mark in_force = mark_ == 0 ? Mark{} : r_.marks[mark_ - 1];
    a.phase.push_back(known ? static_cast<Phase>(row.phase) : in_force.phase);
    a.step.push_back(known ? row.step : in_force.step);
  }

  const ActivityTables& tables_;
  const ActivityOrigin& origin_;
  Recording& r_;
  Interner interner_;
  std::vector<std::optional<StringId>> names_;
  std::vector<std::optional<std::uint32_t>> shapes_;
  std::map<ShapeKey, std::size_t> known_shapes_;
  std::int64_t total_bytes_ = 0;
  std::size_t mark_ = 0;
};

}  // namespace

void join_activity(std::span<const ActivityRow> rows, const ActivityTables& tables, const ActivityOrigin& origin,
                   Recording& recording) {
  DeviceActivity& activity = recording.activity;
  activity.shapes.clear();
  activity.activities = {};
  if (activity.level != TraceLevel::none) Joiner(tables, origin, recording).join(rows);
  activity.unmatched_count = count_unmatched(activity.activities);
}

std::int64_t count_unmatched(const Activities& a) {
  std::unordered_set<std::uint64_t> live, live_handles;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a.kind[i] != ActivityKind::memory) continue;
    auto& set = memory_kind_of(a.detail[i]) == MemoryKind::physical ? live_handles : live;
    const bool matched = memory_operation_of(a.detail[i]) == MemoryOperation::allocate ? set.insert(a.address[i]).second
                                                                                       : set.erase(a.address[i]) == 1;
    count += matched ? 0 : 1;
  }
  return count;
}

}  // namespace headroom
