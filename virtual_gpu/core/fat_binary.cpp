#include "virtual_gpu/core/fat_binary.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/cubin.h"

namespace headroom::virtual_gpu {
namespace {

struct Header {
  std::uint32_t magic;
  std::uint16_t version, header_bytes;
  std::uint64_t payload_bytes;
};

struct EntryHeader {
  std::uint16_t kind, version;
  std::uint32_t header_bytes;
  std::uint64_t payload_bytes;
  std::uint32_t compressed_bytes, reserved;
  std::uint16_t minor, major;
  std::uint32_t capability;
  std::uint64_t name;
  std::uint64_t flags;
  std::uint64_t padding;
  std::uint64_t uncompressed_bytes;
};

constexpr std::uint32_t kMagic = 0xba55ed50;
constexpr std::uint16_t kMachineCode = 2;
constexpr std::uint64_t kZstd = 0x8000, kLz4 = 0x2000, kThisArchitectureOnly = 0x100000, kThisFamilyOnly = 0x1000000;

struct Entry {
  EntryHeader header;
  const char* payload;
};

std::vector<Entry> machine_code(const void* image) {
  std::vector<Entry> entries;
  const auto* at = static_cast<const char*>(image);
  Header header;
  std::memcpy(&header, at, sizeof header);
  if (header.magic != kMagic) return entries;
  const char* end = at + header.header_bytes + header.payload_bytes;
  for (at += header.header_bytes; at < end;) {
    Entry entry;
    std::memcpy(&entry.header, at, sizeof entry.header);
    entry.payload = at + entry.header.header_bytes;
    if (entry.header.kind == kMachineCode) entries.push_back(entry);
    at = entry.payload + entry.header.payload_bytes;
  }
  return entries;
}

// Code for X.y runs on X.z, z >= y; code marked for one architecture runs on that one alone, for one family within X.
bool runs_on(const EntryHeader& header, int capability) {
  const int code = static_cast<int>(header.capability);
  if ((header.flags & kThisArchitectureOnly) != 0 && (header.flags & kThisFamilyOnly) == 0) return code == capability;
  return code / 10 == capability / 10 && code <= capability;
}

std::string decompress(const Entry& entry) {
  using Decompress = std::size_t (*)(void*, std::size_t, const void*, std::size_t);
  using IsError = unsigned (*)(std::size_t);
  static void* const library = dlopen("libzstd.so.1", RTLD_LAZY | RTLD_LOCAL);
  static const auto decompress_into =
      library == nullptr ? nullptr : reinterpret_cast<Decompress>(dlsym(library, "ZSTD_decompress"));
  static const auto is_error = library == nullptr ? nullptr : reinterpret_cast<IsError>(dlsym(library, "ZSTD_isError"));
  if ((entry.header.flags & (kZstd | kLz4)) == 0) return {entry.payload, entry.header.payload_bytes};
  if ((entry.header.flags & kLz4) != 0 || decompress_into == nullptr || is_error == nullptr) return {};
  std::string out(entry.header.uncompressed_bytes, '\0');
  const std::size_t bytes = decompress_into(out.data(), out.size(), entry.payload, entry.header.compressed_bytes);
  return is_error(bytes) != 0 || bytes != out.size() ? std::string() : out;
}

}  // namespace

void FatBinary::read(const DeviceModel& model) {
  const int capability = model.major * 10 + model.minor;
  std::vector<Entry> usable;
  for (const Entry& entry : machine_code(image_))
    if (runs_on(entry.header, capability)) usable.push_back(entry);
  for (const Entry& entry : usable) {
    const int version = static_cast<int>(entry.header.capability);
    unknown_.binary_version = std::max(unknown_.binary_version, version);
    const std::string cubin = decompress(entry);
    if (cubin.empty())
      assume(
          "some kernels' registers and shared memory could not be read (libzstd.so.1 missing?): temporary storage that "
          "CUB sizes by occupancy may differ");
    for (auto& [name, facts] : read_cubin(cubin, version >= 90 ? 1024 : 0)) {
      KernelFacts& kept = facts_[name];
      if (kept.binary_version > version) continue;
      kept = facts;
      kept.binary_version = version;
    }
  }
}

const KernelFacts& FatBinary::facts(const char* kernel, const DeviceModel& model) {
  std::call_once(once_, [&] { read(model); });
  const auto found = facts_.find(kernel);
  return found != facts_.end() ? found->second : unknown_;
}

}  // namespace headroom::virtual_gpu
