#include "virtual_gpu/core/counters.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <string_view>
#include <vector>

#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/physical_memory.h"

namespace headroom::virtual_gpu {
namespace {

std::atomic<std::uint64_t> launch_count{0}, host_read_count{0}, host_read_bytes{0};

struct Notes {
  std::mutex mutex;
  std::map<std::string_view, std::uint64_t> unimplemented;
  std::vector<std::string_view> assumptions;
};

// A process may fork while another thread notes something; its child must still be able to.
Notes& notes() {
  static Notes& singleton = *[] {
    auto* made = new Notes;
    static Notes* const forking = made;
    pthread_atfork([] { forking->mutex.lock(); }, [] { forking->mutex.unlock(); }, [] { forking->mutex.unlock(); });
    return made;
  }();
  return singleton;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

template <class Range, class Write>
std::string list(const Range& range, Write write) {
  std::string out = "[";
  for (const auto& item : range) {
    if (out.size() > 1) out += ", ";
    out += write(item);
  }
  return out += "]";
}

}  // namespace

void count_launch() { launch_count.fetch_add(1, std::memory_order_relaxed); }

void count_host_read(std::uint64_t bytes) {
  if (host_read_count.fetch_add(1, std::memory_order_relaxed) == 0)
    assume(
        configuration().backed
            ? "kernels compute nothing: a host read of what they would have written gives zeros or what was last "
              "copied there, so what depends on a value goes as for that"
            : "kernels compute nothing: a host read of device memory gives zeros, so what depends on a value goes as "
              "for zero");
  host_read_bytes.fetch_add(bytes, std::memory_order_relaxed);
}

void count_unimplemented(const char* function) {
  const std::lock_guard lock(notes().mutex);
  ++notes().unimplemented[function];
}

void assume(const char* text) {
  const std::lock_guard lock(notes().mutex);
  for (const std::string_view known : notes().assumptions)
    if (known == text) return;
  notes().assumptions.emplace_back(text);
}

std::string report_json() {
  std::uint64_t peak_bytes = 0;
  for (int i = 0; i < device_count(); ++i) peak_bytes = std::max(peak_bytes, physical_memory(i).use().peak_bytes);
  const std::lock_guard lock(notes().mutex);
  std::string out = "{\"device\": " + (device() == nullptr ? std::string("null") : quoted(device()->name));
  out += ", \"device_count\": " + std::to_string(device_count());
  out += ", \"launch_count\": " + std::to_string(launch_count.load());
  out += ", \"peak_device_bytes\": " + std::to_string(peak_bytes);
  out += ", \"host_read_count\": " + std::to_string(host_read_count.load());
  out += ", \"host_read_bytes\": " + std::to_string(host_read_bytes.load());
  out += ", \"unimplemented\": " + list(notes().unimplemented, [](const auto& entry) {
           return "{\"function\": " + quoted(entry.first) + ", \"count\": " + std::to_string(entry.second) + "}";
         });
  return out + ", \"assumptions\": " + list(notes().assumptions, quoted) + "}";
}

}  // namespace headroom::virtual_gpu

long headroom_virtual_gpu_unimplemented(const char* function, long status) {
  headroom::virtual_gpu::count_unimplemented(function);
  return status;
}

void headroom_virtual_gpu_launch() { headroom::virtual_gpu::count_launch(); }
void headroom_virtual_gpu_assume(const char* text) { headroom::virtual_gpu::assume(text); }
