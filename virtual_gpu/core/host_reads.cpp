#include "virtual_gpu/core/host_reads.h"

#include <atomic>

#include "virtual_gpu/core/counters.h"

namespace headroom::virtual_gpu {
namespace {

std::atomic<headroom_virtual_gpu_host_reader> reader{nullptr};

}  // namespace

void set_host_reader(headroom_virtual_gpu_host_reader wish) { reader = wish; }

void host_read(void* destination, const void* source, std::size_t bytes, int device) {
  count_host_read(bytes);
  if (const auto tell = reader.load()) {
    const headroom_virtual_gpu_host_read read{destination, source, bytes, device};
    tell(&read);
  }
}

}  // namespace headroom::virtual_gpu
