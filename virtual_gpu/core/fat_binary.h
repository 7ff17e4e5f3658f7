// The facts of a kernel, read from the machine code it was compiled to.
//
// A fat binary is a header (magic 0xba55ed50, u16 version, u16 header size, u64 payload size) and entries; an entry's
// header gives kind (1 PTX, 2 machine code), its own size, payload size, compute capability (u32 at 28) and flags. The
// driver takes the machine code of the highest minor version not above the device's, of the same major version. The
// payload is an ELF file ("cubin"), compressed with zstd (flag 0x8000). In it `.nv.info` gives registers (attribute
// 0x2f) and stack (0x23, 0x11),
// `.nv.info.KERNEL` the largest block (0x05), and section sizes the static shared memory and constant bank of each
// kernel.
//
// Read at the first question about a kernel of it, never while the program loads.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "virtual_gpu/catalog.h"
#include "virtual_gpu/core/kernels.h"

namespace headroom::virtual_gpu {

struct FatBinary {
  explicit FatBinary(const void* image) : image_(image) {}
  const KernelFacts& facts(const char* kernel, const DeviceModel& model);

 private:
  void read(const DeviceModel& model);

  const void* image_;
  std::once_flag once_;
  KernelFacts unknown_;
  std::unordered_map<std::string, KernelFacts> facts_;
};

}  // namespace headroom::virtual_gpu
