#include "virtual_gpu/core/physical_memory.h"

#include <deque>

#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"

namespace headroom::virtual_gpu {
namespace {

std::deque<PhysicalMemory>& all() {
  static auto& books = *[] {
    assume("the CUDA context and its loaded modules are counted as 0 bytes: a real card has less memory to give");
    auto* made = new std::deque<PhysicalMemory>;
    for (int i = 0; i < device_count(); ++i)
      made->emplace_back(static_cast<std::uint64_t>(device()->total_bytes), configuration().reserved_bytes);
    return made;
  }();
  return books;
}

}  // namespace

PhysicalMemory::PhysicalMemory(std::uint64_t total_bytes, std::uint64_t reserved_bytes)
    : total_(total_bytes), used_(reserved_bytes), peak_(reserved_bytes) {}

bool PhysicalMemory::try_take(std::uint64_t bytes) {
  std::uint64_t used = used_.load();
  do {
    if (bytes > total_ - used) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes));
  std::uint64_t peak = peak_.load();
  while (peak < used + bytes && !peak_.compare_exchange_weak(peak, used + bytes)) {
  }
  return true;
}

bool PhysicalMemory::take(std::uint64_t bytes) {
  if (try_take(bytes)) return true;
  const auto reclaim = reclaim_.load();
  if (reclaim == nullptr) return false;
  reclaim();
  return try_take(bytes);
}

PhysicalMemory& physical_memory(int device) { return all()[static_cast<std::size_t>(device)]; }

}  // namespace headroom::virtual_gpu
