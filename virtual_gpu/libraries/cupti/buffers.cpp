#include "virtual_gpu/libraries/cupti/buffers.h"

#include <signal.h>

#include <cstring>
#include <iterator>
#include <thread>
#include <utility>

#include "cupti_record_types.h"

namespace headroom::virtual_gpu::cupti {
namespace {

constexpr std::size_t kAlignment = 8;

thread_local bool is_worker = false, is_requesting = false;

std::size_t count(std::span<const std::byte> records) {
  std::size_t number = 0;
  for (; !records.empty(); ++number) records = records.subspan(record_bytes(records.data()));
  return number;
}

// Signals of the program are for its own threads.
template <class Work>
void start_thread(Work work) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread(work).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

bool Buffer::takes(Records some) const {
  return data != nullptr && reinterpret_cast<std::uintptr_t>(data) % kAlignment == 0 &&
         some.bytes.size() <= size - used && (most_records == 0 || records + some.count <= most_records);
}

void Buffer::append(Records some) {
  std::memcpy(data + used, some.bytes.data(), some.bytes.size());
  used += some.bytes.size();
  records += some.count;
}

std::size_t record_bytes(const std::byte* record) {
  CUpti_ActivityKind kind{};
  std::memcpy(&kind, record, sizeof kind);
  const auto number = static_cast<std::uint32_t>(kind);
  return number < std::size(kKindFacts) ? kKindFacts[number].record_bytes : 0;
}

void BufferQueue::set_callbacks(CUpti_BuffersCallbackRequestFunc requested,
                                CUpti_BuffersCallbackCompleteFunc completed) {
  completed_ = completed;
  requested_ = requested;
}

Clock::Interval BufferQueue::write(Slot& slot, std::span<const std::byte> records) {
  if (append(slot, {records, count(records)})) return {};
  Clock::Interval asking;
  while (!records.empty()) {
    const Records record{records.first(record_bytes(records.data())), 1};
    if (!append(slot, record)) {
      const Clock::Interval time = append_to_fresh(slot, record);
      if (asking.start == 0) asking = time;
    }
    records = records.subspan(record.bytes.size());
  }
  return asking;
}

bool BufferQueue::append(Slot& slot, Records some) {
  const std::lock_guard lock(slot.mutex);
  if (!slot.buffer.takes(some)) return false;
  slot.buffer.append(some);
  return true;
}

Clock::Interval BufferQueue::append_to_fresh(Slot& slot, Records record) {
  if (is_requesting || !has_callbacks()) return ++dropped_, Clock::Interval{};
  const std::lock_guard lock(lock_);
  if (append(slot, record)) return {};
  hand_over(slot);
  Clock::Interval time{clock_.now(), 0};
  Buffer fresh = request();
  time.end = clock_.now();
  const bool taken = fresh.takes(record);
  if (taken)
    fresh.append(record);
  else
    ++dropped_;
  {
    const std::lock_guard slot_lock(slot.mutex);
    slot.buffer = fresh;
  }
  if (!taken) hand_over(slot);
  return time;
}

Buffer BufferQueue::request() {
  Buffer fresh;
  fresh.completed = completed_;
  is_requesting = true;
  requested_.load()(&fresh.data, &fresh.size, &fresh.most_records);
  is_requesting = false;
  if (fresh.data == nullptr) return {};
  if (zeroing_) std::memset(fresh.data, 0, fresh.size);
  return fresh;
}

void BufferQueue::hand_over(Slot& slot) {
  Buffer complete;
  {
    const std::lock_guard lock(slot.mutex);
    complete = std::exchange(slot.buffer, {});
  }
  if (complete.data == nullptr) return;
  const std::lock_guard lock(queue_mutex_);
  queue_.push_back(complete);
  ++handed_over_;
  if (!worker_started_) start_thread([this] { deliver_for_ever(); });
  worker_started_ = true;
  queue_changed_.notify_one();
}

void BufferQueue::deliver(Buffer buffer) { buffer.completed(nullptr, 0, buffer.data, buffer.size, buffer.used); }

void BufferQueue::deliver_for_ever() {
  is_worker = true;
  std::unique_lock lock(queue_mutex_);
  while (true) {
    queue_changed_.wait(lock, [this] { return !queue_.empty(); });
    const Buffer next = queue_.front();
    queue_.pop_front();
    lock.unlock();
    deliver(next);
    lock.lock();
    ++delivered_;
    delivered_changed_.notify_all();
  }
}

// On the worker itself, that is in the tool's callback, nobody else would deliver.
void BufferQueue::wait_until_delivered() {
  std::unique_lock lock(queue_mutex_);
  const std::uint64_t last = handed_over_;
  if (!is_worker) return delivered_changed_.wait(lock, [&] { return delivered_ >= last; });
  while (!queue_.empty()) {
    const Buffer next = queue_.front();
    queue_.pop_front();
    lock.unlock();
    deliver(next);
    lock.lock();
    ++delivered_;
  }
}

}  // namespace headroom::virtual_gpu::cupti
