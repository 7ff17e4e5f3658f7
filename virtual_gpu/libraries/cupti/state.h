// All that a tool has asked of CUPTI in this process. Made at its first wish and never destroyed; a forked child begins
// anew.
//
// `mutex` is CUPTI's internal lock: it guards what is not atomic, and is held while the tool is asked for a buffer. It
// is recursive, since a tool may call CUPTI back from there. Recording takes it only for that.
#pragma once

#include <cupti_activity.h>
#include <cupti_callbacks.h>
#include <cupti_version.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "virtual_gpu/core/activity.h"
#include "virtual_gpu/libraries/cupti/buffers.h"
#include "virtual_gpu/libraries/cupti/thread_state.h"
#include "virtual_gpu/libraries/cupti/timestamp.h"

namespace headroom::virtual_gpu::cupti {

// A set of small numbers that any thread may ask.
template <std::size_t size>
class AtomicSet {
 public:
  bool has(std::uint32_t number) const {
    return number < size && (words_[number / 64].load(std::memory_order_relaxed) >> number % 64 & 1) != 0;
  }
  void put(std::uint32_t number, bool in) {
    const std::uint64_t bit = std::uint64_t{1} << number % 64;
    if (in)
      words_[number / 64].fetch_or(bit);
    else
      words_[number / 64].fetch_and(~bit);
  }
  void fill(bool in) {
    for (auto& word : words_) word = in ? ~std::uint64_t{0} : 0;
  }
  bool empty() const {
    for (const auto& word : words_)
      if (word != 0) return false;
    return true;
  }

 private:
  std::array<std::atomic<std::uint64_t>, (size + 63) / 64> words_{};
};

constexpr std::size_t kMostFunctions = 2048;
using FunctionSet = AtomicSet<kMostFunctions>;
using KindSet = AtomicSet<64>;

constexpr bool kOwnSlots = CUPTI_API_VERSION >= 130000;  // by default each thread has a buffer of its own

struct Subscriber {
  CUpti_CallbackFunc callback = nullptr;
  void* user_data = nullptr;
  std::string name;
  std::array<FunctionSet, CUPTI_CB_DOMAIN_SIZE> enabled;
};

struct State {
  std::recursive_mutex mutex;
  Clock clock;
  BufferQueue buffers{mutex, clock};
  ThreadStates threads;
  Slot shared_slot;  // of all threads, where each is not to have its own

  KindSet kinds;
  std::array<FunctionSet, 2> functions;  // by CallDomain: whose calls are recorded
  std::atomic<bool> allocation_source{false}, own_slots{kOwnSlots}, devices_told{false};
  std::atomic<int> thread_id_type{CUPTI_ACTIVITY_THREAD_ID_TYPE_DEFAULT};
  std::atomic<Subscriber*> subscriber{nullptr};          // the present one
  std::vector<std::unique_ptr<Subscriber>> subscribers;  // all: a thread may be in a callback of one that is gone

  bool on(CUpti_ActivityKind kind) const { return kinds.has(kind); }
  FunctionSet& functions_of(CallDomain domain) { return functions[static_cast<std::size_t>(domain)]; }
};

State& state();

// CUPTI_SUCCESS where there is a device, else what CUPTI answers without a driver.
CUptiResult ready();

// Listens to the runtime while anything is enabled, and only then.
void listen_as_needed();

// Of the contexts of a device, which are one to CUPTI as they are to the runtime: they share their memory and streams.
std::uint32_t context_id(int device);

std::uint32_t process_id();
std::uint32_t thread_id(const ThreadState& thread);  // of the type that the tool chose

// One text, the same pointer for ever, for each content.
const char* shared_text(const char* text);

}  // namespace headroom::virtual_gpu::cupti
