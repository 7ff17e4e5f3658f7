// Pointers to objects, found without a lock. Open addressing; a full table is replaced by one of twice the size, and
// kept for those who are still reading it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace headroom::virtual_gpu {

template <class Object>
class PointerTable {
 public:
  // nullptr takes the key out.
  void put(const void* key, Object* object) {
    const std::lock_guard lock(mutex_);
    if (2 * (used_ + 1) > capacity()) grow();
    used_ += insert(*table_.load(), key, object) ? 1 : 0;
  }

  Object* find(const void* key) const {
    const Table* table = table_.load(std::memory_order_acquire);
    if (table == nullptr) return nullptr;
    for (std::size_t i = start(*table, key);; i = (i + 1) & table->mask) {
      const void* found = table->slots[i].key.load(std::memory_order_acquire);
      if (found == key) return table->slots[i].object.load(std::memory_order_acquire);
      if (found == nullptr) return nullptr;
    }
  }

 private:
  struct Slot {
    std::atomic<const void*> key{nullptr};
    std::atomic<Object*> object{nullptr};
  };
  struct Table {
    explicit Table(std::size_t size) : mask(size - 1), slots(new Slot[size]) {}
    std::size_t mask;
    std::unique_ptr<Slot[]> slots;
  };

  static std::size_t start(const Table& table, const void* key) {
    return (reinterpret_cast<std::uintptr_t>(key) * 0x9e3779b97f4a7c15u >> 20) & table.mask;
  }

  static bool insert(Table& table, const void* key, Object* object) {
    for (std::size_t i = start(table, key);; i = (i + 1) & table.mask) {
      const void* found = table.slots[i].key.load(std::memory_order_relaxed);
      if (found != nullptr && found != key) continue;
      table.slots[i].object.store(object, std::memory_order_release);
      table.slots[i].key.store(key, std::memory_order_release);
      return found == nullptr;
    }
  }

  std::size_t capacity() const { return tables_.empty() ? 0 : tables_.back()->mask + 1; }

  void grow() {
    auto larger = std::make_unique<Table>(capacity() == 0 ? 1024 : 2 * capacity());
    used_ = 0;
    if (const Table* old = table_.load())
      for (std::size_t i = 0; i <= old->mask; ++i)
        if (Object* object = old->slots[i].object.load())
          used_ += insert(*larger, old->slots[i].key.load(), object) ? 1 : 0;
    table_.store(larger.get(), std::memory_order_release);
    tables_.push_back(std::move(larger));
  }

  std::mutex mutex_;
  std::atomic<Table*> table_{nullptr};
  std::vector<std::unique_ptr<Table>> tables_;
  std::size_t used_ = 0;
};

}  // namespace headroom::virtual_gpu
