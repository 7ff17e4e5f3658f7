// Buffers of activity records: asked of the tool when a thread has none with room, filled, given back.
//
// As in CUPTI the tool is asked while an internal lock is held, and gets its buffers back on a thread of ours that
// holds none. Records lie back to back from the beginning of a buffer. A record that finds no room is dropped and
// counted: when the tool declines, or gives a buffer that is misaligned or smaller than the record (which it gets back,
// empty).
#pragma once

#include <cupti_activity.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>

#include "virtual_gpu/libraries/cupti/timestamp.h"

namespace headroom::virtual_gpu::cupti {

struct Records {  // whole ones, back to back
  std::span<const std::byte> bytes;
  std::size_t count = 0;
};

struct Buffer {
  std::uint8_t* data = nullptr;
  std::size_t size = 0, used = 0;
  std::size_t records = 0, most_records = 0;  // 0: as many as have room
  CUpti_BuffersCallbackCompleteFunc completed = nullptr;

  bool takes(Records some) const;
  void append(Records some);
};

// The open buffer of a thread, or of all.
struct Slot {
  std::mutex mutex;
  Buffer buffer;
};

// Bytes of the record at `record`; 0 where no record of CUPTI begins.
std::size_t record_bytes(const std::byte* record);

class BufferQueue {
 public:
  // `lock` is held while the tool is asked for a buffer.
  BufferQueue(std::recursive_mutex& lock, const Clock& clock) : lock_(lock), clock_(clock) {}

  void set_callbacks(CUpti_BuffersCallbackRequestFunc requested, CUpti_BuffersCallbackCompleteFunc completed);
  bool has_callbacks() const { return requested_.load(std::memory_order_acquire) != nullptr; }
  void set_zeroing(bool zeroing) { zeroing_ = zeroing; }  // buffers are cleared before use

  // `records` are whole ones, back to back. The time that the tool took to give a buffer; 0 to 0 when it was not asked.
  Clock::Interval write(Slot& slot, std::span<const std::byte> records);

  void hand_over(Slot& slot);   // its buffer is complete
  void wait_until_delivered();  // everything that was handed over before
  std::size_t take_dropped() { return dropped_.exchange(0); }

 private:
  bool append(Slot& slot, Records some);
  Clock::Interval append_to_fresh(Slot& slot, Records record);
  Buffer request();
  void deliver(Buffer buffer);
  void deliver_for_ever();

  std::recursive_mutex& lock_;
  const Clock& clock_;
  std::atomic<CUpti_BuffersCallbackRequestFunc> requested_{nullptr};
  std::atomic<CUpti_BuffersCallbackCompleteFunc> completed_{nullptr};
  std::atomic<bool> zeroing_{true};
  std::atomic<std::size_t> dropped_{0};

  std::mutex queue_mutex_;
  std::condition_variable queue_changed_, delivered_changed_;
  std::deque<Buffer> queue_;
  std::uint64_t handed_over_ = 0, delivered_ = 0;
  bool worker_started_ = false;
};

}  // namespace headroom::virtual_gpu::cupti
