#include "virtual_gpu/core/fat_binary.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "virtual_gpu/core/compressed.h"
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/ptx.h"

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
constexpr std::uint32_t kElfMagic = 0x464c457f, kWrapperMagic = 0x466243b1;
constexpr std::uint16_t kPtx = 1, kMachineCode = 2;
constexpr std::uint64_t kZstd = 0x8000, kLz4 = 0x2000, kThisArchitectureOnly = 0x100000, kThisFamilyOnly = 0x1000000;

struct Entry {
  EntryHeader header;
  const char* payload;
};

std::uint32_t magic_of(const void* image) {
  std::uint32_t magic = 0;
  std::memcpy(&magic, image, sizeof magic);
  return magic;
}

std::vector<Entry> read_entries(const void* image) {
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
    entries.push_back(entry);
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

// What the entry holds, until the thread asks again: one room for all, as fresh pages cost more than decompression.
const std::string& decompress(const Entry& entry) {
  thread_local std::string room;
  const std::uint64_t flags = entry.header.flags, bytes = entry.header.uncompressed_bytes;
  if ((flags & kZstd) != 0)
    decompress_zstd({entry.payload, entry.header.compressed_bytes}, bytes, room);
  else if ((flags & kLz4) != 0)
    room = decompress_lz4({entry.payload, entry.header.compressed_bytes}, bytes);
  else
    room.assign(entry.payload, entry.header.payload_bytes);
  return room;
}

void assume_unread() {
  assume(
      "some kernels' registers and shared memory could not be read (libzstd.so.1 missing?): temporary storage that "
      "CUB sizes by occupancy may differ");
}

}  // namespace

bool FatBinary::add_cubin(const std::string& cubin, int version) {
  auto kernels = read_cubin(cubin, version >= 90 ? 1024 : 0);
  for (auto& [name, facts] : kernels) {
    KernelFacts& kept = facts_[name];
    if (kept.binary_version > version) continue;
    kept = facts;
    kept.binary_version = version;
  }
  for (CubinVariable& variable : read_cubin_variables(cubin)) variables_.push_back(std::move(variable));
  return !kernels.empty();
}

void FatBinary::add_ptx(const std::string& text, const DeviceModel& model) {
  const int capability = model.major * 10 + model.minor;
  PtxContent content = read_ptx(text);
  if (content.target == 0 || content.target > capability) return;
  assume("registers of kernels that are loaded as PTX are not known before the driver compiles them: taken as 32");
  unknown_.binary_version = capability;
  for (auto& [name, facts] : content.kernels) {
    facts_[name] = facts;
    facts_[name].binary_version = capability;
  }
  variables_ = std::move(content.variables);
}

std::uint32_t FatBinary::next_id() {
  static std::atomic<std::uint32_t> last{0};
  return ++last;
}

std::uint64_t FatBinary::image_bytes() const {
  if (magic_of(image_) == kElfMagic) return cubin_bytes(image_);
  if (magic_of(image_) != kMagic) return std::strlen(static_cast<const char*>(image_));
  Header header;
  std::memcpy(&header, image_, sizeof header);
  return header.header_bytes + header.payload_bytes;
}

bool FatBinary::has_image(const DeviceModel& model) const {
  const int capability = model.major * 10 + model.minor;
  if (magic_of(image_) != kMagic) return true;  // a module, which was read when it was loaded
  for (const Entry& entry : read_entries(image_)) {
    const bool code = entry.header.kind == kMachineCode && runs_on(entry.header, capability);
    const bool ptx = entry.header.kind == kPtx && static_cast<int>(entry.header.capability) <= capability;
    if (code || ptx) return true;
  }
  return false;
}

void FatBinary::read_fat_binary(const DeviceModel& model) {
  const int capability = model.major * 10 + model.minor;
  const std::vector<Entry> entries = read_entries(image_);
  for (const Entry& entry : entries) {
    if (entry.header.kind != kMachineCode || !runs_on(entry.header, capability)) continue;
    const int version = static_cast<int>(entry.header.capability);
    unknown_.binary_version = std::max(unknown_.binary_version, version);
    const std::string& cubin = decompress(entry);
    if (cubin.empty())
      assume_unread();
    else
      add_cubin(cubin, version);
  }
  for (const Entry& entry : entries)
    if (entry.header.kind == kPtx && unknown_.binary_version == 0) add_ptx(decompress(entry), model);
}

void FatBinary::read(const DeviceModel& model) {
  const int capability = model.major * 10 + model.minor;
  if (magic_of(image_) == kWrapperMagic) std::memcpy(&image_, static_cast<const char*>(image_) + 8, sizeof image_);
  if (magic_of(image_) == kMagic) return read_fat_binary(model);
  if (magic_of(image_) != kElfMagic) return add_ptx(static_cast<const char*>(image_), model);
  const std::string cubin(static_cast<const char*>(image_), cubin_bytes(image_));
  const CubinTarget target = cubin_target(cubin);
  const bool runs = target.one_architecture
                        ? target.capability == capability
                        : target.capability / 10 == capability / 10 && target.capability <= capability;
  if (runs && add_cubin(cubin, target.capability)) unknown_.binary_version = target.capability;
}

bool FatBinary::read_module(const DeviceModel& model) {
  std::call_once(once_, [&] { read(model); });
  return unknown_.binary_version != 0;
}

const KernelFacts& FatBinary::facts(const char* kernel, const DeviceModel& model) {
  std::call_once(once_, [&] { read(model); });
  const auto found = facts_.find(kernel);
  return found != facts_.end() ? found->second : unknown_;
}

}  // namespace headroom::virtual_gpu
