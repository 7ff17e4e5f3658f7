// What PTX says about its kernels. The driver would compile it: registers and spilled bytes are not known before.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "virtual_gpu/core/cubin.h"
#include "virtual_gpu/core/kernels.h"

namespace headroom::virtual_gpu {

// Registers a kernel is taken to have when PTX sets no bound below it (.maxnreg).
constexpr int kAssumedRegisters = 32;

struct PtxContent {
  int target = 0;  // 90 of `.target sm_90a`
  std::unordered_map<std::string, KernelFacts> kernels;
  std::vector<CubinVariable> variables;  // .global and .const of the module
};

// Empty for text that has no `.target`; what cannot be understood is passed over.
PtxContent read_ptx(std::string_view text);

}  // namespace headroom::virtual_gpu
