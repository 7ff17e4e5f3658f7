// What CUPTI knows of each thread that calls CUDA: its buffer, its external correlation ids, the records of the call
// that it is in. A thread that ends leaves its state, with the buffer, to the next one that begins.
#pragma once

#include <cupti_activity.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "virtual_gpu/libraries/cupti/buffers.h"

namespace headroom::virtual_gpu::cupti {

struct ThreadState {
  Slot slot;
  std::array<std::uint32_t, CUPTI_ACTIVITY_THREAD_ID_TYPE_SIZE> ids{};
  std::array<std::vector<std::uint64_t>, CUPTI_EXTERNAL_CORRELATION_KIND_SIZE> external_ids;

  // Records wait here until the outermost call of the program is over, so that a call's own records come before those
  // of its work.
  std::vector<std::byte> waiting;
  int calls = 0;                          // in progress, one inside the other
  std::uint32_t call_correlation_id = 0;  // of the innermost
};

class ThreadStates {
 public:
  ThreadState& mine();

  template <class Visit>
  void each(Visit visit) {
    const std::lock_guard lock(mutex_);
    for (auto& state : all_) visit(*state);
  }

  void leave(ThreadState* state);

 private:
  ThreadState* adopt();

  std::mutex mutex_;
  std::vector<std::unique_ptr<ThreadState>> all_;
  std::vector<ThreadState*> left_;
};

}  // namespace headroom::virtual_gpu::cupti
