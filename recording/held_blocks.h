// Blocks that were freed while other streams still used them, from the free to their return: what fills Events::held.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "recording/recording.h"

namespace headroom {

class HeldBlocks {
 public:
  explicit HeldBlocks(Events& events) : events_(events) {}

  void freed(std::uint64_t address, std::size_t free_event) { held_.insert_or_assign(address, free_event); }

  // Before the next event. An address that is not held is passed over.
  void returned(std::uint64_t address) {
    const auto found = held_.find(address);
    if (found == held_.end()) return;
    hold(found->second);
    held_.erase(found);
  }

  // What did not come back is held to the end.
  void finish() {
    for (const auto& [address, free_event] : held_) hold(free_event);
    held_.clear();
  }

 private:
  void hold(std::size_t free_event) {
    events_.held.resize(events_.size());
    events_.held[free_event] = static_cast<std::int64_t>(events_.size() - free_event) - 1;
  }

  Events& events_;
  std::unordered_map<std::uint64_t, std::size_t> held_;
};

// The columns of recording.h that are empty where every value is 0.
inline void drop_empty_columns(Events& events) {
  const auto drop = [](auto& column) {
    for (const auto value : column)
      if (value != decltype(value){}) return;
    column.clear();
  };
  drop(events.source);
  drop(events.stream);
  drop(events.pool);
  drop(events.held);
}

}  // namespace headroom
