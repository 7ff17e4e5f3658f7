#include "virtual_gpu/libraries/cupti/state.h"

#include <cupti_version.h>
#include <pthread.h>
#include <unistd.h>

#include <cstring>
#include <unordered_set>

#include "virtual_gpu/core/device.h"
#include "virtual_gpu/libraries/cupti/listener.h"

namespace headroom::virtual_gpu::cupti {
namespace {

std::atomic<State*> the_state{nullptr};
std::atomic<unsigned> generation{0};  // forks between this process and the one that loaded the library

// Trivial, so that a thread may still record while its own objects are being destroyed.
thread_local ThreadState* mine = nullptr;
thread_local unsigned mine_since = 0;

struct Leaver {
  ~Leaver() {
    if (mine != nullptr && mine_since == generation.load()) state().threads.leave(mine);
    mine = nullptr;
  }
};

// The child has neither the threads nor the locks of its parent, and may not allocate yet.
void after_fork_in_child() {
  set_activity_listener(nullptr);
  the_state = nullptr;
  ++generation;
}

State& make_state() {
  static std::mutex& mutex = *new std::mutex;
  static const int registered = pthread_atfork(nullptr, nullptr, after_fork_in_child);
  (void)registered;
  const std::lock_guard lock(mutex);
  if (the_state == nullptr) the_state = new State;
  return *the_state;
}

bool anything_enabled(State& all) {
  if (!all.kinds.empty() || !all.functions[0].empty() || !all.functions[1].empty()) return true;
  const Subscriber* subscriber = all.subscriber;
  if (subscriber == nullptr) return false;
  for (const FunctionSet& domain : subscriber->enabled)
    if (!domain.empty()) return true;
  return false;
}

}  // namespace

State& state() {
  State* known = the_state.load(std::memory_order_acquire);
  return known != nullptr ? *known : make_state();
}

CUptiResult ready() {
  if (device() != nullptr) return CUPTI_SUCCESS;
  return CUPTI_API_VERSION < 130000 ? CUPTI_ERROR_NOT_INITIALIZED : CUPTI_ERROR_UNKNOWN;
}

void listen_as_needed() {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  set_activity_listener(anything_enabled(all) ? &listener() : nullptr);
}

std::uint32_t context_id(int device) { return static_cast<std::uint32_t>(device) + 1; }

std::uint32_t process_id() {
  thread_local unsigned asked_in = ~0u;
  thread_local std::uint32_t known = 0;
  if (asked_in != generation.load(std::memory_order_relaxed)) {
    asked_in = generation;
    known = static_cast<std::uint32_t>(getpid());
  }
  return known;
}

std::uint32_t thread_id(const ThreadState& thread) {
  return thread.ids[static_cast<std::size_t>(state().thread_id_type.load(std::memory_order_relaxed))];
}

ThreadState& ThreadStates::mine() {
  if (cupti::mine == nullptr || mine_since != generation.load(std::memory_order_relaxed)) cupti::mine = adopt();
  return *cupti::mine;
}

ThreadState* ThreadStates::adopt() {
  thread_local Leaver leaver;
  (void)leaver;
  const std::lock_guard lock(mutex_);
  if (left_.empty()) left_.push_back(all_.emplace_back(std::make_unique<ThreadState>()).get());
  ThreadState* const adopted = left_.back();
  left_.pop_back();
  adopted->ids = {static_cast<std::uint32_t>(pthread_self()), static_cast<std::uint32_t>(gettid())};
  mine_since = generation;
  return adopted;
}

void ThreadStates::leave(ThreadState* left) {
  left->waiting.clear();
  left->calls = 0;
  for (auto& ids : left->external_ids) ids.clear();
  const std::lock_guard lock(mutex_);
  left_.push_back(left);
}

const char* shared_text(const char* text) {
  struct Known {
    const char* asked;
    const char* kept;
  };
  thread_local std::array<Known, 256> recent{};
  if (text == nullptr) return nullptr;
  Known& known = recent[reinterpret_cast<std::uintptr_t>(text) / 8 % recent.size()];
  if (known.asked == text && std::strcmp(known.kept, text) == 0) return known.kept;
  static std::mutex& mutex = *new std::mutex;
  static auto& texts = *new std::unordered_set<std::string>;
  const std::lock_guard lock(mutex);
  known = {text, texts.insert(text).first->c_str()};
  return known.kept;
}

}  // namespace headroom::virtual_gpu::cupti
