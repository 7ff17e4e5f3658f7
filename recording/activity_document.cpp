#include "recording/activity_document.h"

#include "recording/activity_rules.h"
#include "recording/document_node.h"
#include "recording/named_member.h"

namespace headroom {
namespace {

using document::kMax;
using document::list;
using document::Node;
using document::read_list;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMaxRows = std::int64_t{1} << 31;
constexpr std::int64_t kMaxCount = std::int64_t{1} << 60;  // so that counting on cannot overflow
constexpr std::int64_t kMaxTraffic = kMaxActivityBytes / 2;
constexpr std::int64_t kMaxExtent = std::numeric_limits<std::uint32_t>::max();

struct Count {
  const char* key;
  std::int64_t DeviceActivity::*value;
};
constexpr Count kCounts[] = {{"dropped_count", &DeviceActivity::dropped_count},
                             {"damaged_count", &DeviceActivity::damaged_count},
                             {"unknown_count", &DeviceActivity::unknown_count},
                             {"outside_count", &DeviceActivity::outside_count},
                             {"untimed_count", &DeviceActivity::untimed_count},
                             {"unreturned_count", &DeviceActivity::unreturned_count},
                             {"unmatched_count", &DeviceActivity::unmatched_count},
                             {"peak_dram_bytes_per_second", &DeviceActivity::peak_dram_bytes_per_second}};

std::array<std::uint32_t, 3> read_extents(const Node& node, std::string_view key) {
  std::vector<std::uint32_t> extents;
  read_list(node, key, extents, [](const Json& json, const std::string& where) {
    const std::int64_t extent = document::read_extent(json, where);
    if (extent > kMaxExtent) throw bad_input(fmt::format("{} is {}, expected at most {}", where, extent, kMaxExtent));
    return static_cast<std::uint32_t>(extent);
  });
  if (extents.size() != 3) node.reader.fail(key, "an array of three numbers");
  return {extents[0], extents[1], extents[2]};
}

void check_total(const std::vector<DramBytes>& dram, const std::string& where) {
  std::int64_t total = 0;
  for (const DramBytes& d : dram)
    if ((total += d.read_bytes + d.written_bytes) > kMaxActivityBytes)
      throw bad_input(where + ": 'dram' adds up to more bytes than any device moves");
}

}  // namespace

Json activity_summary(const DeviceActivity& a) {
  Json json = {{"level", to_name(kTraceLevelNames, a.level)}, {"tracer", a.tracer}, {"problems", a.problems}};
  for (const Count& count : kCounts) json[count.key] = a.*count.value;
  return json;
}

void parse_activity_summary(const Json& json, const std::string& where, DeviceActivity& a) {
  const Node node(json, where);
  a.level = named_member(node.reader, kTraceLevelNames, "level", where);
  a.tracer = node.text("tracer");
  read_list(node, "problems", a.problems, document::read_text);
  for (const Count& count : kCounts) a.*count.value = node.reader.integer_or(count.key, 0, 0, kMaxCount);
}

Json to_json(const LaunchShape& s) {
  return {{"grid", s.grid},
          {"block", s.block},
          {"registers_per_thread", s.registers_per_thread},
          {"static_shared_bytes", s.static_shared_bytes},
          {"dynamic_shared_bytes", s.dynamic_shared_bytes},
          {"local_bytes_per_thread", s.local_bytes_per_thread}};
}

LaunchShape parse_shape(const Json& json, const std::string& where) {
  const Node node(json, where);
  LaunchShape s;
  s.grid = read_extents(node, "grid");
  s.block = read_extents(node, "block");
  s.registers_per_thread = static_cast<std::uint32_t>(node.reader.integer_or("registers_per_thread", 0, 0, kMaxExtent));
  s.static_shared_bytes = node.bytes("static_shared_bytes");
  s.dynamic_shared_bytes = node.bytes("dynamic_shared_bytes");
  s.local_bytes_per_thread = node.bytes("local_bytes_per_thread");
  return s;
}

Json to_json(const DriverMemorySample& s) {
  return {{"moment", to_name(kSampleMomentNames, s.moment)},
          {"time_ns", s.time_ns},
          {"event", s.event},
          {"used_bytes", s.used_bytes},
          {"total_bytes", s.total_bytes}};
}

DriverMemorySample parse_sample(const Json& json, std::int64_t event_count, const std::string& where) {
  const Node node(json, where);
  DriverMemorySample s;
  s.moment = named_member(node.reader, kSampleMomentNames, "moment", where);
  s.time_ns = node.reader.integer("time_ns", kMin, kMax);
  s.event = node.reader.integer("event", 0, event_count);
  s.used_bytes = node.reader.integer("used_bytes", 0, kMax);
  s.total_bytes = node.reader.integer("total_bytes", 0, kMax);
  return s;
}

Json to_json(const DramBytes& d) {
  return {{"layer", static_cast<std::uint32_t>(d.layer)},
          {"phase", to_name(kPhaseNames, d.phase)},
          {"read_bytes", d.read_bytes},
          {"written_bytes", d.written_bytes}};
}

DramBytes parse_dram(const Json& json, std::size_t layer_count, const std::string& where) {
  const Node node(json, where);
  DramBytes d;
  d.layer = static_cast<LayerId>(node.reader.integer("layer", 0, static_cast<std::int64_t>(layer_count) - 1));
  d.phase = named_member(node.reader, kPhaseNames, "phase", where);
  d.read_bytes = node.reader.integer("read_bytes", 0, kMaxTraffic);
  d.written_bytes = node.reader.integer("written_bytes", 0, kMaxTraffic);
  return d;
}

Json activity_document(const DeviceActivity& a) {
  const auto item = [](const auto& value) { return to_json(value); };
  Json json = activity_summary(a);
  if (json == activity_summary({}) && a.shapes.empty() && a.activities.size() == 0 && a.samples.empty() && a.dram.empty())
    return nullptr;
  json["shapes"] = list(a.shapes, item);
  json["samples"] = list(a.samples, item);
  json["dram"] = list(a.dram, item);
  json["row_count"] = a.activities.size();
  return json;
}

std::int64_t parse_activity(const Json& json, std::int64_t event_count, std::size_t layer_count,
                            const std::string& where, DeviceActivity& a) {
  const Node node(json, where);
  parse_activity_summary(json, where, a);
  read_list(node, "shapes", a.shapes, parse_shape);
  read_list(node, "samples", a.samples, [&](const Json& item, const std::string& place) {
    return parse_sample(item, event_count, place);
  });
  read_list(node, "dram", a.dram,
            [&](const Json& item, const std::string& place) { return parse_dram(item, layer_count, place); });
  check_total(a.dram, where);
  return node.reader.integer("row_count", 0, kMaxRows);
}

}  // namespace headroom
