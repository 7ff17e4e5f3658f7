// A small tool of CUPTI for tests: gives buffers, keeps what comes back, and reads the records of it.
#pragma once

#include <cupti_activity.h>
#include <cupti_callbacks.h>
#include <cupti_version.h>
#include <gmock/gmock.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "virtual_gpu/core/activity.h"

namespace headroom::virtual_gpu::testing_support {

#define EXPECT_CUPTI(call) EXPECT_EQ(static_cast<CUptiResult>(call), CUPTI_SUCCESS)

// One at a time, as CUPTI has one tool. Everything is off again when it goes.
class Tool {
 public:
  struct Given {
    std::uint8_t* data = nullptr;
    std::size_t size = 0, valid = 0;
    std::thread::id thread;
  };

  explicit Tool(std::size_t buffer_bytes = 64 << 10) : buffer_bytes_(buffer_bytes) {
    current = this;
    EXPECT_CUPTI(cuptiActivityRegisterCallbacks(requested, completed));
  }
  ~Tool() {
    for (int kind = 1; kind < CUPTI_ACTIVITY_KIND_COUNT; ++kind)
      cuptiActivityDisable(static_cast<CUpti_ActivityKind>(kind));
    cuptiActivityFlushAll(1);
    current = nullptr;
    for (const Given& given : back_) std::free(given.data);
  }

  void enable(std::initializer_list<CUpti_ActivityKind> kinds) {
    for (const CUpti_ActivityKind kind : kinds) EXPECT_CUPTI(cuptiActivityEnable(kind));
  }

  // Flushes, and reads all records that came back so far, by CUPTI's own walk.
  std::vector<const CUpti_Activity*> records() {
    EXPECT_CUPTI(cuptiActivityFlushAll(0));
    std::vector<const CUpti_Activity*> found;
    for (const Given& given : back()) {
      CUpti_Activity* record = nullptr;
      std::size_t used = 0;
      while (cuptiActivityGetNextRecord(given.data, given.valid, &record) == CUPTI_SUCCESS) {
        found.push_back(record);
        used = static_cast<std::size_t>(reinterpret_cast<std::uint8_t*>(record) - given.data);
      }
      EXPECT_TRUE(given.valid == 0 || used < given.valid);
    }
    return found;
  }

  template <class Record>
  std::vector<const Record*> of(CUpti_ActivityKind kind) {
    std::vector<const Record*> found;
    for (const CUpti_Activity* record : records())
      if (record->kind == kind) found.push_back(reinterpret_cast<const Record*>(record));
    return found;
  }

  std::vector<int> kinds() {
    std::vector<int> found;
    for (const CUpti_Activity* record : records()) found.push_back(record->kind);
    return found;
  }

  std::vector<Given> back() {
    const std::lock_guard lock(mutex_);
    return back_;
  }

  std::atomic<int> asked{0};
  std::atomic<bool> declines{false};
  std::size_t misalign = 0, most_records = 0;
  void (*when_asked)() = nullptr;
  void (*when_back)() = nullptr;

 private:
  static inline std::atomic<Tool*> current{nullptr};

  static void CUPTIAPI requested(std::uint8_t** buffer, std::size_t* size, std::size_t* most_records) {
    Tool& tool = *current;
    ++tool.asked;
    if (tool.when_asked != nullptr) tool.when_asked();
    *buffer = nullptr;
    if (tool.declines) return;
    *buffer = static_cast<std::uint8_t*>(std::aligned_alloc(64, (tool.buffer_bytes_ + 127) / 64 * 64)) + tool.misalign;
    std::memset(*buffer, 0xee, tool.buffer_bytes_);
    *size = tool.buffer_bytes_;
    *most_records = tool.most_records;
  }

  static void CUPTIAPI completed(CUcontext context, std::uint32_t, std::uint8_t* buffer, std::size_t size,
                                 std::size_t valid) {
    Tool& tool = *current;
    EXPECT_EQ(context, nullptr);
    if (tool.when_back != nullptr) tool.when_back();
    const std::lock_guard lock(tool.mutex_);
    tool.back_.push_back({buffer - tool.misalign, size, valid, std::this_thread::get_id()});
  }

  const std::size_t buffer_bytes_;
  std::mutex mutex_;
  std::vector<Given> back_;
};

// A call of the program as the runtime tells it, from its construction to its end.
class DrivenCall {
 public:
  explicit DrivenCall(std::uint32_t function_id, CallDomain domain = CallDomain::runtime, int result = 0) {
    call_.domain = domain;
    call_.function_id = function_id;
    call_.correlation_id = ++last_id;
    call_.begin_ns = 1000 * call_.correlation_id;
    call_.end_ns = call_.begin_ns + 7;
    call_.result = result;
    if (listener_ != nullptr) listener_->on_call_begin(call_);
  }
  ~DrivenCall() {
    if (listener_ != nullptr) listener_->on_call_end(call_);
  }
  std::uint32_t id() const { return call_.correlation_id; }

 private:
  static inline std::atomic<std::uint32_t> last_id{1'000'000};
  ActivityListener* const listener_ = activity_listener();
  Call call_;
};

}  // namespace headroom::virtual_gpu::testing_support
