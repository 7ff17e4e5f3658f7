// DeviceActivity -> DeviceWork: what the driver saw of a run, added up by layer and phase. Pure; one pass over the
// activities, memory by distinct kernels and places, not by launches.
//
// Counts, bytes and sums of times of `total` equal the sums over `cells`, over `phases` and over `layers`, exactly;
// those of a kernel equal the sums over its uses. `busy_ns` does not add up: it is the union of intervals, so that
// kernels side by side count once. Times are there on real devices only: elsewhere nothing was executed, and every time
// is 0.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "recording/recording.h"

namespace headroom {

struct Amount {
  std::int64_t count = 0, bytes = 0;
  bool operator==(const Amount&) const = default;
};

// timed_count of `count` activities have times; sum_ns and busy_ns are theirs.
struct Timed {
  std::int64_t count = 0, timed_count = 0, sum_ns = 0, busy_ns = 0;
  bool operator==(const Timed&) const = default;
};

struct Work {
  Timed kernels, copies, sets;
  std::array<Amount, kCopyKindNames.size()> copied{};  // by CopyKind
  std::int64_t set_bytes = 0;
  std::int64_t launch_count = 0;                        // calls that launch kernels or graphs and did not fail
  std::array<Amount, kMemoryKindNames.size()> taken{};  // asked of the driver, by MemoryKind: the first caller pays
  Timed synchronization, overhead;                      // the host's times
  std::int64_t graph_count = 0;
  std::int64_t dram_read_bytes = 0, dram_written_bytes = 0;
  std::int64_t dram_busy_ns = 0;  // busy time of kernels, added up over the layers and phases whose traffic was counted
  bool has_dram = false;  // the device's memory traffic was counted

  bool operator==(const Work&) const = default;
};

// Adds all but busy_ns.
Work& operator+=(Work& sum, const Work& part);

// Bytes a second of the device's memory while kernels ran: traffic / dram_busy_ns. Empty where the
// traffic was not counted or nothing has a time.
std::optional<double> achieved_bandwidth(const Work& work);

struct PlaceWork {
  LayerId layer{};
  Phase phase{};
  Work work;
};

struct PhaseWork {
  Phase phase{};
  Work work;
};

struct LayerWork {
  LayerId layer{};
  Work work;
};

struct KernelUse {
  std::uint32_t shape = 0;  // index into DeviceWork::shapes
  LayerId layer{};
  Phase phase{};
  std::int64_t count = 0, timed_count = 0, sum_ns = 0;
};

struct KernelRow {
  StringId name{};
  Timed work;
  std::vector<KernelUse> uses;  // by layer, phase, shape
};

// What asked the driver for memory, where it first did.
struct DriverMemory {
  StringId source{};  // path of the shared object; none: not known
  MemoryKind kind{};
  LayerId layer{};
  Phase phase{};
  bool pooled = false;  // stream-ordered, so out of a pool of the driver's
  Amount taken;         // bytes as asked for
  Amount returned;      // of these, by the end
};

struct LostRecords {
  std::int64_t dropped_count = 0, damaged_count = 0, unknown_count = 0, outside_count = 0, untimed_count = 0,
               unreturned_count = 0, unmatched_count = 0;
  bool any() const;
};

struct DeviceWork {
  TraceLevel level = TraceLevel::none;
  std::string tracer;
  std::vector<std::string> problems;
  LostRecords lost;
  bool timed = false;                           // a real device: times mean something
  std::int64_t peak_dram_bytes_per_second = 0;  // of the device; 0: not known
  Work total;
  std::vector<PlaceWork> cells;   // those with any work, by layer, then phase
  std::vector<PhaseWork> phases;  // likewise
  std::vector<LayerWork> layers;  // likewise, without the layers below
  std::vector<LaunchShape> shapes;
  std::vector<KernelRow> kernels;    // longest first, else most often launched first
  std::vector<DriverMemory> memory;  // most bytes first

  bool any() const;  // something was traced, or was to be
};

DeviceWork add_up_activity(const Recording& recording);

}  // namespace headroom
