// Kernel facts from one cubin: a 64-bit ELF file of machine code.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "virtual_gpu/core/kernels.h"

namespace headroom::virtual_gpu {

// By mangled name; binary_version is left 0. Empty for bytes that are no such file; damaged parts are passed over.
// `reserved_shared_bytes`: what the section of a kernel with shared memory holds beside the kernel's own. Code for
// compute capability 9.0 and later counts the 1 KiB in that CUDA keeps for itself; cudaFuncGetAttributes does not.
std::unordered_map<std::string, KernelFacts> read_cubin(std::string_view file, std::uint64_t reserved_shared_bytes);

struct CubinVariable {
  std::string name;
  std::uint64_t bytes = 0;
};
std::vector<CubinVariable> read_cubin_variables(std::string_view file);  // __device__ and __constant__

// What the file's flags say it is for: 90 for sm_90, and whether for that one alone (sm_90a). capability 0: no such
// file.
struct CubinTarget {
  int capability = 0;
  bool one_architecture = false;
};
CubinTarget cubin_target(std::string_view file);

std::uint64_t cubin_bytes(const void* image);  // of a whole file in memory

}  // namespace headroom::virtual_gpu
