#include "virtual_gpu/core/contents.h"

#include <algorithm>
#include <iterator>

namespace headroom::virtual_gpu {
Contents::Map::iterator Contents::split(std::uint64_t at) {
  auto next = stretches_.lower_bound(at);
  if (next == stretches_.begin()) return next;
  Stretch& before = std::prev(next)->second;
  if (before.end <= at) return next;
  Stretch rest = before;
  rest.begin = at;
  before.end = at;
  return stretches_.emplace_hint(next, at, rest);
}

void Contents::erase(std::uint64_t begin, std::uint64_t end) {
  if (begin >= end) return;
  split(begin);
  const auto last = split(end);
  stretches_.erase(stretches_.lower_bound(begin), last);
}

void Contents::put(const Stretch& stretch) {
  if (stretch.begin >= stretch.end) return;
  erase(stretch.begin, stretch.end);
  stretches_.emplace(stretch.begin, stretch);
}

std::vector<Stretch> Contents::within(std::uint64_t begin, std::uint64_t end) const {
  std::vector<Stretch> out;
  auto it = stretches_.upper_bound(begin);
  if (it != stretches_.begin()) --it;
  for (; it != stretches_.end() && it->first < end; ++it) {
    Stretch cut = it->second;
    cut.begin = std::max(cut.begin, begin);
    cut.end = std::min(cut.end, end);
    if (cut.begin < cut.end) out.push_back(cut);
  }
  return out;
}

void Contents::touch(std::uint64_t address) {
  auto it = stretches_.upper_bound(address);
  if (it == stretches_.begin()) return;
  --it;
  if (address < it->second.end) it->second.touched = true;
}

}  // namespace headroom::virtual_gpu
