#include "recording/document.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "recording/activity_document.h"
#include "recording/document_node.h"
#include "recording/named_member.h"

namespace headroom {
namespace {

using document::kMax;
using document::list;
using document::Node;
using document::read_extent;
using document::read_list;
using document::read_text;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMaxEvents = std::int64_t{1} << 31;
constexpr std::int64_t kMaxStep = std::numeric_limits<std::int32_t>::max();

Json to_json(const Environment& e) {
  return {{"headroom_version", e.headroom_version},
          {"torch_version", e.torch_version},
          {"cuda_version", e.cuda_version},
          {"driver_version", e.driver_version},
          {"device_kind", to_name(kDeviceKindNames, e.device_kind)},
          {"device_name", e.device_name},
          {"compute_capability", e.compute_capability},
          {"device_total_bytes", e.device_total_bytes},
          {"allocator_settings", e.allocator_settings}};
}

Json to_json(const Outcome& o) {
  return {{"kind", to_name(kOutcomeNames, o.kind)},
          {"message", o.message},
          {"failed_request_bytes", o.failed_request_bytes},
          {"free_bytes", o.free_bytes},
          {"allocated_bytes", o.allocated_bytes},
          {"reserved_bytes", o.reserved_bytes},
          {"phase", o.phase},
          {"layer", o.layer}};
}

Json to_json(const ModelSummary& m) {
  return {{"name", m.name},
          {"attention", m.attention},
          {"config", m.config},
          {"parameter_count", m.parameter_count},
          {"attention_parameter_count", m.attention_parameter_count},
          {"kv_cache_bytes_per_token", m.kv_cache_bytes_per_token}};
}

Json to_json(const Layer& l) {
  return {
      {"parent", static_cast<std::uint32_t>(l.parent)}, {"path", l.path}, {"kind", to_name(kLayerKindNames, l.kind)}};
}

Json to_json(const ParameterRecord& p) {
  return {{"name", p.name},
          {"shape", p.shape},
          {"dtype", p.dtype},
          {"bytes", p.bytes},
          {"layer", static_cast<std::uint32_t>(p.layer)},
          {"trainable", p.trainable},
          {"shared_with", p.shared_with}};
}

Json to_json(const Mark& m) {
  return {{"time_ns", m.time_ns}, {"event", m.event}, {"phase", to_name(kPhaseNames, m.phase)}, {"step", m.step}};
}

Json to_json(const AllocatorStats& s) {
  return {{"peak_allocated_bytes", s.peak_allocated_bytes},
          {"peak_requested_bytes", s.peak_requested_bytes},
          {"peak_reserved_bytes", s.peak_reserved_bytes},
          {"final_allocated_bytes", s.final_allocated_bytes},
          {"final_reserved_bytes", s.final_reserved_bytes}};
}

Json to_json(const ClosedForm& c) {
  return {{"quantity", c.quantity}, {"layer", c.layer}, {"formula", c.formula}, {"bytes", c.bytes}};
}

void check_schema(const Node& node) {
  const std::string schema = node.reader.string("schema");
  if (schema == kRecordingSchema) return;
  const std::string_view family = kRecordingSchema.substr(0, kRecordingSchema.find('/') + 1);
  const std::string_view number = std::string_view(schema).substr(std::min(family.size(), schema.size()));
  int version = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), version);
  const bool newer = schema.starts_with(family) && parsed.ptr == number.data() + number.size() && version > 1;
  if (newer)
    node.reader.fail("schema", fmt::format("at most {}: a newer version of Headroom wrote it", kRecordingSchema));
  node.reader.fail("schema", kRecordingSchema);
}

Environment read_environment(const Node& node) {
  Environment e;
  e.headroom_version = node.text("headroom_version");
  e.torch_version = node.text("torch_version");
  e.cuda_version = node.text("cuda_version");
  e.driver_version = node.text("driver_version");
  e.device_kind = named_member(node.reader, kDeviceKindNames, "device_kind", node.where);
  e.device_name = node.text("device_name");
  e.compute_capability = node.text("compute_capability");
  e.device_total_bytes = node.bytes("device_total_bytes");
  e.allocator_settings = node.text("allocator_settings");
  return e;
}

Outcome read_outcome(const Node& node) {
  Outcome o;
  o.kind = named_member(node.reader, kOutcomeNames, "kind", node.where);
  o.message = node.text("message");
  o.failed_request_bytes = node.bytes("failed_request_bytes");
  o.free_bytes = node.bytes("free_bytes");
  o.allocated_bytes = node.bytes("allocated_bytes");
  o.reserved_bytes = node.bytes("reserved_bytes");
  o.phase = node.text("phase");
  o.layer = node.text("layer");
  return o;
}

ModelSummary read_model(const Node& node) {
  ModelSummary m;
  m.name = node.text("name");
  m.attention = node.text("attention");
  m.config = node.reader.member("config");
  if (!m.config.is_object()) node.reader.fail("config", "an object");
  m.parameter_count = node.bytes("parameter_count");
  m.attention_parameter_count = node.bytes("attention_parameter_count");
  m.kv_cache_bytes_per_token = node.bytes("kv_cache_bytes_per_token");
  return m;
}

// Parents come before their children, so ids that only point back make a tree.
void read_layers(const Node& node, std::vector<Layer>& layers) {
  read_list(node, "layers", layers, [&](const Json& json, const std::string& where) {
    const Node item(json, where);
    const auto id = static_cast<std::int64_t>(layers.size());
    Layer layer;
    layer.id = static_cast<LayerId>(id);
    layer.parent = static_cast<LayerId>(item.reader.integer("parent", 0, std::max<std::int64_t>(0, id - 1)));
    layer.path = item.reader.string("path");
    layer.kind = named_member(item.reader, kLayerKindNames, "kind", where);
    return layer;
  });
}

ParameterRecord read_parameter(const Node& node, std::size_t layer_count) {
  ParameterRecord p;
  p.name = node.reader.string("name");
  read_list(node, "shape", p.shape, read_extent);
  p.dtype = node.reader.string("dtype");
  p.bytes = node.reader.integer("bytes", 0, kMax);
  p.layer = static_cast<LayerId>(node.reader.integer("layer", 0, static_cast<std::int64_t>(layer_count) - 1));
  p.trainable = node.reader.boolean_or("trainable", true);
  p.shared_with = node.text("shared_with");
  return p;
}

Mark read_mark(const Node& node, std::int64_t event_count) {
  Mark m;
  m.time_ns = node.reader.integer("time_ns", kMin, kMax);
  m.event = node.reader.integer("event", 0, event_count);
  m.phase = named_member(node.reader, kPhaseNames, "phase", node.where);
  m.step = static_cast<std::int32_t>(node.reader.integer("step", 0, kMaxStep));
  return m;
}

AllocatorStats read_stats(const Node& node) {
  AllocatorStats s;
  s.peak_allocated_bytes = node.bytes("peak_allocated_bytes");
  s.peak_requested_bytes = node.bytes("peak_requested_bytes");
  s.peak_reserved_bytes = node.bytes("peak_reserved_bytes");
  s.final_allocated_bytes = node.bytes("final_allocated_bytes");
  s.final_reserved_bytes = node.bytes("final_reserved_bytes");
  return s;
}

ClosedForm read_closed_form(const Node& node) {
  return {node.reader.string("quantity"), node.reader.string("layer"), node.text("formula"),
          node.reader.integer("bytes", kMin, kMax)};
}

}  // namespace

Json environment_document(const Environment& environment) { return to_json(environment); }
Json outcome_document(const Outcome& outcome) { return to_json(outcome); }
Environment parse_environment(const Json& json, const std::string& where) { return read_environment(Node(json, where)); }
Outcome parse_outcome(const Json& json, const std::string& where) { return read_outcome(Node(json, where)); }

Json recording_document(const Recording& r) {
  const auto item = [](const auto& value) { return to_json(value); };
  Json document = {{"schema", kRecordingSchema},
          {"spec", to_json(r.spec)},
          {"environment", to_json(r.environment)},
          {"outcome", to_json(r.outcome)},
          {"model", to_json(r.model)},
          {"layers", list(r.layers, item)},
          {"parameters", list(r.parameters, item)},
          {"marks", list(r.marks, item)},
          {"stats", to_json(r.stats)},
          {"closed_forms", list(r.closed_forms, item)},
          {"assumptions", r.assumptions},
          {"strings", r.strings},
          {"event_count", r.events.size()},
          {"dropped_event_count", r.dropped_event_count}};
  if (!r.replays.empty()) document["replays"] = list(r.replays, replay_document);
  if (const Json activity = activity_document(r.activity); !activity.is_null()) document["activity"] = activity;
  return document;
}

RecordingDocument parse_recording_document(const Json& json, const std::string& where) {
  const Node node(json, where);
  check_schema(node);
  RecordingDocument document;
  Recording& r = document.recording;
  document.event_count = node.reader.integer("event_count", 0, kMaxEvents);
  r.spec = run_spec_from_json(node.reader.member("spec"), where + ": spec");
  r.environment = read_environment(node.child("environment"));
  r.outcome = read_outcome(node.child("outcome"));
  r.model = read_model(node.child("model"));
  read_list(node, "strings", r.strings, read_text);
  if (r.strings.empty() || !r.strings.front().empty())
    node.reader.fail("strings", "an array whose first text is empty");
  read_layers(node, r.layers);
  if (r.layers.empty() && document.event_count > 0) node.reader.fail("layers", "at least the root");
  read_list(node, "parameters", r.parameters, [&](const Json& item, const std::string& place) {
    return read_parameter(Node(item, place), r.layers.size());
  });
  read_list(node, "marks", r.marks, [&](const Json& item, const std::string& place) {
    return read_mark(Node(item, place), document.event_count);
  });
  r.stats = read_stats(node.child("stats"));
  read_list(node, "closed_forms", r.closed_forms,
            [](const Json& item, const std::string& place) { return read_closed_form(Node(item, place)); });
  read_list(node, "assumptions", r.assumptions, read_text);
  r.dropped_event_count = node.reader.integer_or("dropped_event_count", 0, 0, kMax);
  if (node.reader.has("replays")) read_list(node, "replays", r.replays, parse_replay);
  if (node.reader.has("activity"))
    document.activity_count = parse_activity(node.reader.member("activity"), document.event_count, r.layers.size(),
                                             where + ": activity", r.activity);
  return document;
}

}  // namespace headroom
