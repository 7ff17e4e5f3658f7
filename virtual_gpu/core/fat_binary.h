// The facts of a kernel, read from the machine code it was compiled to.
//
// A fat binary is a header (magic 0xba55ed50, u16 version, u16 header size, u64 payload size) and entries; an entry's
// header gives kind (1 PTX, 2 machine code), its own size, payload size, compute capability (u32 at 28) and flags. The
// driver takes the machine code of the highest minor version not above the device's, of the same major version; failing
// that it compiles PTX, of which only what is written in it is known. The payload is an ELF file ("cubin") or text,
// compressed with zstd (flag 0x8000) or LZ4 (0x2000). In a cubin `.nv.info` gives registers (attribute 0x2f) and stack
// (0x23, 0x11), `.nv.info.KERNEL` the largest block (0x05), parameters (0x17) and cluster (0x3d), and section sizes the
// static shared memory and constant bank of each kernel.
//
// Those that a program registers are read at the first question about a kernel of theirs, never while it loads.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "virtual_gpu/catalog.h"
#include "virtual_gpu/core/cubin.h"
#include "virtual_gpu/core/kernels.h"

namespace headroom::virtual_gpu {

struct FatBinary {
  // `image`: a fat binary, a cubin, or PTX ending in a zero byte; looked at until it is read.
  explicit FatBinary(const void* image) : image_(image) {}

  const KernelFacts& facts(const char* kernel, const DeviceModel& model);

  const std::uint32_t id = next_id();
  const void* image() const { return image_; }
  std::uint64_t image_bytes() const;                  // while the image is there
  bool first_use() { return !used_.exchange(true); }  // true once

  // Whether anything in it runs on the device, told by its headers alone.
  bool has_image(const DeviceModel& model) const;

  // What a module offers. False when nothing in the image runs on the device, or it is none of the three.
  bool read_module(const DeviceModel& model);
  const std::unordered_map<std::string, KernelFacts>& kernels() const { return facts_; }
  const std::vector<CubinVariable>& variables() const { return variables_; }

 private:
  static std::uint32_t next_id();
  void read(const DeviceModel& model);
  void read_fat_binary(const DeviceModel& model);
  bool add_cubin(const std::string& cubin, int version);
  void add_ptx(const std::string& text, const DeviceModel& model);

  const void* image_;
  std::atomic<bool> used_{false};
  std::once_flag once_;
  KernelFacts unknown_;
  std::unordered_map<std::string, KernelFacts> facts_;
  std::vector<CubinVariable> variables_;
};

}  // namespace headroom::virtual_gpu
