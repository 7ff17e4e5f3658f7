// A map from 32-bit numbers that forgets the oldest: what is looked up soon after it was put there, in a run without
// end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace headroom::tracing {

// Keeps at least the last `Limit` new keys and at most twice as many.
template <class Key, class Value, std::size_t Limit = std::size_t{1} << 18>
class RecentMap {
 public:
  Value* find(Key key) {
    if (const auto found = young_.find(key); found != young_.end()) return &found->second;
    const auto found = old_.find(key);
    return found == old_.end() ? nullptr : &found->second;
  }

  Value& operator[](Key key) {
    if (Value* found = find(key)) return *found;
    if (young_.size() >= Limit) {
      old_ = std::move(young_);
      young_ = {};
    }
    return young_[key];
  }

 private:
  std::unordered_map<Key, Value> young_, old_;
};

}  // namespace headroom::tracing
