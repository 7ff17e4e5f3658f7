// A map from numbers that count up, as correlation ids do, which forgets the oldest: what is looked up soon after it was
// put there, in a run without end. Neighbours lie side by side, and who asks for them in turn finds them at once.
#pragma once

#include <array>
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
    if (Value* found = young_.find(key)) return found;
    return old_.find(key);
  }

  Value& operator[](Key key) {
    if (Value* found = find(key)) return *found;
    if (young_.size() >= Limit) {
      old_ = std::move(young_);
      young_ = {};
    }
    return young_.add(key);
  }

 private:
  static constexpr Key kNeighbours = 16;

  struct Chunk {
    std::array<Value, kNeighbours> values{};
    std::uint16_t known = 0;  // a bit for each
  };

  class Table {
   public:
    std::size_t size() const { return size_; }

    Value* find(Key key) {
      if (last_ == nullptr || last_number_ != key / kNeighbours) {
        const auto found = chunks_.find(key / kNeighbours);
        if (found == chunks_.end()) return nullptr;
        remember(found->first, found->second);
      }
      return (last_->known >> key % kNeighbours & 1) != 0 ? &last_->values[key % kNeighbours] : nullptr;
    }

    Value& add(Key key) {
      remember(key / kNeighbours, chunks_[key / kNeighbours]);
      last_->known = static_cast<std::uint16_t>(last_->known | 1u << key % kNeighbours);
      ++size_;
      return last_->values[key % kNeighbours];
    }

   private:
    void remember(Key number, Chunk& chunk) {
      last_number_ = number;
      last_ = &chunk;
    }

    std::unordered_map<Key, Chunk> chunks_;
    std::size_t size_ = 0;
    Key last_number_{};
    Chunk* last_ = nullptr;  // the one asked for last
  };

  Table young_, old_;
};

}  // namespace headroom::tracing
