#include "tracing/records.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace headroom::tracing {
namespace {

// The struct at `record`, if it lies within the buffer.
template <class Struct>
bool copy_out(const std::uint8_t* record, const std::uint8_t* end, Struct& into) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  if (static_cast<std::size_t>(end - record) < sizeof(Struct)) return false;
  std::memcpy(&into, record, sizeof(Struct));
  return true;
}

// An enumerator as a number: newer libraries have values that the header's type cannot hold.
template <class Struct>
std::uint32_t number_at(const Struct& record, std::size_t offset) {
  std::uint32_t value = 0;
  std::memcpy(&value, reinterpret_cast<const std::uint8_t*>(&record) + offset, sizeof(value));
  return value;
}
#define HEADROOM_NUMBER(record, member) number_at(record, offsetof(std::remove_cvref_t<decltype(record)>, member))

CopyKind copy_kind(std::uint8_t kind) {
  switch (kind) {
    case CUPTI_ACTIVITY_MEMCPY_KIND_HTOD:
    case CUPTI_ACTIVITY_MEMCPY_KIND_HTOA:
      return CopyKind::host_to_device;
    case CUPTI_ACTIVITY_MEMCPY_KIND_DTOH:
    case CUPTI_ACTIVITY_MEMCPY_KIND_ATOH:
      return CopyKind::device_to_host;
    case CUPTI_ACTIVITY_MEMCPY_KIND_ATOA:
    case CUPTI_ACTIVITY_MEMCPY_KIND_ATOD:
    case CUPTI_ACTIVITY_MEMCPY_KIND_DTOA:
    case CUPTI_ACTIVITY_MEMCPY_KIND_DTOD:
      return CopyKind::device_to_device;
    case CUPTI_ACTIVITY_MEMCPY_KIND_HTOH:
      return CopyKind::host_to_host;
    case CUPTI_ACTIVITY_MEMCPY_KIND_PTOP:
      return CopyKind::peer_to_peer;
    default:
      return CopyKind::other;
  }
}

MemoryKind memory_kind(std::uint32_t kind) {
  constexpr std::array kinds{MemoryKind::other,         MemoryKind::pageable,      MemoryKind::pinned,
                             MemoryKind::device,        MemoryKind::array,         MemoryKind::managed,
                             MemoryKind::device_static, MemoryKind::managed_static};
  return kind < kinds.size() ? kinds[kind] : MemoryKind::other;
}

PoolOperation pool_operation(std::uint32_t operation) {
  switch (operation) {
    case CUPTI_ACTIVITY_MEMORY_POOL_OPERATION_TYPE_CREATED:
      return PoolOperation::created;
    case CUPTI_ACTIVITY_MEMORY_POOL_OPERATION_TYPE_DESTROYED:
      return PoolOperation::destroyed;
    case CUPTI_ACTIVITY_MEMORY_POOL_OPERATION_TYPE_TRIMMED:
      return PoolOperation::trimmed;
    default:
      return PoolOperation::other;
  }
}

std::string_view synchronization_name(std::uint32_t type) {
  constexpr std::array<std::string_view, 5> names{"other", "event", "stream wait event", "stream", "context"};
  return type < names.size() ? names[type] : names[0];
}

std::string_view overhead_name(std::uint32_t kind) {
  constexpr std::array<std::string_view, 9> names{
      "other",         "buffer flush",        "instrumentation", "resource",      "module load",
      "function load", "command buffer full", "buffer request",  "unified memory"};
  if (kind == CUPTI_ACTIVITY_OVERHEAD_DRIVER_COMPILER) return "driver compiler";
  return kind >> 16 < names.size() && (kind & 0xFFFF) == 0 ? names[kind >> 16] : names[0];
}

// "cudaMalloc" of "cudaMalloc_v3020", "cuMemAlloc" of "cuMemAlloc_v2".
std::string_view without_version(std::string_view name) {
  const auto at = name.rfind("_v");
  if (at == std::string_view::npos || at + 2 == name.size()) return name;
  return name.find_first_not_of("0123456789", at + 2) == std::string_view::npos ? name.substr(0, at) : name;
}

std::int64_t signed_bytes(std::uint64_t bytes) { return static_cast<std::int64_t>(bytes & INT64_MAX); }

template <class Launch>
TraceRow row_of(ActivityKind kind, const Launch& record) {
  TraceRow row{.kind = kind};
  row.device = static_cast<std::int32_t>(record.deviceId);
  row.stream = record.streamId;
  row.correlation = record.correlationId;
  return row;
}

}  // namespace

std::size_t ShapeHash::operator()(const LaunchShape& shape) const {
  std::size_t hash = shape.registers_per_thread;
  const auto mix = [&](std::uint64_t value) { hash = (hash ^ value) * 0x9E3779B97F4A7C15 + (hash >> 29); };
  for (const auto& sizes : {shape.grid, shape.block})
    for (const auto size : sizes) mix(size);
  for (const auto bytes : {shape.static_shared_bytes, shape.dynamic_shared_bytes, shape.local_bytes_per_thread})
    mix(static_cast<std::uint64_t>(bytes));
  return hash;
}

void Records::clear() {
  rows.clear();
  memory.clear();
  contexts.clear();
  call_starts.clear();
  damaged = unknown = untimed = 0;
}

void RecordReader::read(BufferPool::Filled& buffer, Records& into) {
  const std::uint8_t* end = buffer.data + buffer.valid_bytes;
  const std::uint8_t* previous = nullptr;
  CUpti_Activity* record = nullptr;
  while (true) {
    const auto result = api_.cuptiActivityGetNextRecord(buffer.data, buffer.valid_bytes, &record);
    if (result == CUPTI_ERROR_MAX_LIMIT_REACHED) break;
    const auto* at = reinterpret_cast<const std::uint8_t*>(record);
    const bool inside = at && at >= buffer.data && at < end && (!previous || at > previous);
    if (result != CUPTI_SUCCESS || !inside || !read_record(at, end, into)) {
      buffer.damaged = true;
      break;
    }
    previous = at;
  }
  if (buffer.damaged) ++into.damaged;
}

bool RecordReader::read_record(const std::uint8_t* record, const std::uint8_t* end, Records& into) {
  // Reads the record as a Struct and hands it on; false where the buffer ends within it.
  const auto as = [&]<class Struct>(Struct value, const auto& use) {
    return copy_out(record, end, value) && (use(value), true);
  };
  std::uint32_t kind = 0;
  if (!copy_out(record, end, kind)) return false;
  switch (kind) {
    case CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION:
      return as(CUpti_ActivityExternalCorrelation{}, [&](const auto& r) {
        if (HEADROOM_NUMBER(r, externalKind) == CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM2)
          into.contexts.push_back({r.correlationId + 0, r.externalId + 0});
      });
    case CUPTI_ACTIVITY_KIND_RUNTIME:
    case CUPTI_ACTIVITY_KIND_DRIVER:
      return as(CUpti_ActivityAPI{}, [&](const auto& r) { add_call(r, into); });
    case CUPTI_ACTIVITY_KIND_MEMORY2:
      return as(CUpti_ActivityMemory4{}, [&](const auto& r) { add_memory(r, into); });
    case CUPTI_ACTIVITY_KIND_MEMORY_POOL:
      return as(CUpti_ActivityMemoryPool2{}, [&](const auto& r) {
        TraceRow row{
            .kind = ActivityKind::pool, .device = static_cast<std::int32_t>(r.deviceId), .start_ns = r.timestamp};
        row.end_ns = r.timestamp;
        row.detail = static_cast<std::uint32_t>(pool_operation(HEADROOM_NUMBER(r, memoryPoolOperationType)));
        row.bytes = signed_bytes(r.size);
        row.address = r.address;
        row.correlation = r.correlationId;
        pool_bytes_[row.address] = r.size;
        into.rows.push_back(row);
      });
    case CUPTI_ACTIVITY_KIND_KERNEL:
    case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL:
      return as(CUpti_ActivityKernel9{}, [&](const auto& r) { add_kernel(r, into); });
    case CUPTI_ACTIVITY_KIND_MEMCPY:
      return as(CUpti_ActivityMemcpy5{}, [&](const auto& r) {
        TraceRow row = row_of(ActivityKind::copy, r);
        row.detail = static_cast<std::uint32_t>(copy_kind(r.copyKind));
        row.bytes = signed_bytes(r.bytes);
        note_graph(r, into);
        add_timed(row, r.start, r.end, into);
      });
    case CUPTI_ACTIVITY_KIND_MEMCPY2:
      return as(CUpti_ActivityMemcpyPtoP4{}, [&](const auto& r) {
        TraceRow row = row_of(ActivityKind::copy, r);
        row.detail = static_cast<std::uint32_t>(CopyKind::peer_to_peer);
        row.bytes = signed_bytes(r.bytes);
        note_graph(r, into);
        add_timed(row, r.start, r.end, into);
      });
    case CUPTI_ACTIVITY_KIND_MEMSET:
      return as(CUpti_ActivityMemset4{}, [&](const auto& r) {
        TraceRow row = row_of(ActivityKind::set, r);
        row.detail = r.value;
        row.bytes = signed_bytes(r.bytes);
        note_graph(r, into);
        add_timed(row, r.start, r.end, into);
      });
    case CUPTI_ACTIVITY_KIND_SYNCHRONIZATION:
      return as(CUpti_ActivitySynchronization2{}, [&](const auto& r) {
        TraceRow row{.kind = ActivityKind::synchronization, .device = std::max(0, device_of(r.contextId))};
        row.start_ns = r.start;
        row.end_ns = r.end;
        row.name = string(synchronization_name(HEADROOM_NUMBER(r, type)));
        row.stream = r.streamId;
        row.correlation = r.correlationId;
        into.rows.push_back(row);
      });
    case CUPTI_ACTIVITY_KIND_GRAPH_TRACE:
      return as(CUpti_ActivityGraphTrace2{}, [&](const auto& r) {
        TraceRow row = row_of(ActivityKind::graph, r);
        row.detail = r.graphId;
        row.start_ns = r.start;
        row.end_ns = never_executed_ ? 0 : r.end;
        into.rows.push_back(row);
      });
    case CUPTI_ACTIVITY_KIND_OVERHEAD:
      return as(CUpti_ActivityOverhead3{}, [&](const auto& r) { add_overhead(r, into); });
    case CUPTI_ACTIVITY_KIND_DEVICE:
      return as(CUpti_ActivityDevice5{}, [&](const auto& r) { add_device(r); });
    case CUPTI_ACTIVITY_KIND_CONTEXT:
      return as(CUpti_ActivityContext{}, [&](const auto& r) { devices_[+r.contextId] = static_cast<int>(r.deviceId); });
    default:
      ++into.unknown;
      return true;
  }
}

void RecordReader::add_kernel(const CUpti_ActivityKernel9& kernel, Records& into) {
  TraceRow row = row_of(ActivityKind::kernel, kernel);
  row.name = kernel_name(kernel.name);
  const auto size = [](std::int32_t value) { return static_cast<std::uint32_t>(value); };
  row.detail = shape({.grid = {size(kernel.gridX), size(kernel.gridY), size(kernel.gridZ)},
                      .block = {size(kernel.blockX), size(kernel.blockY), size(kernel.blockZ)},
                      .registers_per_thread = kernel.registersPerThread,
                      .static_shared_bytes = kernel.staticSharedMemory,
                      .dynamic_shared_bytes = kernel.dynamicSharedMemory,
                      .local_bytes_per_thread = kernel.localMemoryPerThread});
  devices_[+kernel.contextId] = row.device;
  note_graph(kernel, into);
  add_timed(row, kernel.start, kernel.end, into);
}

void RecordReader::add_timed(TraceRow row, std::uint64_t start, std::uint64_t end, Records& into) {
  const bool timed = start != 0 && end != 0 && end >= start;
  row.start_ns = timed || never_executed_ ? start : 0;
  row.end_ns = timed && !never_executed_ ? end : 0;
  if (!timed && !never_executed_) ++into.untimed;
  into.rows.push_back(row);
}

template <class Node>
void RecordReader::note_graph(const Node& node, Records& into) {
  if (node.graphId == 0 || node.correlationId == 0 || graph_launches_.find(node.correlationId)) return;
  graph_launches_[node.correlationId] = true;
  TraceRow row = row_of(ActivityKind::graph, node);
  row.detail = node.graphId;
  row.start_ns = node.start;
  into.rows.push_back(row);
}

void RecordReader::add_memory(const CUpti_ActivityMemory4& memory, Records& into) {
  MemoryRecord record;
  const bool released = HEADROOM_NUMBER(memory, memoryOperationType) == CUPTI_ACTIVITY_MEMORY_OPERATION_TYPE_RELEASE;
  record.operation = released ? MemoryOperation::release : MemoryOperation::allocate;
  record.kind = memory_kind(HEADROOM_NUMBER(memory, memoryKind));
  record.asynchronous = memory.isAsync != 0;
  record.correlation = memory.correlationId;
  record.stream = memory.streamId;
  record.device = static_cast<int>(memory.deviceId);
  record.address = memory.address;
  record.bytes = memory.bytes;
  record.time_ns = memory.timestamp;
  if (memory.source) record.source = string(memory.source);
  if (memory.contextId != kNoStream) devices_[+memory.contextId] = record.device;
  if (record.asynchronous) note_pool(memory, into);
  into.memory.push_back(record);
}

// A pool's growth has no record of its own: it shows in the next allocation from it.
void RecordReader::note_pool(const CUpti_ActivityMemory4& memory, Records& into) {
  const auto& pool = memory.memoryPoolConfig;
  if (HEADROOM_NUMBER(pool, memoryPoolType) != CUPTI_ACTIVITY_MEMORY_POOL_TYPE_LOCAL) return;
  std::uint64_t& known = pool_bytes_[+pool.address];
  if (known == pool.pool.size) return;
  known = pool.pool.size;
  TraceRow row{
      .kind = ActivityKind::pool, .device = static_cast<std::int32_t>(memory.deviceId), .start_ns = memory.timestamp};
  row.end_ns = memory.timestamp;
  row.detail = static_cast<std::uint32_t>(PoolOperation::other);
  row.bytes = signed_bytes(known);
  row.address = pool.address;
  row.correlation = memory.correlationId;
  into.rows.push_back(row);
}

void RecordReader::add_call(const CUpti_ActivityAPI& call, Records& into) {
  TraceRow row{.kind = ActivityKind::call, .start_ns = call.start, .end_ns = call.end};
  row.name = call_name(
      call.kind == CUPTI_ACTIVITY_KIND_RUNTIME ? CUPTI_CB_DOMAIN_RUNTIME_API : CUPTI_CB_DOMAIN_DRIVER_API, call.cbid);
  row.detail = call.returnValue;
  row.correlation = call.correlationId;
  row.thread = call.threadId;
  into.call_starts.push_back({row.correlation, row.start_ns});
  into.rows.push_back(row);
}

void RecordReader::add_overhead(const CUpti_ActivityOverhead3& overhead, Records& into) {
  std::free(overhead.overheadData);
  TraceRow row{.kind = ActivityKind::overhead, .start_ns = overhead.start, .end_ns = overhead.end};
  row.name = string(overhead_name(HEADROOM_NUMBER(overhead, overheadKind)));
  row.correlation = overhead.correlationId;
  into.rows.push_back(row);
}

void RecordReader::add_device(const CUpti_ActivityDevice5& device) {
  std::free(const_cast<char*>(device.name));
  constexpr std::uint64_t kBytes = 1000;  // CUPTI counts in kB/s
  const std::uint64_t known = device.globalMemoryBandwidth;
  if (known <= INT64_MAX / kBytes) bandwidths_[static_cast<int>(device.id)] = static_cast<std::int64_t>(known * kBytes);
}

std::int64_t RecordReader::bandwidth(int device) const {
  const auto found = bandwidths_.find(device);
  return found == bandwidths_.end() ? 0 : found->second;
}

int RecordReader::device_of(std::uint32_t cuda_context) const {
  const auto found = devices_.find(cuda_context);
  return found == devices_.end() ? -1 : found->second;
}

std::uint32_t RecordReader::string(std::string_view text) {
  if (const auto found = string_ids_.find(text); found != string_ids_.end()) return found->second;
  const auto id = static_cast<std::uint32_t>(strings_.size());
  string_ids_.emplace(text, id);
  strings_.emplace_back(text);
  return id;
}

std::uint32_t RecordReader::kernel_name(const char* mangled) {
  if (!mangled) return 0;
  if (const auto found = kernel_names_.find(std::string_view(mangled)); found != kernel_names_.end())
    return found->second;
  int status = 0;
  char* demangled = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  const auto id = string(status == 0 && demangled ? demangled : mangled);
  std::free(demangled);
  return kernel_names_[mangled] = id;
}

std::uint32_t RecordReader::call_name(CUpti_CallbackDomain domain, CUpti_CallbackId id) {
  const std::uint64_t key = static_cast<std::uint64_t>(domain) << 32 | id;
  if (const auto found = call_names_.find(key); found != call_names_.end()) return found->second;
  const char* name = nullptr;
  const bool known = api_.cuptiGetCallbackName && api_.cuptiGetCallbackName(domain, id, &name) == CUPTI_SUCCESS && name;
  const char* api = domain == CUPTI_CB_DOMAIN_RUNTIME_API ? "runtime" : "driver";
  return call_names_[key] = string(known ? std::string(without_version(name)) : fmt::format("{} call {}", api, id));
}

std::uint32_t RecordReader::shape(const LaunchShape& shape) {
  const auto [at, added] = shape_ids_.try_emplace(shape, static_cast<std::uint32_t>(shapes_.size()));
  if (added) shapes_.push_back(shape);
  return at->second;
}

}  // namespace headroom::tracing
