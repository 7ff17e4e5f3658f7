// DeviceActivity: what the driver saw of a run, as CUPTI tells it, joined to layers, phases and steps. Plain data.
//
// Units as in recording.h. Times are those of the recording (since the run's start), so activities and allocator events share
// one axis. Over a virtual GPU kernels have names, shapes and counts and no times: they were never executed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/names.h"
#include "recording/identifiers.h"

namespace headroom {

// memory: API calls and what they took from the driver. full: kernels, copies, sets, synchronization and overhead, too.
enum class TraceLevel : std::uint8_t { none, memory, full };

enum class ActivityKind : std::uint8_t { kernel, copy, set, memory, pool, call, synchronization, overhead, graph };
enum class CopyKind : std::uint8_t { other, host_to_device, device_to_host, device_to_device, host_to_host, peer_to_peer };
// `physical`: of cuMemCreate, what expandable segments are made of; the address is then the handle.
enum class MemoryKind : std::uint8_t { other, device, pinned, managed, pageable, array, device_static, managed_static, physical };
enum class MemoryOperation : std::uint8_t { allocate, release };
enum class PoolOperation : std::uint8_t { other, created, destroyed, trimmed };

inline constexpr std::array kTraceLevelNames{Named<TraceLevel>{TraceLevel::none, "none"},
                                             Named<TraceLevel>{TraceLevel::memory, "memory"},
                                             Named<TraceLevel>{TraceLevel::full, "full"}};
inline constexpr std::array kActivityKindNames{
    Named<ActivityKind>{ActivityKind::kernel, "kernel"}, Named<ActivityKind>{ActivityKind::copy, "copy"},
    Named<ActivityKind>{ActivityKind::set, "set"},       Named<ActivityKind>{ActivityKind::memory, "memory"},
    Named<ActivityKind>{ActivityKind::pool, "pool"},     Named<ActivityKind>{ActivityKind::call, "call"},
    Named<ActivityKind>{ActivityKind::synchronization, "synchronization"},
    Named<ActivityKind>{ActivityKind::overhead, "overhead"}, Named<ActivityKind>{ActivityKind::graph, "graph"}};
inline constexpr std::array kCopyKindNames{
    Named<CopyKind>{CopyKind::other, "other"},
    Named<CopyKind>{CopyKind::host_to_device, "host_to_device"},
    Named<CopyKind>{CopyKind::device_to_host, "device_to_host"},
    Named<CopyKind>{CopyKind::device_to_device, "device_to_device"},
    Named<CopyKind>{CopyKind::host_to_host, "host_to_host"},
    Named<CopyKind>{CopyKind::peer_to_peer, "peer_to_peer"}};
inline constexpr std::array kMemoryKindNames{
    Named<MemoryKind>{MemoryKind::other, "other"},       Named<MemoryKind>{MemoryKind::device, "device"},
    Named<MemoryKind>{MemoryKind::pinned, "pinned"},     Named<MemoryKind>{MemoryKind::managed, "managed"},
    Named<MemoryKind>{MemoryKind::pageable, "pageable"}, Named<MemoryKind>{MemoryKind::array, "array"},
    Named<MemoryKind>{MemoryKind::device_static, "device_static"},
    Named<MemoryKind>{MemoryKind::managed_static, "managed_static"},
    Named<MemoryKind>{MemoryKind::physical, "physical"}};

// How a kernel was launched; each distinct one once.
struct LaunchShape {
  std::array<std::uint32_t, 3> grid{}, block{};
  std::uint32_t registers_per_thread = 0;
  std::int64_t static_shared_bytes = 0, dynamic_shared_bytes = 0, local_bytes_per_thread = 0;

  bool operator==(const LaunchShape&) const = default;
};

inline constexpr std::int64_t kNoDuration = -1;
inline constexpr std::uint32_t kNoStream = 0xFFFFFFFF;

constexpr std::uint32_t memory_detail(MemoryKind kind, MemoryOperation operation) {
  return static_cast<std::uint32_t>(kind) * 2 + static_cast<std::uint32_t>(operation);
}
constexpr MemoryKind memory_kind_of(std::uint32_t detail) { return static_cast<MemoryKind>(detail / 2); }
constexpr MemoryOperation memory_operation_of(std::uint32_t detail) { return static_cast<MemoryOperation>(detail % 2); }

// One row per activity, columns of equal length, ascending in start_ns.
//            name                        detail                                   bytes             address
// kernel     its demangled name          index into DeviceActivity::shapes        0                 0
// copy       ""                          CopyKind                                 copied            0
// set        ""                          the value                                set               0
// memory     path of the shared object   MemoryKind * 2 + MemoryOperation         asked for         of the memory
//            that asked, or ""
// pool       ""                          PoolOperation                            the pool's size   of the pool
// call       "cudaMalloc"                its result: cudaError_t or CUresult      0                 0
// synchroni… "stream", "event", …        0                                        0                 0
// overhead   "module load", …            0                                        0                 0
// graph      ""                          the graph's id                           0                 0
struct Activities {
  std::vector<ActivityKind> kind;
  std::vector<std::int64_t> start_ns;
  std::vector<std::int64_t> duration_ns;    // kNoDuration: not known, or never executed
  std::vector<StringId> name;
  std::vector<std::uint32_t> detail;
  std::vector<std::int64_t> bytes;
  std::vector<std::uint64_t> address;
  std::vector<std::uint32_t> stream;        // kNoStream: on none
  std::vector<std::uint32_t> correlation;   // joins calls with what they caused; 0: none
  std::vector<std::uint32_t> thread;        // of calls, the system's number; else 0
  std::vector<LayerId> layer;
  std::vector<Phase> phase;
  std::vector<std::int32_t> step;

  std::size_t size() const { return kind.size(); }
};

// What the driver (cudaMemGetInfo; NVML before there is a context) said was used of the device, by everyone.
enum class SampleMoment : std::uint8_t {
  before_context, before_tracing, traced,  // traced: once tracing has begun, before the allocator's first segment
  reserved,                                // just after a segment that made the most reserved bytes so far
  phase, end
};
inline constexpr std::array kSampleMomentNames{
    Named<SampleMoment>{SampleMoment::before_context, "before_context"},
    Named<SampleMoment>{SampleMoment::before_tracing, "before_tracing"}, Named<SampleMoment>{SampleMoment::traced, "traced"},
    Named<SampleMoment>{SampleMoment::reserved, "reserved"},             Named<SampleMoment>{SampleMoment::phase, "phase"},
    Named<SampleMoment>{SampleMoment::end, "end"}};

struct DriverMemorySample {
  SampleMoment moment{};
  std::int64_t time_ns = 0;
  std::int64_t event = 0;        // allocator events before it
  std::int64_t used_bytes = 0, total_bytes = 0;
};

// DRAM traffic of a layer in a phase, all steps of the counted run, by the Range Profiler. Real devices only.
struct DramBytes {
  LayerId layer{};
  Phase phase{};
  std::int64_t read_bytes = 0, written_bytes = 0;
};

struct DeviceActivity {
  TraceLevel level = TraceLevel::none;      // what was traced
  std::string tracer;                       // "CUPTI 13.0 (130001)"; "CUPTI of the virtual GPU"; empty: none
  std::vector<std::string> problems;        // what was asked for and could not be done, why, and the remedy; plain sentences
  std::int64_t dropped_count = 0;           // records that CUPTI lost, or that found no room on the disk
  std::int64_t damaged_count = 0;           // buffers with a record that could not be read
  std::int64_t unknown_count = 0;           // records of kinds that nobody asked for
  std::int64_t outside_count = 0;           // records from before the start or after the end
  std::int64_t untimed_count = 0;           // kernels, copies and sets whose times CUPTI did not know
  std::int64_t unreturned_count = 0;        // buffers that CUPTI never gave back
  std::int64_t unmatched_count = 0;         // releases of memory not seen allocated, allocations of memory not seen released
  std::int64_t peak_dram_bytes_per_second = 0;  // of the device; 0: not known
  std::vector<LaunchShape> shapes;
  Activities activities;
  std::vector<DriverMemorySample> samples;
  std::vector<DramBytes> dram;
};

}  // namespace headroom
