#include "virtual_gpu/libraries/cupti/listener.h"

#include <iterator>
#include <new>
#include <utility>

#include "virtual_gpu/core/context.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/streams.h"
#include "virtual_gpu/core/told_call.h"
#include "virtual_gpu/libraries/cupti/records.h"
#include "virtual_gpu/libraries/cupti/state.h"
#include "virtual_gpu/libraries/cupti/subscriber.h"

namespace headroom::virtual_gpu::cupti {
namespace {

// What a call keeps from its beginning to its end, in Call::kept: the place of its record among the waiting ones, and
// what the subscriber keeps. 0: the beginning was not told.
constexpr std::uint64_t kBegun = 1, kRecorded = 2;

template <class AnyRecord>
AnyRecord& wait_with(ThreadState& thread) {
  const std::size_t place = thread.waiting.size();
  thread.waiting.resize(place + sizeof(AnyRecord));
  return *new (thread.waiting.data() + place) AnyRecord{};
}

void record_request(State& all, ThreadState& thread, Clock::Interval time);

Slot& slot_of(State& all, ThreadState& thread) { return all.own_slots ? thread.slot : all.shared_slot; }

void write_waiting(State& all, ThreadState& thread) {
  if (thread.calls > 0 || thread.waiting.empty()) return;
  auto records = std::exchange(thread.waiting, {});  // the tool, asked for a buffer, may make calls
  const Clock::Interval asking = all.buffers.write(slot_of(all, thread), records);
  records.clear();
  if (thread.waiting.empty()) thread.waiting.swap(records);
  if (asking.start != 0 && all.on(CUPTI_ACTIVITY_KIND_OVERHEAD)) record_request(all, thread, asking);
}

// Of the call that the thread is in, recorded or not.
std::uint32_t open_call(const ThreadState& thread) {
  if (thread.call_correlation_id != 0) return thread.call_correlation_id;
  return told_call() == nullptr ? 0 : told_call()->correlation_id();
}

void fill_overhead(OverheadRecord& record, const ThreadState& thread, CUpti_ActivityOverheadKind kind,
                   Clock::Interval time) {
  record.kind = CUPTI_ACTIVITY_KIND_OVERHEAD;
  record.overheadKind = kind;
  record.objectKind = CUPTI_ACTIVITY_OBJECT_THREAD;
  record.objectId.pt.processId = process_id();
  record.objectId.pt.threadId = thread_id(thread);
  record.start = time.start;
  record.end = time.end;
  record.correlationId = open_call(thread);
}

void record_request(State& all, ThreadState& thread, Clock::Interval time) {
  fill_overhead(wait_with<OverheadRecord>(thread), thread, CUPTI_ACTIVITY_OVERHEAD_ACTIVITY_BUFFER_REQUEST, time);
  write_waiting(all, thread);
}

// One record for each kind of id that the thread is inside of.
void record_external_ids(ThreadState& thread, std::uint32_t correlation_id) {
  for (std::size_t kind = 0; kind < thread.external_ids.size(); ++kind) {
    if (thread.external_ids[kind].empty()) continue;
    auto& record = wait_with<ExternalRecord>(thread);
    record.kind = CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION;
    record.externalKind = static_cast<CUpti_ExternalCorrelationKind>(kind);
    record.externalId = thread.external_ids[kind].back();
    record.correlationId = correlation_id;
  }
}

// Its end and result come later.
std::uint64_t record_call(State& all, ThreadState& thread, const Call& call) {
  if (all.on(CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION)) record_external_ids(thread, call.correlation_id);
  auto& record = wait_with<ApiRecord>(thread);
  record.kind = call.domain == CallDomain::runtime ? CUPTI_ACTIVITY_KIND_RUNTIME : CUPTI_ACTIVITY_KIND_DRIVER;
  record.cbid = call.function_id;
  record.start = all.clock.own() ? all.clock.now() : call.begin_ns;
  record.processId = process_id();
  record.threadId = thread_id(thread);
  record.correlationId = call.correlation_id;
  return thread.waiting.size() - sizeof(ApiRecord);
}

class Listener : public ActivityListener {
 public:
  bool wants(CallDomain domain, std::uint32_t function_id) override {
    State& all = state();
    return all.functions_of(domain).has(function_id) || subscriber_hears(all, domain, function_id);
  }

  void on_call_begin(Call& call) override {
    State& all = state();
    ThreadState& thread = all.threads.mine();
    ++thread.calls;
    thread.call_correlation_id = call.correlation_id;
    call.kept[0] = kBegun;
    tell_subscriber(all, call, CUPTI_API_ENTER);
    if (all.functions_of(call.domain).has(call.function_id)) call.kept[0] = kRecorded + record_call(all, thread, call);
  }

  void on_call_end(Call& call) override {
    if (call.kept[0] == 0) return;
    State& all = state();
    ThreadState& thread = all.threads.mine();
    if (call.kept[0] >= kRecorded && call.kept[0] - kRecorded < thread.waiting.size()) {
      auto& record = *reinterpret_cast<ApiRecord*>(thread.waiting.data() + (call.kept[0] - kRecorded));
      record.end = all.clock.own() ? all.clock.now() : call.end_ns;
      record.returnValue = static_cast<std::uint32_t>(call.result);
    }
    tell_subscriber(all, call, CUPTI_API_EXIT);
    if (thread.calls > 0) --thread.calls;
    write_waiting(all, thread);
    if (thread.calls == 0) thread.call_correlation_id = 0;
  }

  void on_kernel(const KernelActivity& kernel) override {
    State& all = state();
    const bool concurrent = all.on(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
    if ((!concurrent && !all.on(CUPTI_ACTIVITY_KIND_KERNEL)) || told_by_graph(all, kernel.graph_id)) return;
    add<KernelRecord>(all, kernel, concurrent ? CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL : CUPTI_ACTIVITY_KIND_KERNEL,
                      all.clock);
  }

  void on_copy(const CopyActivity& copy) override {
    State& all = state();
    if (told_by_graph(all, copy.graph_id)) return;
    const bool between_peers = copy.source_device != copy.target_device;
    if (between_peers && all.on(CUPTI_ACTIVITY_KIND_MEMCPY2)) add<PeerCopyRecord>(all, copy, all.clock);
    if (!between_peers && all.on(CUPTI_ACTIVITY_KIND_MEMCPY)) add<CopyRecord>(all, copy, all.clock);
  }

  void on_set(const SetActivity& set) override {
    State& all = state();
    if (all.on(CUPTI_ACTIVITY_KIND_MEMSET) && !told_by_graph(all, set.graph_id)) add<SetRecord>(all, set, all.clock);
  }

  void on_memory(const MemoryActivity& memory) override {
    State& all = state();
    if (all.on(CUPTI_ACTIVITY_KIND_MEMORY2)) add<MemoryRecord>(all, memory, all.clock, all.allocation_source.load());
  }

  void on_pool(const PoolActivity& pool) override {
    State& all = state();
    if (all.on(CUPTI_ACTIVITY_KIND_MEMORY_POOL)) add<PoolRecord>(all, pool, all.clock);
  }

  void on_synchronization(const SynchronizationActivity& wait) override {
    State& all = state();
    if (all.on(CUPTI_ACTIVITY_KIND_SYNCHRONIZATION)) add<SynchronizationRecord>(all, wait, all.clock);
    tell_subscriber(all, wait);
  }

  void on_graph(const GraphActivity& graph) override {
    State& all = state();
    if (all.on(CUPTI_ACTIVITY_KIND_GRAPH_TRACE)) add<GraphRecord>(all, graph, all.clock);
  }

  void on_module(const ModuleActivity& module) override {
    State& all = state();
    ThreadState& thread = all.threads.mine();
    if (all.on(CUPTI_ACTIVITY_KIND_OVERHEAD)) {
      fill_overhead(wait_with<OverheadRecord>(thread), thread, CUPTI_ACTIVITY_OVERHEAD_RUNTIME_TRIGGERED_MODULE_LOADING,
                    all.clock.interval(module.start_ns, module.end_ns));
      write_waiting(all, thread);
    }
    tell_subscriber(all, module);
  }

  void on_context_created(int device) override {
    State& all = state();
    if (all.on(CUPTI_ACTIVITY_KIND_DEVICE) && !all.devices_told) record_devices();
    if (all.on(CUPTI_ACTIVITY_KIND_CONTEXT)) record_context(device);
    tell_subscriber_of_context(all, device);
  }

  void on_stream_created(const StreamActivity& stream) override {
    State& all = state();
    if (all.on(CUPTI_ACTIVITY_KIND_STREAM)) add<StreamRecord>(all, stream);
    tell_subscriber(all, stream);
  }

 private:
  // Graph-level records take the place of their nodes'.
  static bool told_by_graph(const State& all, std::uint32_t graph_id) {
    return graph_id != 0 && all.on(CUPTI_ACTIVITY_KIND_GRAPH_TRACE);
  }

  template <class AnyRecord, class Activity, class... More>
  static void add(State& all, const Activity& activity, const More&... more) {
    ThreadState& thread = all.threads.mine();
    fill(wait_with<AnyRecord>(thread), activity, more...);
    write_waiting(all, thread);
  }
};

}  // namespace

ActivityListener& listener() {
  static Listener& singleton = *new Listener;
  return singleton;
}

void record_context(int device) {
  State& all = state();
  ThreadState& thread = all.threads.mine();
  fill_context(wait_with<ContextRecord>(thread), device);
  write_waiting(all, thread);
}

void record_devices() {
  State& all = state();
  all.devices_told = true;
  ThreadState& thread = all.threads.mine();
  for (int device = 0; device < device_count(); ++device) fill_device(wait_with<DeviceRecord>(thread), device);
  write_waiting(all, thread);
}

void record_contexts() {
  for (int device = 0; device < device_count(); ++device)
    if (context_active(device)) record_context(device);
}

void record_streams() {
  State& all = state();
  ThreadState& thread = all.threads.mine();
  for (const LiveStream& live : live_streams()) {
    StreamActivity stream;
    stream.device = live.device;
    stream.stream = live.handle;
    stream.stream_id = static_cast<std::uint32_t>(live.id);
    stream.priority = live.priority;
    stream.flags = live.flags;
    fill(wait_with<StreamRecord>(thread), stream);
  }
  write_waiting(all, thread);
}

void record_flush(std::uint64_t start, std::uint64_t end) {
  State& all = state();
  ThreadState& thread = all.threads.mine();
  fill_overhead(wait_with<OverheadRecord>(thread), thread, CUPTI_ACTIVITY_OVERHEAD_CUPTI_BUFFER_FLUSH, {start, end});
}

}  // namespace headroom::virtual_gpu::cupti
