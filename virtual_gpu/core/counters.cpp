#include "virtual_gpu/core/counters.h"

#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <string_view>
#include <vector>

#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/device_memory.h"

namespace headroom::virtual_gpu {
namespace {

std::atomic<std::uint64_t> launch_count{0}, host_read_count{0}, host_read_bytes{0};

struct Notes {
  std::mutex mutex;
  std::map<std::string_view, std::uint64_t> unimplemented;
  std::vector<std::string_view> assumptions;
};

Notes& notes() {
  static Notes& singleton = *new Notes;
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
        "kernels compute nothing: a host read of device memory gives zeros, so what depends on a value goes as for "
        "zero");
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
  const MemoryUse use = device() == nullptr ? MemoryUse{} : device_memory().use();
  const std::lock_guard lock(notes().mutex);
  std::string out = "{\"device\": " + (device() == nullptr ? std::string("null") : quoted(device()->name));
  out += ", \"launch_count\": " + std::to_string(launch_count.load());
  out += ", \"peak_device_bytes\": " + std::to_string(use.peak_bytes);
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
