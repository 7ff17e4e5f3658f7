// The half of the double that keeps records: buffers, who holds them, and the worker that gives them back.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/tracing/double/cupti_double.h"

namespace headroom::testing {

// Bytes of a record in a library of this version; 0: not a kind that records exist of.
std::size_t stride(std::uint32_t version, CUpti_ActivityKind kind);

class Recorder {
 public:
  using Kind = CUpti_ActivityKind;

  void reset();
  void set_callbacks(CUpti_BuffersCallbackRequestFunc requested, CUpti_BuffersCallbackCompleteFunc completed);
  // Appends `bytes` of a record, padded or cut to its kind's length, to the calling thread's buffer. Where it lies,
  // nullptr: lost.
  std::uint8_t* append(const void* record, std::size_t bytes);
  void append_running(const void* record, std::size_t bytes, std::size_t start_at, std::size_t end_at);
  void finish_running(std::uint64_t start, std::uint64_t end);
  void deliver(const std::function<std::size_t(std::uint8_t*, std::size_t)>& fill);
  void complete_unknown();
  void flush(bool forced);
  std::size_t take_dropped();
  void drop(std::size_t count);
  std::size_t held() const;

  std::uint32_t version = 130001;
  bool keep = false, expect_zeroed = false;

  // CUPTI's own lock: held while buffers are asked for, not while they are given back.
  mutable std::recursive_mutex mutex;

 private:
  struct Buffer {
    std::uint8_t* data = nullptr;
    std::size_t size = 0, used = 0;
    int running = 0;
  };
  struct Running {
    Buffer* buffer;
    std::uint8_t *start, *end;
  };
  struct Completed {
    std::uint8_t* data;
    std::size_t size, valid;
  };

  Buffer* request();
  void close(Buffer* buffer);
  void give_back_full();
  void work();
  void wait_for_worker();

  CUpti_BuffersCallbackRequestFunc request_ = nullptr;
  CUpti_BuffersCallbackCompleteFunc complete_ = nullptr;
  std::map<std::thread::id, Buffer*> open_;
  std::vector<Buffer*> full_;
  std::vector<Running> running_;
  std::set<std::uint8_t*> given_;
  std::size_t dropped_ = 0;

  std::mutex queue_mutex_;
  std::condition_variable queue_changed_, queue_done_;
  std::deque<Completed> queue_;
  bool working_ = false, worker_started_ = false;
};

}  // namespace headroom::testing
