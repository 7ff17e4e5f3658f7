#include "tracing/collector.h"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <tuple>
#include <utility>

#include "tracing/memory_ledger.h"
#include "tracing/session.h"

namespace headroom::tracing {
namespace {

constexpr auto kOurStack = CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM2;  // Kineto uses the other two

// Of the calling thread: what it works for, and what lies on CUPTI's stack because of it.
struct ThreadContext {
  std::uint64_t wanted = 0, pushed = 0;
  std::uint32_t session = 0;
};
thread_local ThreadContext thread_context;

std::atomic<std::uint32_t> session_number{0};  // of the running session; 0: none runs
std::atomic<const Api*> loaded_api{nullptr};
std::atomic<std::int64_t> failed_pushes{0};

// What CUPTI's callbacks hand to the reader. Never destroyed, as CUPTI may call at any time until the process ends; its
// mutex is held around no call of CUPTI.
struct Inbox {
  std::mutex mutex;
  std::vector<AllocationCall> calls;
  std::vector<std::unique_ptr<BufferPool>> pools;  // the last is in use, CUPTI may still hold buffers of the others
};

Inbox& inbox() {
  static auto* inbox = new Inbox;
  return *inbox;
}

BufferPool& pool() {
  const std::lock_guard lock(inbox().mutex);
  return *inbox().pools.back();
}

void CUPTIAPI on_request(std::uint8_t** buffer, std::size_t* size, std::size_t* max_records) {
  auto& buffers = pool();
  *buffer = buffers.request();
  *size = *buffer ? buffers.buffer_bytes() : 0;
  *max_records = 0;
}

void CUPTIAPI on_complete(CUcontext, std::uint32_t, std::uint8_t* buffer, std::size_t, std::size_t valid_bytes) {
  if (!buffer) return;
  const std::lock_guard lock(inbox().mutex);
  for (auto& buffers : inbox().pools)
    if (buffers->complete(buffer, valid_bytes)) return;
}

void CUPTIAPI on_call(void*, CUpti_CallbackDomain domain, CUpti_CallbackId id, const void* data) {
  const auto session = session_number.load(std::memory_order_relaxed);
  if (session == 0 || !data || (domain != CUPTI_CB_DOMAIN_RUNTIME_API && domain != CUPTI_CB_DOMAIN_DRIVER_API)) return;
  auto call = read_callback(session, domain, id, *static_cast<const CUpti_CallbackData*>(data));
  if (!call) return;
  call->context = thread_context.wanted;
  const std::lock_guard lock(inbox().mutex);
  inbox().calls.push_back(*call);
}

constexpr SessionCallbacks kCallbacks{on_call, on_request, on_complete};

// CUPTI does not survive a fork; the child is not traced.
void in_forked_child() { session_number.store(0, std::memory_order_relaxed); }

}  // namespace

struct Collector::State {
  // A row whose context is not known yet, and the buffers in which it could be.
  struct Waiting {
    TraceRow row;
    std::uint64_t horizon = 0;
  };
  struct Cause {
    std::uint64_t context = 0, call_start = 0;
  };

  CollectorOptions options;
  Library library;
  Session session;
  std::unique_ptr<RecordReader> reader;
  MemoryLedger ledger;
  RecentMap<std::uint32_t, Cause> causes;  // by correlation id
  std::vector<Waiting> waiting;
  Trace counts;  // without strings, shapes and rows
  std::vector<std::string> problems;
  bool started = false;
  bool told_failed_pushes = false, told_disagreements = false;
  pid_t process = 0;

  bool mine() const { return started && process == getpid(); }
  void begin(const CollectorOptions& wanted);
  bool begin_session();
  void end_session();
  void read_buffers();
  void settle(Trace& trace, bool last);
  bool settle(TraceRow& row, std::uint64_t horizon, bool last);
  void note_doubts();
  Trace take(bool last);

  Records records;  // of the drain at work
};

void Collector::State::begin(const CollectorOptions& wanted) {
  options = wanted;
  failed_pushes.store(0);
  library = load_library(options.library);
  problems = library.warnings;
  if (!library.handle) {
    problems = {library.problem};
    return;
  }
  loaded_api.store(&library.api, std::memory_order_release);
  {
    const std::lock_guard lock(inbox().mutex);
    inbox().calls.clear();
    inbox().pools.push_back(std::make_unique<BufferPool>(options.buffer_bytes, options.buffer_limit));
  }
  reader = std::make_unique<RecordReader>(library.api, library.is_virtual);
  started = begin_session();
  if (!started) read_buffers();  // frees what came with them
}

bool Collector::State::begin_session() {
  static std::uint32_t sessions = 0;
  if (!session.begin(library, options.level, kCallbacks, problems)) return false;
  session_number.store(++sessions, std::memory_order_release);
  return true;
}

void Collector::State::end_session() {
  session_number.store(0, std::memory_order_release);
  counts.dropped_count += session.take_dropped();
  session.end();
  counts.dropped_count += session.take_dropped();
}

void Collector::State::read_buffers() {
  auto& buffers = pool();
  auto filled = buffers.take_filled();
  records.clear();
  for (auto& buffer : filled) reader->read(buffer, records);
  buffers.recycle(filled);
  for (const auto& [correlation, context] : records.contexts) causes[correlation].context = context;
  for (const auto& [correlation, start] : records.call_starts) causes[correlation].call_start = start;
  counts.damaged_count += records.damaged;
  counts.unknown_count += records.unknown;
  counts.untimed_count += records.untimed;
}

// Whether all that can be known of the row is: its context, and the time of the call that stands in for a time of its
// own.
bool Collector::State::settle(TraceRow& row, std::uint64_t horizon, bool last) {
  const Cause* cause = row.correlation == 0 ? nullptr : causes.find(row.correlation);
  if (cause && row.context == 0) row.context = cause->context;
  if (cause && row.start_ns == 0) row.start_ns = cause->call_start;
  const bool known = row.correlation == 0 || (row.context != 0 && row.start_ns != 0);
  return known || last || pool().all_returned(horizon);
}

void Collector::State::settle(Trace& trace, bool last) {
  const auto horizon = pool().requested_count();
  for (const auto& row : records.rows) waiting.push_back({row, horizon});
  std::vector<AllocationCall> calls;
  {
    const std::lock_guard lock(inbox().mutex);
    calls.swap(inbox().calls);
  }
  ledger.add(std::move(calls), records.memory, horizon);
  const auto returned = [&](std::uint64_t count) { return pool().all_returned(count); };
  const auto device_of = [&](std::uint32_t context) { return reader->device_of(context); };
  for (const auto& row : ledger.settle(returned, device_of, last)) waiting.push_back({row, horizon});
  trace.rows.reserve(waiting.size());
  std::erase_if(waiting, [&](Waiting& entry) {
    if (!settle(entry.row, entry.horizon, last)) return false;
    trace.rows.push_back(entry.row);
    return true;
  });
  std::sort(trace.rows.begin(), trace.rows.end(), [](const auto& a, const auto& b) {
    return std::tie(a.start_ns, a.correlation, a.kind) < std::tie(b.start_ns, b.correlation, b.kind);
  });
}

void Collector::State::note_doubts() {
  const auto say_once = [&](bool& told, bool now, const char* problem) {
    if (now && !told) problems.push_back(problem);
    told = told || now;
  };
  say_once(told_failed_pushes, failed_pushes.load(std::memory_order_relaxed) > 0,
           "CUPTI did not take note of layers: kernels and calls belong to none.");
  say_once(told_disagreements, ledger.disagreements() > 0,
           "CUPTI's records and the calls that asked disagree on the size of memory; the calls' sizes are shown.");
}

Trace Collector::State::take(bool last) {
  if (!reader) return {};
  counts.dropped_count += session.running() ? session.take_dropped() : 0;
  read_buffers();
  Trace trace = counts;
  settle(trace, last);
  note_doubts();
  trace.strings = reader->strings();
  trace.shapes = reader->shapes();
  return trace;
}

Collector::Collector() : state_(std::make_unique<State>()) {}

Collector& Collector::start(const CollectorOptions& options) {
  static auto* collector = [] {
    pthread_atfork(nullptr, nullptr, in_forked_child);
    return new Collector;
  }();
  if (collector->state_->mine()) return *collector;
  collector->state_ = std::make_unique<State>();
  collector->state_->process = getpid();
  if (options.level != TraceLevel::none) collector->state_->begin(options);
  return *collector;
}

bool Collector::tracing() const { return state_->mine(); }

std::string Collector::tracer() const {
  return state_->reader && state_->library.handle ? library_name(state_->library) : "";
}

const std::vector<std::string>& Collector::problems() const { return state_->problems; }

void Collector::set_context(std::uint64_t context) {
  auto& thread = thread_context;
  thread.wanted = context;
  const auto session = session_number.load(std::memory_order_acquire);
  const auto wanted = session == 0 ? 0 : context;
  if (thread.pushed == wanted && (thread.session == session || wanted == 0)) return;
  const Api* api = loaded_api.load(std::memory_order_acquire);
  std::uint64_t popped = 0;
  if (thread.pushed != 0) api->cuptiActivityPopExternalCorrelationId(kOurStack, &popped);
  thread.pushed = 0;
  thread.session = session;
  if (wanted == 0) return;
  if (api->cuptiActivityPushExternalCorrelationId(kOurStack, wanted) == CUPTI_SUCCESS)
    thread.pushed = wanted;
  else
    failed_pushes.fetch_add(1, std::memory_order_relaxed);
}

Trace Collector::drain() {
  if (!state_->mine()) return {};
  state_->session.flush();
  return state_->take(false);
}

void Collector::pause() {
  if (state_->mine()) state_->end_session();
}

void Collector::resume() {
  if (state_->mine() && !state_->session.running()) state_->started = state_->begin_session();
}

Trace Collector::stop() {
  if (!state_->reader || state_->process != getpid()) return {};
  if (state_->session.running()) state_->end_session();
  state_->started = false;
  Trace trace = state_->take(true);
  trace.unreturned_count = pool().held_by_cupti();
  return trace;
}

std::int64_t Collector::peak_dram_bytes_per_second(int device) const {
  return state_->reader ? state_->reader->bandwidth(device) : 0;
}

}  // namespace headroom::tracing
