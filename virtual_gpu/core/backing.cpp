#include "virtual_gpu/core/backing.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/contents.h"

namespace headroom::virtual_gpu {
namespace {

constexpr std::uint64_t kPageBytes = 4096;

struct State {
  std::mutex mutex;
  Contents contents;
};

State& state() {
  static State& singleton = *new State;
  return singleton;
}

char* at(std::uint64_t address) { return reinterpret_cast<char*>(address); }

// Gives whole pages inside the range back to the host; they read as zeros afterwards.
void drop_pages(std::uint64_t begin, std::uint64_t end) {
  const std::uint64_t first = (begin + kPageBytes - 1) / kPageBytes * kPageBytes, last = end / kPageBytes * kPageBytes;
  if (first < last) madvise(at(first), last - first, MADV_DONTNEED);
}

// `phase` is the address, modulo 4, at which the pattern's first byte is written.
void write_phased(char* target, std::uint64_t phase, std::uint32_t pattern, std::uint64_t bytes) {
  char letters[4];
  std::memcpy(letters, &pattern, sizeof letters);
  if (letters[0] == letters[1] && letters[1] == letters[2] && letters[2] == letters[3]) {
    std::memset(target, letters[0], bytes);
    return;
  }
  for (std::uint64_t i = 0; i < bytes; ++i) target[i] = letters[(phase + i) % 4];
}

void remember(const Stretch& stretch) {
  const std::lock_guard lock(state().mutex);
  state().contents.put(stretch);
}

std::vector<Stretch> known(std::uint64_t begin, std::uint64_t end) {
  const std::lock_guard lock(state().mutex);
  return state().contents.within(begin, end);
}

}  // namespace

bool backed() {
  static const bool on = configuration().backed;
  return on;
}

void store_bytes(std::uint64_t target, const void* source, std::uint64_t bytes) {
  std::memcpy(at(target), source, bytes);
  remember({target, target + bytes, true});
}

void store_fill(std::uint64_t target, std::uint32_t pattern, std::uint64_t bytes) {
  drop_pages(target, target + bytes);
  remember({target, target + bytes, false, pattern});
}

void move_bytes(std::uint64_t target, std::uint64_t source, std::uint64_t bytes) {
  const std::vector<Stretch> stretches = known(source, source + bytes);
  const std::uint64_t shift = target - source;
  for (const Stretch& stretch : stretches)
    if (stretch.stored) std::memmove(at(stretch.begin + shift), at(stretch.begin), stretch.end - stretch.begin);
  const std::lock_guard lock(state().mutex);
  state().contents.erase(target, target + bytes);
  for (Stretch stretch : stretches) {
    const unsigned turn =
        static_cast<unsigned>(shift % 4) * 8;  // the pattern keeps its place in the bytes, not in the addresses
    if (turn != 0) stretch.pattern = stretch.pattern << turn | stretch.pattern >> (32 - turn);
    stretch.begin += shift;
    stretch.end += shift;
    state().contents.put(stretch);
  }
}

bool load_bytes(void* target, std::uint64_t source, std::uint64_t bytes) {
  auto* out = static_cast<char*>(target);
  std::uint64_t done = source;
  bool all_known = true;
  for (const Stretch& stretch : known(source, source + bytes)) {
    std::memset(out + (done - source), 0, stretch.begin - done);
    char* piece = out + (stretch.begin - source);
    if (stretch.stored)
      std::memcpy(piece, at(stretch.begin), stretch.end - stretch.begin);
    else
      write_phased(piece, stretch.begin, stretch.pattern, stretch.end - stretch.begin);
    all_known = all_known && stretch.begin == done && !stretch.touched;
    done = stretch.end;
  }
  std::memset(out + (done - source), 0, source + bytes - done);
  return all_known && done == source + bytes;
}

void write_pattern(void* target, std::uint32_t pattern, std::uint64_t bytes) {
  write_phased(static_cast<char*>(target), reinterpret_cast<std::uint64_t>(target), pattern, bytes);
}

void touch_contents(std::uint64_t address) {
  const std::lock_guard lock(state().mutex);
  state().contents.touch(address);
}

void forget_contents(std::uint64_t address, std::uint64_t bytes) {
  if (!backed()) return;
  std::vector<Stretch> gone;
  {
    const std::lock_guard lock(state().mutex);
    gone = state().contents.within(address, address + bytes);
    state().contents.erase(address, address + bytes);
  }
  for (const Stretch& stretch : gone)
    if (stretch.stored)  // its first and last page too, as far as they lie in the range
      drop_pages(std::max(address, stretch.begin / kPageBytes * kPageBytes),
                 std::min(address + bytes, (stretch.end + kPageBytes - 1) / kPageBytes * kPageBytes));
}

void open_to_host(std::uint64_t address, std::uint64_t bytes) {
  if (!backed()) mprotect(at(address), bytes, PROT_READ | PROT_WRITE);
}

void close_to_host(std::uint64_t address, std::uint64_t bytes) {
  madvise(at(address), bytes, MADV_DONTNEED);
  if (!backed()) mprotect(at(address), bytes, PROT_NONE);
}

}  // namespace headroom::virtual_gpu
