#include "recording/replay.h"

#include "recording/document_node.h"
#include "recording/named_member.h"

namespace headroom {

std::int64_t saved_bytes(const AllocatorReplay& as_recorded, const AllocatorReplay& changed) {
  if (!as_recorded.faithful || changed.ran_out_of_memory) return 0;
  return as_recorded.peak_reserved_bytes - changed.peak_reserved_bytes;
}

Json replay_document(const AllocatorReplay& r) {
  return {{"label", r.label},
          {"change", to_name(kReplayChangeNames, r.change)},
          {"settings", r.settings},
          {"device", r.device},
          {"peak_allocated_bytes", r.peak_allocated_bytes},
          {"peak_requested_bytes", r.peak_requested_bytes},
          {"peak_reserved_bytes", r.peak_reserved_bytes},
          {"reserved_at_peak_bytes", r.reserved_at_peak_bytes},
          {"segment_count", r.segment_count},
          {"driver_call_count", r.driver_call_count},
          {"ran_out_of_memory", r.ran_out_of_memory},
          {"failed_event", r.failed_event},
          {"failed_request_bytes", r.failed_request_bytes},
          {"faithful", r.faithful},
          {"difference", r.difference}};
}

AllocatorReplay parse_replay(const Json& json, const std::string& where) {
  const document::Node node(json, where);
  AllocatorReplay r;
  r.label = node.reader.string("label");
  r.change = named_member(node.reader, kReplayChangeNames, "change", where);
  r.settings = node.text("settings");
  r.device = node.text("device");
  r.peak_allocated_bytes = node.bytes("peak_allocated_bytes");
  r.peak_requested_bytes = node.bytes("peak_requested_bytes");
  r.peak_reserved_bytes = node.bytes("peak_reserved_bytes");
  r.reserved_at_peak_bytes = node.bytes("reserved_at_peak_bytes");
  r.segment_count = node.bytes("segment_count");
  r.driver_call_count = node.bytes("driver_call_count");
  r.ran_out_of_memory = node.reader.boolean_or("ran_out_of_memory", false);
  r.failed_event = node.reader.integer_or("failed_event", -1, -1, document::kMax);
  r.failed_request_bytes = node.bytes("failed_request_bytes");
  r.faithful = node.reader.boolean_or("faithful", false);
  r.difference = node.text("difference");
  return r;
}

}  // namespace headroom
