// CUPTI's activity records as rows. A record is read by the oldest layout of its kind: newer libraries only append to
// it, and how long it is, only CUPTI knows (cuptiActivityGetNextRecord).
//
// Nothing points into a buffer afterwards, strings are copied, and what CUPTI leaves to us is freed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tracing/api.h"
#include "tracing/buffers.h"
#include "tracing/collector.h"
#include "tracing/recent_map.h"

namespace headroom::tracing {

// MEMORY2: the cross-check of allocation_calls.h, and who asked.
struct MemoryRecord {
  MemoryOperation operation{};
  MemoryKind kind{};
  bool asynchronous = false;
  std::uint32_t correlation = 0, stream = kNoStream;
  int device = 0;
  std::uint64_t address = 0, bytes = 0, time_ns = 0;
  std::uint32_t source = 0;  // index into the strings
};

struct Records {
  std::vector<TraceRow> rows;  // without contexts
  std::vector<MemoryRecord> memory;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> contexts;     // correlation, what was pushed
  std::vector<std::pair<std::uint32_t, std::uint64_t>> call_starts;  // correlation, time
  std::int64_t damaged = 0, unknown = 0, untimed = 0;

  void clear();  // keeps its memory
};

struct ShapeHash {
  std::size_t operator()(const LaunchShape& shape) const;
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

class RecordReader {
 public:
  // With `never_executed`, kernels, copies and sets have no end: the device is a virtual one.
  RecordReader(const Api& api, bool never_executed) : api_(api), never_executed_(never_executed) {}

  void read(BufferPool::Filled& buffer, Records& into);  // may find the buffer damaged

  const std::vector<std::string>& strings() const { return strings_; }
  const std::vector<LaunchShape>& shapes() const { return shapes_; }
  std::int64_t bandwidth(int device) const;         // bytes per second, 0: not known
  int device_of(std::uint32_t cuda_context) const;  // -1: not known yet

 private:
  bool read_record(const std::uint8_t* record, const std::uint8_t* end, Records& into);
  void add_kernel(const CUpti_ActivityKernel9& kernel, Records& into);
  void add_memory(const CUpti_ActivityMemory4& memory, Records& into);
  void add_call(const CUpti_ActivityAPI& call, Records& into);
  void add_overhead(const CUpti_ActivityOverhead3& overhead, Records& into);
  void add_device(const CUpti_ActivityDevice5& device);
  void add_timed(TraceRow row, std::uint64_t start, std::uint64_t end, Records& into);
  void note_pool(const CUpti_ActivityMemory4& memory, Records& into);
  template <class Node>
  void note_graph(const Node& node, Records& into);  // a row for each launch of a graph, at the first of its nodes seen
  std::uint32_t string(std::string_view text);
  std::uint32_t kernel_name(const char* mangled);
  std::uint32_t call_name(CUpti_CallbackDomain domain, CUpti_CallbackId id);
  std::uint32_t shape(const LaunchShape& shape);

  const Api& api_;
  const bool never_executed_;
  std::vector<std::string> strings_{""};
  using Ids = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;
  Ids string_ids_{{"", 0}}, kernel_names_;
  std::unordered_map<std::uint64_t, std::uint32_t> call_names_;
  std::vector<LaunchShape> shapes_;
  std::unordered_map<LaunchShape, std::uint32_t, ShapeHash> shape_ids_;
  std::unordered_map<std::uint32_t, int> devices_;               // of CUDA contexts
  std::unordered_map<std::uint64_t, std::uint64_t> pool_bytes_;  // by address
  std::unordered_map<int, std::int64_t> bandwidths_;
  RecentMap<std::uint32_t, bool> graph_launches_;
};

}  // namespace headroom::tracing
