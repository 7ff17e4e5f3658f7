#include "tests/tracing/double/device.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>

namespace headroom::testing {
namespace {

struct Length {
  CUpti_ActivityKind kind;
  std::array<std::size_t, 5> bytes;  // of 12.9, 13.0, 13.1, 13.3, 13.5
};

constexpr std::array kLengths{Length{CUPTI_ACTIVITY_KIND_MEMCPY, {96, 96, 96, 96, 112}},
                              Length{CUPTI_ACTIVITY_KIND_MEMSET, {88, 88, 88, 88, 104}},
                              Length{CUPTI_ACTIVITY_KIND_KERNEL, {208, 216, 224, 232, 248}},
                              Length{CUPTI_ACTIVITY_KIND_DRIVER, {40, 40, 40, 40, 40}},
                              Length{CUPTI_ACTIVITY_KIND_RUNTIME, {40, 40, 40, 40, 40}},
                              Length{CUPTI_ACTIVITY_KIND_DEVICE, {184, 184, 184, 184, 184}},
                              Length{CUPTI_ACTIVITY_KIND_CONTEXT, {32, 32, 40, 40, 40}},
                              Length{CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, {208, 216, 224, 232, 248}},
                              Length{CUPTI_ACTIVITY_KIND_NAME, {32, 32, 32, 32, 32}},
                              Length{CUPTI_ACTIVITY_KIND_MARKER, {56, 56, 56, 56, 56}},
                              Length{CUPTI_ACTIVITY_KIND_OVERHEAD, {56, 56, 56, 56, 56}},
                              Length{CUPTI_ACTIVITY_KIND_MEMCPY2, {96, 96, 96, 96, 96}},
                              Length{CUPTI_ACTIVITY_KIND_STREAM, {24, 24, 24, 24, 24}},
                              Length{CUPTI_ACTIVITY_KIND_SYNCHRONIZATION, {56, 56, 56, 56, 56}},
                              Length{CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION, {24, 24, 24, 24, 24}},
                              Length{CUPTI_ACTIVITY_KIND_MEMORY2, {128, 128, 128, 128, 128}},
                              Length{CUPTI_ACTIVITY_KIND_MEMORY_POOL, {72, 80, 80, 80, 80}},
                              Length{CUPTI_ACTIVITY_KIND_GRAPH_TRACE, {56, 56, 56, 56, 56}},
                              Length{CUPTI_ACTIVITY_KIND_JIT, {72, 72, 72, 72, 72}}};

std::size_t column(std::uint32_t version) {
  constexpr std::array<std::uint32_t, 5> first{0, 130000, 130100, 130300, 130500};
  return static_cast<std::size_t>(std::prev(std::upper_bound(first.begin(), first.end(), version)) - first.begin());
}

[[noreturn]] void misused(const char* how) {
  std::fprintf(stderr, "the CUPTI double was misused: %s\n", how);
  std::abort();
}

}  // namespace

std::size_t stride(std::uint32_t version, CUpti_ActivityKind kind) {
  for (const auto& length : kLengths)
    if (length.kind == kind) return length.bytes[column(version)];
  return 0;
}

void Recorder::reset() {
  wait_for_worker();
  const std::lock_guard lock(mutex);
  for (auto& [thread, buffer] : open_) delete buffer;
  for (Buffer* buffer : full_) delete buffer;
  open_.clear();
  full_.clear();
  running_.clear();
  given_.clear();
  request_ = nullptr;
  complete_ = nullptr;
  dropped_ = 0;
  version = 130001;
  keep = expect_zeroed = false;
}

void Recorder::set_callbacks(CUpti_BuffersCallbackRequestFunc requested, CUpti_BuffersCallbackCompleteFunc completed) {
  const std::lock_guard lock(mutex);
  request_ = requested;
  complete_ = completed;
}

Recorder::Buffer* Recorder::request() {
  std::uint8_t* data = nullptr;
  std::size_t size = 0, records = 1;
  if (request_) request_(&data, &size, &records);
  if (!data) return nullptr;
  if (reinterpret_cast<std::uintptr_t>(data) % 8 != 0) misused("a buffer is not aligned");
  if (records != 0) misused("a buffer is limited in records");
  if (!given_.insert(data).second) misused("a buffer was given that the library holds already");
  if (expect_zeroed && std::any_of(data, data + size, [](std::uint8_t byte) { return byte != 0; }))
    misused("a buffer is not zeroed");
  return new Buffer{data, size};
}

std::uint8_t* Recorder::append(const void* record, std::size_t bytes) {
  const std::lock_guard lock(mutex);
  CUpti_ActivityKind kind{};
  std::memcpy(&kind, record, sizeof(kind));
  const std::size_t known = stride(version, kind), length = known ? known : bytes;
  Buffer*& buffer = open_[std::this_thread::get_id()];
  if (buffer && buffer->used + length > buffer->size) {
    full_.push_back(buffer);
    buffer = nullptr;
    give_back_full();
  }
  if (!buffer) buffer = request();
  if (!buffer || buffer->size < length) {
    ++dropped_;
    return nullptr;
  }
  std::uint8_t* at = buffer->data + buffer->used;
  std::memset(at, 0, length);
  std::memcpy(at, record, std::min(length, bytes));
  buffer->used += length;
  return at;
}

void Recorder::append_running(const void* record, std::size_t bytes, std::size_t start_at, std::size_t end_at) {
  const std::lock_guard lock(mutex);
  std::uint8_t* at = append(record, bytes);
  if (!at) return;
  Buffer* buffer = open_[std::this_thread::get_id()];
  ++buffer->running;
  running_.push_back({buffer, at + start_at, at + end_at});
}

void Recorder::finish_running(std::uint64_t start, std::uint64_t end) {
  const std::lock_guard lock(mutex);
  for (const auto& kernel : running_) {
    std::memcpy(kernel.start, &start, sizeof(start));
    std::memcpy(kernel.end, &end, sizeof(end));
    --kernel.buffer->running;
  }
  running_.clear();
}

// What is complete of the buffers that nobody writes into any more.
void Recorder::give_back_full() {
  if (keep) return;
  std::erase_if(full_, [&](Buffer* buffer) {
    if (buffer->running > 0) return false;
    close(buffer);
    return true;
  });
}

// The last record's end is that of what is valid. With the lock held: the buffer goes to the worker.
void Recorder::close(Buffer* buffer) {
  given_.erase(buffer->data);
  {
    const std::lock_guard lock(queue_mutex_);
    if (!worker_started_) std::thread([this] { work(); }).detach();
    worker_started_ = true;
    queue_.push_front({buffer->data, buffer->size, buffer->used});  // newest first: no order is promised
  }
  queue_changed_.notify_one();
  delete buffer;
}

void Recorder::work() {
  std::unique_lock lock(queue_mutex_);
  while (true) {
    queue_changed_.wait(lock, [&] { return !queue_.empty(); });
    const Completed completed = queue_.front();
    queue_.pop_front();
    working_ = true;
    lock.unlock();
    CUpti_BuffersCallbackCompleteFunc complete = nullptr;
    {
      const std::lock_guard own(mutex);
      complete = complete_;
    }
    if (complete) complete(nullptr, 0, completed.data, completed.size, completed.valid);
    lock.lock();
    working_ = false;
    queue_done_.notify_all();
  }
}

void Recorder::wait_for_worker() {
  std::unique_lock lock(queue_mutex_);
  queue_done_.wait(lock, [&] { return queue_.empty() && !working_; });
}

void Recorder::flush(bool forced) {
  {
    const std::lock_guard lock(mutex);
    for (auto& [thread, buffer] : open_)
      if (buffer && (forced || buffer->running == 0)) full_.push_back(std::exchange(buffer, nullptr));
    if (forced) finish_running(0, 0);
    give_back_full();
  }
  wait_for_worker();
}

void Recorder::deliver(const std::function<std::size_t(std::uint8_t*, std::size_t)>& fill) {
  {
    const std::lock_guard lock(mutex);
    Buffer* buffer = request();
    if (!buffer) {
      ++dropped_;
      return;
    }
    buffer->used = fill(buffer->data, buffer->size);
    close(buffer);
  }
  wait_for_worker();
}

void Recorder::complete_unknown() {
  static std::array<std::uint8_t, 64> never_given{};
  complete_(nullptr, 0, never_given.data(), never_given.size(), never_given.size());
}

std::size_t Recorder::take_dropped() {
  const std::lock_guard lock(mutex);
  return std::exchange(dropped_, 0);
}

void Recorder::drop(std::size_t count) {
  const std::lock_guard lock(mutex);
  dropped_ += count;
}

std::size_t Recorder::held() const {
  const std::lock_guard lock(mutex);
  return given_.size();
}

}  // namespace headroom::testing
