// Perfetto's TracePackets, written one after another. Field numbers are those of Perfetto's perfetto_trace.proto.
//
// Each run is a packet sequence of its own: names and texts are sent once and then spoken of by number, and timestamps
// are the nanoseconds since the packet before, in a clock of the sequence that starts with the trace clock at 0.
#pragma once

#include <cstdint>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace headroom::perfetto {

enum class EventType : std::int32_t { slice_begin = 1, slice_end = 2, instant = 3, counter = 4 };

// A track in the interface: under its process, in the order of `rank`.
struct TrackInfo {
  std::uint64_t uuid = 0, parent = 0;
  std::string name, description;
  int rank = 0;
  bool counts_bytes = false;  // a counter
};

struct ProcessInfo {
  std::uint64_t uuid = 0;
  std::int32_t pid = 0;
  std::string name;
  std::vector<std::string> labels;
};

struct Argument {
  std::string_view name;
  std::int64_t number = 0;
  std::string_view text{};  // shown in place of the number where it is not empty
  bool is_address = false;  // the number
};

struct TrackEvent {
  EventType type{};
  std::uint64_t track = 0;
  std::string_view category{}, name{};
  std::int64_t value = 0;  // of a counter
  std::vector<std::uint64_t> flows_begun{}, flows_ended{};
  std::vector<Argument> arguments{};
};

class PacketWriter {
 public:
  // `sequence` from 1; no two of a trace have the same. Appends to `out`.
  PacketWriter(std::string& out, std::uint32_t sequence);

  void process(const ProcessInfo& info);
  void track(const TrackInfo& info);
  void event(std::int64_t time_ns, const TrackEvent& event);  // ascending in time

 private:
  // Numbers of texts that were sent; those of the packet at hand in `fresh`.
  struct Texts {
    std::unordered_map<std::string, std::uint64_t> numbers;
    std::vector<std::string> fresh;
    std::uint64_t first_fresh = 0;

    std::uint64_t number_of(std::string_view text);
  };

  template <class Fill>
  void packet(std::int64_t time_ns, bool needs_state, Fill fill);
  void argument(protozero::pbf_writer& event, const Argument& argument);
  void send_fresh(protozero::pbf_writer& interned, Texts& texts, std::uint32_t field);
  bool has_fresh() const;

  std::string& out_;
  std::uint32_t sequence_;
  std::int64_t last_time_ns_ = 0;
  Texts categories_, names_, argument_names_, argument_texts_;
};

}  // namespace headroom::perfetto
