#include "reports/perfetto_packets.h"

#include <algorithm>

#include "reports/text.h"

namespace headroom::perfetto {
namespace {

using protozero::pbf_writer;

constexpr std::uint32_t kBootTime = 6;          // Perfetto's trace clock
constexpr std::uint32_t kClockOfSequence = 64;  // the first of those that a sequence may define
constexpr std::uint32_t kStateCleared = 1, kNeedsState = 2;
constexpr std::uint32_t kBytes = 3;
constexpr std::uint32_t kExplicitOrder = 3;

namespace trace {
constexpr protozero::pbf_tag_type packet = 1;
}
namespace packet {
constexpr protozero::pbf_tag_type clock_snapshot = 6, timestamp = 8, sequence = 10, track_event = 11,
                                  interned_data = 12, sequence_flags = 13, defaults = 59, track_descriptor = 60,
                                  first_of_sequence = 87;
}
namespace clock_snapshot {
constexpr protozero::pbf_tag_type clock = 1, clock_id = 1, clock_timestamp = 2, clock_is_incremental = 3;
}
namespace defaults {
constexpr protozero::pbf_tag_type clock = 58;
}
namespace descriptor {
constexpr protozero::pbf_tag_type uuid = 1, name = 2, process = 3, parent = 5, counter = 8, child_order = 11, rank = 12,
                                  description = 14;
}
namespace process_descriptor {
constexpr protozero::pbf_tag_type pid = 1, name = 6, label = 8;
}
namespace counter_descriptor {
constexpr protozero::pbf_tag_type unit = 3;
}
namespace track_event {
constexpr protozero::pbf_tag_type category = 3, annotation = 4, type = 9, name = 10, track = 11, counter_value = 30,
                                  flow = 47, ended_flow = 48;
}
namespace annotation {
constexpr protozero::pbf_tag_type name = 1, number = 4, address = 7, text = 17;
}
namespace interned {
constexpr protozero::pbf_tag_type categories = 1, names = 2, argument_names = 3, argument_texts = 29;
constexpr protozero::pbf_tag_type entry_number = 1, entry_text = 2;
}  // namespace interned

void add_clock(pbf_writer& snapshot, std::uint32_t id, bool incremental) {
  pbf_writer clock(snapshot, clock_snapshot::clock);
  clock.add_uint32(clock_snapshot::clock_id, id);
  clock.add_uint64(clock_snapshot::clock_timestamp, 0);
  if (incremental) clock.add_bool(clock_snapshot::clock_is_incremental, true);
}

}  // namespace

PacketWriter::PacketWriter(std::string& out, std::uint32_t sequence) : out_(out), sequence_(sequence) {
  pbf_writer all(out_);
  pbf_writer first(all, trace::packet);
  first.add_uint32(packet::sequence, sequence_);
  first.add_uint32(packet::sequence_flags, kStateCleared);
  first.add_bool(packet::first_of_sequence, true);
  pbf_writer(first, packet::defaults).add_uint32(defaults::clock, kClockOfSequence);
  pbf_writer snapshot(first, packet::clock_snapshot);
  add_clock(snapshot, kBootTime, false);
  add_clock(snapshot, kClockOfSequence, true);
}

std::uint64_t PacketWriter::Texts::number_of(std::string_view text) {
  const auto [found, is_new] = numbers.try_emplace(std::string(text), numbers.size() + 1);
  if (is_new && fresh.empty()) first_fresh = found->second;
  if (is_new) fresh.push_back(printable(text));
  return found->second;
}

template <class Fill>
void PacketWriter::packet(std::int64_t time_ns, bool needs_state, Fill fill) {
  pbf_writer all(out_);
  pbf_writer packet(all, trace::packet);
  const std::int64_t passed = std::max<std::int64_t>(0, time_ns - last_time_ns_);
  last_time_ns_ += passed;
  packet.add_uint64(packet::timestamp, static_cast<std::uint64_t>(passed));
  packet.add_uint32(packet::sequence, sequence_);
  if (needs_state) packet.add_uint32(packet::sequence_flags, kNeedsState);
  fill(packet);
}

void PacketWriter::process(const ProcessInfo& info) {
  packet(last_time_ns_, false, [&](pbf_writer& packet) {
    pbf_writer track(packet, packet::track_descriptor);
    track.add_uint64(descriptor::uuid, info.uuid);
    track.add_enum(descriptor::child_order, kExplicitOrder);
    pbf_writer process(track, descriptor::process);
    process.add_int32(process_descriptor::pid, info.pid);
    process.add_string(process_descriptor::name, printable(info.name));
    for (const auto& label : info.labels) process.add_string(process_descriptor::label, printable(label));
  });
}

void PacketWriter::track(const TrackInfo& info) {
  packet(last_time_ns_, false, [&](pbf_writer& packet) {
    pbf_writer track(packet, packet::track_descriptor);
    track.add_uint64(descriptor::uuid, info.uuid);
    track.add_uint64(descriptor::parent, info.parent);
    track.add_string(descriptor::name, printable(info.name));
    track.add_int32(descriptor::rank, info.rank);
    if (!info.description.empty()) track.add_string(descriptor::description, printable(info.description));
    if (info.counts_bytes) pbf_writer(track, descriptor::counter).add_enum(counter_descriptor::unit, kBytes);
  });
}

void PacketWriter::argument(pbf_writer& event, const Argument& argument) {
  pbf_writer annotation(event, track_event::annotation);
  annotation.add_uint64(annotation::name, argument_names_.number_of(argument.name));
  if (!argument.text.empty())
    annotation.add_uint64(annotation::text, argument_texts_.number_of(argument.text));
  else if (argument.is_address)
    annotation.add_uint64(annotation::address, static_cast<std::uint64_t>(argument.number));
  else
    annotation.add_int64(annotation::number, argument.number);
}

bool PacketWriter::has_fresh() const {
  return !categories_.fresh.empty() || !names_.fresh.empty() || !argument_names_.fresh.empty() ||
         !argument_texts_.fresh.empty();
}

void PacketWriter::send_fresh(pbf_writer& data, Texts& texts, std::uint32_t field) {
  for (std::size_t i = 0; i < texts.fresh.size(); ++i) {
    pbf_writer entry(data, field);
    entry.add_uint64(interned::entry_number, texts.first_fresh + i);
    entry.add_string(interned::entry_text, texts.fresh[i]);
  }
  texts.fresh.clear();
}

void PacketWriter::event(std::int64_t time_ns, const TrackEvent& event) {
  packet(time_ns, true, [&](pbf_writer& packet) {
    {
      pbf_writer out(packet, packet::track_event);
      out.add_enum(track_event::type, static_cast<std::int32_t>(event.type));
      out.add_uint64(track_event::track, event.track);
      if (!event.category.empty()) out.add_uint64(track_event::category, categories_.number_of(event.category));
      if (!event.name.empty()) out.add_uint64(track_event::name, names_.number_of(event.name));
      if (event.type == EventType::counter) out.add_int64(track_event::counter_value, event.value);
      for (const auto flow : event.flows_begun) out.add_fixed64(track_event::flow, flow);
      for (const auto flow : event.flows_ended) out.add_fixed64(track_event::ended_flow, flow);
      for (const auto& each : event.arguments) argument(out, each);
    }
    if (!has_fresh()) return;
    pbf_writer data(packet, packet::interned_data);
    send_fresh(data, categories_, interned::categories);
    send_fresh(data, names_, interned::names);
    send_fresh(data, argument_names_, interned::argument_names);
    send_fresh(data, argument_texts_, interned::argument_texts);
  });
}

}  // namespace headroom::perfetto
