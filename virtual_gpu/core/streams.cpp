#include "virtual_gpu/core/streams.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "virtual_gpu/core/capture.h"
#include "virtual_gpu/core/clock.h"
#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/telling.h"
#include "virtual_gpu/core/timeline.h"

namespace headroom::virtual_gpu {
namespace {

struct Streams {
  HandlePool<Stream> pool;
  std::array<Stream*, kMostDevices> legacy{};
  std::vector<Stream*> alive;  // all of them, destroyed ones with pending work too
  std::array<int, kMostDevices> blocking_count{};
  std::uint64_t last_id = 0;
};

Streams& streams() {
  static Streams& singleton = *new Streams;
  return singleton;
}

void note_blocking(const Stream& stream, int change) {
  if (!stream.blocking()) return;
  streams().blocking_count[stream.device] += change;
  if (Stream* legacy = streams().legacy[stream.device]) update_special(*legacy);
}

Stream* add_stream(int device, unsigned flags, int priority, bool legacy) {
  Stream* stream = streams().pool.create();
  stream->id = ++streams().last_id;
  stream->device = device;
  stream->flags = flags;
  stream->priority = std::clamp(priority, kHighestPriority, kLowestPriority);
  stream->legacy = legacy;
  streams().alive.push_back(stream);
  note_blocking(*stream, 1);
  update_special(*stream);
  return stream;
}

Stream* legacy_stream(int device) {
  static std::array<std::atomic<Stream*>, kMostDevices> known{};
  if (Stream* stream = known[device].load(std::memory_order_acquire)) return stream;
  const std::lock_guard lock(timeline_mutex());
  Stream*& stream = streams().legacy[device];
  if (stream == nullptr) stream = add_stream(device, cudaStreamDefault, 0, true);
  known[device].store(stream, std::memory_order_release);
  return stream;
}

void retire(Stream* stream) {
  std::erase(streams().alive, stream);
  streams().pool.destroy(stream);
}

// In delayed mode the work of a destroyed stream may still be pending: it goes once that is done.
void remove(Stream* stream) {
  note_blocking(*stream, -1);
  stream->flags = cudaStreamNonBlocking;
  stream->alive_mark = 0;
  if (moment_due(moment_on(*stream))) retire(stream);
}

struct ThreadStreams {
  std::array<Stream*, kMostDevices> by_device{};
  ~ThreadStreams() {
    const std::lock_guard lock(timeline_mutex());
    for (Stream* stream : by_device)
      if (stream != nullptr) remove(stream);
  }
};

Stream* per_thread_stream(int device) {
  thread_local ThreadStreams own;
  Stream*& stream = own.by_device[device];
  if (stream == nullptr) {
    const std::lock_guard lock(timeline_mutex());
    stream = add_stream(device, cudaStreamDefault, 0, false);
    stream->per_thread = true;
  }
  return stream;
}

template <class Body>
cudaError_t with_stream(cudaStream_t handle, Body body) {
  Stream* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  const std::lock_guard lock(timeline_mutex());
  return body(*stream);
}

cudaError_t check_attribute(int attribute) {
  switch (attribute) {
    case cudaLaunchAttributeAccessPolicyWindow:
    case cudaLaunchAttributeSynchronizationPolicy:
    case cudaLaunchAttributePriority:
    case cudaLaunchAttributeMemSyncDomainMap:
    case cudaLaunchAttributeMemSyncDomain:
      return cudaSuccess;
    default:
      return cudaErrorInvalidValue;
  }
}

}  // namespace

std::mutex& timeline_mutex() {
  static std::mutex& mutex = *new std::mutex;
  return mutex;
}

Stream* find_stream(cudaStream_t handle) {
  if (handle == nullptr || handle == cudaStreamLegacy) return legacy_stream(current_device());
  if (handle == cudaStreamPerThread) return per_thread_stream(current_device());
  return live<Stream>(handle);
}

Stream* stream_by_id(std::uint64_t id) {
  for (Stream* stream : streams().alive)
    if (stream->id == id) return stream;
  return nullptr;
}

void update_special(Stream& stream) {
  const bool ordered = stream.legacy ? streams().blocking_count[stream.device] > 0 : stream.blocking();
  stream.special = stream.capture != nullptr || ordered;
}

void order_against_legacy(Stream& stream) {
  if (stream.blocking()) {
    if (Stream* legacy = streams().legacy[stream.device]) wait_on(stream, moment_on(*legacy), legacy->seen);
    return;
  }
  if (!stream.legacy) return;
  for (Stream* other : streams().alive)
    if (other->device == stream.device && other->blocking() && other->capture == nullptr)
      wait_on(stream, moment_on(*other), other->seen);
}

cudaError_t create_stream(cudaStream_t* out, unsigned flags, int priority) {
  const cudaError_t status = make_stream(out, flags, priority);
  if (status == cudaSuccess) tell_stream(*out);
  return status;
}

cudaError_t make_stream(cudaStream_t* out, unsigned flags, int priority) {
  if (out == nullptr || flags > cudaStreamNonBlocking) return cudaErrorInvalidValue;
  assume(
      configuration().delayed_events
          ? "work stays pending until the host waits: memory used on several streams is free again at the latest moment"
          : "work is done when it is submitted: memory used on several streams is free again at the earliest moment");
  const std::lock_guard lock(timeline_mutex());
  *out = reinterpret_cast<cudaStream_t>(add_stream(current_device(), flags, priority, false));
  return cudaSuccess;
}

cudaError_t destroy_stream(cudaStream_t handle) {
  if (handle == nullptr || handle == cudaStreamLegacy || handle == cudaStreamPerThread)
    return cudaErrorInvalidResourceHandle;
  return with_stream(handle, [](Stream& stream) {
    if (stream.capture != nullptr) abandon_captured_stream(stream);
    remove(&stream);
    return cudaSuccess;
  });
}

cudaError_t check_stream(cudaStream_t handle) {
  return find_stream(handle) != nullptr ? cudaSuccess : cudaErrorInvalidResourceHandle;
}

cudaError_t query_stream(cudaStream_t handle) {
  return with_stream(handle, [](Stream& stream) {
    if (const cudaError_t error = forbid_on_stream(stream)) return error;
    order_against_legacy(stream);
    return moment_due(moment_on(stream)) ? cudaSuccess : cudaErrorNotReady;
  });
}

cudaError_t synchronize_stream(cudaStream_t handle) {
  Moment moment;
  const cudaError_t error = with_stream(handle, [&](Stream& stream) {
    if (const cudaError_t refused = forbid_on_stream(stream)) return refused;
    order_against_legacy(stream);
    moment = moment_on(stream);
    return cudaSuccess;
  });
  if (error == cudaSuccess) host_wait(moment);
  return error;
}

cudaError_t synchronize_device(int device, Captures captures) {
  std::uint64_t latest_ns = 0;
  {
    const std::lock_guard lock(timeline_mutex());
    if (captures == Captures::forbidden)
      if (const cudaError_t error = forbid_on_device(device)) return error;
    const std::vector<Stream*> all = streams().alive;
    for (Stream* stream : all) {
      if (stream->device != device || stream->capture != nullptr) continue;
      complete(*stream, stream->submitted);
      latest_ns = std::max(latest_ns, stream->ready_ns.load());
      if (!stream->alive()) retire(stream);
    }
  }
  skip_to_ns(latest_ns);
  return cudaSuccess;
}

cudaError_t stream_priority(cudaStream_t handle, int* priority) {
  if (priority == nullptr) return cudaErrorInvalidValue;
  return with_stream(handle, [&](const Stream& stream) { return *priority = stream.priority, cudaSuccess; });
}

cudaError_t stream_flags(cudaStream_t handle, unsigned* flags) {
  if (flags == nullptr) return cudaErrorInvalidValue;
  return with_stream(handle, [&](const Stream& stream) { return *flags = stream.flags, cudaSuccess; });
}

cudaError_t stream_id(cudaStream_t handle, unsigned long long* id) {
  if (id == nullptr) return cudaErrorInvalidValue;
  return with_stream(handle, [&](const Stream& stream) { return *id = stream.id, cudaSuccess; });
}

cudaError_t stream_device(cudaStream_t handle, int* device) {
  if (device == nullptr) return cudaErrorInvalidValue;
  return with_stream(handle, [&](const Stream& stream) { return *device = stream.device, cudaSuccess; });
}

std::vector<LiveStream> live_streams() {
  std::vector<LiveStream> live;
  const std::lock_guard lock(timeline_mutex());
  for (const Stream* stream : streams().alive) {
    if (!stream->alive() || stream->per_thread) continue;
    const auto handle = stream->legacy ? nullptr : const_cast<Stream*>(stream);
    live.push_back(
        {stream->device, reinterpret_cast<cudaStream_t>(handle), stream->id, stream->priority, stream->flags});
  }
  return live;
}

cudaError_t get_stream_attribute(cudaStream_t handle, int attribute, cudaStreamAttrValue* value) {
  if (value == nullptr) return cudaErrorInvalidValue;
  if (const cudaError_t error = check_attribute(attribute)) return error;
  return with_stream(handle, [&](const Stream& stream) {
    *value = stream.attributes[attribute];
    if (attribute == cudaLaunchAttributePriority) value->priority = stream.priority;
    return cudaSuccess;
  });
}

cudaError_t set_stream_attribute(cudaStream_t handle, int attribute, const cudaStreamAttrValue* value) {
  if (value == nullptr) return cudaErrorInvalidValue;
  if (const cudaError_t error = check_attribute(attribute)) return error;
  return with_stream(handle, [&](Stream& stream) {
    stream.attributes[attribute] = *value;
    if (attribute == cudaLaunchAttributePriority)
      stream.priority = std::clamp(value->priority, kHighestPriority, kLowestPriority);
    return cudaSuccess;
  });
}

cudaError_t copy_stream_attributes(cudaStream_t target, cudaStream_t source) {
  const Stream* from = find_stream(source);
  if (from == nullptr) return cudaErrorInvalidResourceHandle;
  return with_stream(target, [&](Stream& to) {
    std::copy(std::begin(from->attributes), std::end(from->attributes), std::begin(to.attributes));
    to.priority = from->priority;
    return cudaSuccess;
  });
}

}  // namespace headroom::virtual_gpu
