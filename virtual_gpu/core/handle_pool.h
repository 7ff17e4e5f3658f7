// Objects behind opaque handles. A slot's memory is never given back, so any handle that was ever valid may be looked
// at: `alive` tells a live object from a destroyed one, until its slot is used again, which happens after kKept others.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

namespace headroom::virtual_gpu {

// Base of the objects. The kind tells a stream's handle from an event's.
template <std::uint32_t Kind>
struct Handled {
  static constexpr std::uint32_t kAlive = Kind;
  std::atomic<std::uint32_t> alive_mark{0};
  bool alive() const { return alive_mark.load(std::memory_order_acquire) == kAlive; }
};

template <class Object>
class HandlePool {
 public:
  Object* create() {
    Object* object = take();
    object->alive_mark.store(Object::kAlive, std::memory_order_release);
    return object;
  }

  void destroy(Object* object) {
    object->alive_mark.store(0, std::memory_order_release);
    const std::lock_guard lock(mutex_);
    retired_.push_back(object);
  }

 private:
  static constexpr std::size_t kKept = 4096;

  Object* take() {
    const std::lock_guard lock(mutex_);
    if (retired_.size() <= kKept) return &slots_.emplace_back();
    Object* object = retired_.front();
    retired_.pop_front();
    std::destroy_at(object);
    return std::construct_at(object);
  }

  std::mutex mutex_;
  std::deque<Object> slots_;  // addresses stay
  std::deque<Object*> retired_;
};

// The object behind a handle, or nullptr for a null or stale one.
template <class Object, class Handle>
Object* live(Handle handle) {
  auto* object = reinterpret_cast<Object*>(handle);
  return object != nullptr && object->alive() ? object : nullptr;
}

}  // namespace headroom::virtual_gpu
