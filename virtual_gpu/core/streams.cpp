#include "virtual_gpu/core/streams.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "virtual_gpu/core/counters.h"

namespace headroom::virtual_gpu {
namespace {

constexpr std::uint32_t kLiveStream = 0x5354524d, kLiveEvent = 0x45564e54;

struct Stream {
  std::atomic<std::uint32_t> state{kLiveStream};
  unsigned flags = 0;
  int priority = 0;
};

struct Event {
  std::atomic<std::uint32_t> state{kLiveEvent};
  unsigned flags = 0;
  std::atomic<std::int64_t> recorded_ns{0};  // 0: not yet
};

// Keeps the last destroyed objects, so that the use of a stale handle is told apart from that of a live one.
template <class Object>
void retire(Object* object) {
  constexpr std::size_t kKept = 4096;
  static std::mutex& mutex = *new std::mutex;
  static auto& retired = *new std::deque<std::unique_ptr<Object>>;
  object->state = 0;
  const std::lock_guard lock(mutex);
  retired.emplace_back(object);
  if (retired.size() > kKept) retired.pop_front();
}

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1); }

bool built_in(cudaStream_t stream) {
  return stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread;
}

Stream* live(cudaStream_t handle) {
  auto* stream = reinterpret_cast<Stream*>(handle);
  return stream->state.load(std::memory_order_relaxed) == kLiveStream ? stream : nullptr;
}

Event* live(cudaEvent_t handle) {
  auto* event = reinterpret_cast<Event*>(handle);
  return event != nullptr && event->state.load(std::memory_order_relaxed) == kLiveEvent ? event : nullptr;
}

}  // namespace

cudaError_t create_stream(cudaStream_t* out, unsigned flags, int priority) {
  if (out == nullptr || flags > cudaStreamNonBlocking) return cudaErrorInvalidValue;
  assume("work is done when it is submitted: memory used on several streams is free again at the earliest moment");
  auto* stream = new Stream;
  stream->flags = flags;
  stream->priority = std::clamp(priority, kHighestPriority, kLowestPriority);
  *out = reinterpret_cast<cudaStream_t>(stream);
  return cudaSuccess;
}

cudaError_t destroy_stream(cudaStream_t handle) {
  if (built_in(handle)) return cudaErrorInvalidResourceHandle;
  Stream* stream = live(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  retire(stream);
  return cudaSuccess;
}

cudaError_t check_stream(cudaStream_t handle) {
  return built_in(handle) || live(handle) != nullptr ? cudaSuccess : cudaErrorInvalidResourceHandle;
}

cudaError_t stream_priority(cudaStream_t handle, int* priority) {
  if (const cudaError_t error = check_stream(handle)) return error;
  *priority = built_in(handle) ? 0 : live(handle)->priority;
  return cudaSuccess;
}

cudaError_t stream_flags(cudaStream_t handle, unsigned* flags) {
  if (const cudaError_t error = check_stream(handle)) return error;
  *flags = built_in(handle) ? cudaStreamDefault : live(handle)->flags;
  return cudaSuccess;
}

cudaError_t create_event(cudaEvent_t* out, unsigned flags) {
  if (out == nullptr) return cudaErrorInvalidValue;
  auto* event = new Event;
  event->flags = flags;
  *out = reinterpret_cast<cudaEvent_t>(event);
  return cudaSuccess;
}

cudaError_t destroy_event(cudaEvent_t handle) {
  Event* event = live(handle);
  if (event == nullptr) return cudaErrorInvalidResourceHandle;
  retire(event);
  return cudaSuccess;
}

cudaError_t check_event(cudaEvent_t handle) {
  return live(handle) != nullptr ? cudaSuccess : cudaErrorInvalidResourceHandle;
}

cudaError_t record_event(cudaEvent_t handle, cudaStream_t stream) {
  Event* event = live(handle);
  if (event == nullptr) return cudaErrorInvalidResourceHandle;
  if (const cudaError_t error = check_stream(stream)) return error;
  event->recorded_ns = now_ns();
  return cudaSuccess;
}

cudaError_t elapsed_milliseconds(float* out, cudaEvent_t start, cudaEvent_t end) {
  const Event *first = live(start), *second = live(end);
  if (first == nullptr || second == nullptr) return cudaErrorInvalidResourceHandle;
  if (((first->flags | second->flags) & cudaEventDisableTiming) != 0) return cudaErrorInvalidResourceHandle;
  if (first->recorded_ns == 0 || second->recorded_ns == 0) return cudaErrorInvalidResourceHandle;
  const auto nanoseconds = static_cast<float>(second->recorded_ns - first->recorded_ns);
  *out = nanoseconds > 0 ? nanoseconds * 1e-6F : 1e-6F;
  return cudaSuccess;
}

}  // namespace headroom::virtual_gpu
