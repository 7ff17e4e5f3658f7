// Which stretches of device memory are known, and how: a map of intervals, never overlapping. Each is what is left of
// one copy or fill; neighbours are not joined, so that a stretch ends where its tensor does. Pure bookkeeping.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace headroom::virtual_gpu {

struct Stretch {
  std::uint64_t begin = 0, end = 0;
  bool stored = false;  // its bytes lie in host pages; else it is `pattern`, repeated, by address modulo 4
  std::uint32_t pattern = 0;
  bool touched = false;  // a kernel may have changed it
};

class Contents {
 public:
  void put(const Stretch& stretch);  // in place of what was there
  void erase(std::uint64_t begin, std::uint64_t end);
  std::vector<Stretch> within(std::uint64_t begin, std::uint64_t end) const;  // cut to the range, ascending

  void touch(std::uint64_t address);  // the stretch around it

 private:
  using Map = std::map<std::uint64_t, Stretch>;
  Map::iterator split(std::uint64_t at);  // the first stretch that begins at or after `at`, once none crosses it

  Map stretches_;
};

}  // namespace headroom::virtual_gpu
