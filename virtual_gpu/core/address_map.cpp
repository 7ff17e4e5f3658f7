#include "virtual_gpu/core/address_map.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/device.h"

namespace headroom::virtual_gpu {
namespace {

// Below what x86-64 Linux gives to programs and their libraries, above what the address sanitizer keeps for itself. The
// thread sanitizer lets a program have far less.
#ifdef __SANITIZE_THREAD__
constexpr std::uint64_t kBaseAddress = 0x1000000000, kAllBytes = 448ull << 30, kMostBytes = 192ull << 30;
#else
constexpr std::uint64_t kBaseAddress = 0x200000000000, kAllBytes = 48ull << 40, kMostBytes = 16ull << 40;
#endif

std::uint64_t range_bytes() {
  static const std::uint64_t bytes = [] {
    constexpr std::uint64_t unit = 1ull << 30;
    const std::uint64_t share = kAllBytes / static_cast<std::uint64_t>(std::max(device_count(), 1));
    return std::min(kMostBytes, share / unit * unit);
  }();
  return bytes;
}

}  // namespace

AddressRange device_range(int device) {
  return {kBaseAddress + static_cast<std::uint64_t>(device) * range_bytes(), range_bytes()};
}

std::optional<int> device_of_address(std::uint64_t address) {
  if (address - kBaseAddress >= kAllBytes) return std::nullopt;
  const auto device = static_cast<int>((address - kBaseAddress) / range_bytes());
  return device < device_count() ? std::optional(device) : std::nullopt;
}

void reserve_address_ranges() {
  const std::uint64_t bytes = range_bytes() * static_cast<std::uint64_t>(device_count());
  const int access = configuration().backed ? PROT_READ | PROT_WRITE : PROT_NONE;
  void* wish = reinterpret_cast<void*>(kBaseAddress);
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  void* got = mmap(wish, bytes, access, flags, -1, 0);
  if (got == wish) {
    madvise(got, bytes, MADV_DONTDUMP);
    return;
  }
  std::fprintf(
      stderr,
      "headroom: cannot reserve the virtual GPU's addresses (%llu TiB at 0x200000000000; is `ulimit -v` set?)\n",
      static_cast<unsigned long long>(bytes >> 40));
  std::abort();
}

}  // namespace headroom::virtual_gpu
