// Kernel facts from one cubin: a 64-bit ELF file of machine code.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "virtual_gpu/core/kernels.h"

namespace headroom::virtual_gpu {

// By mangled name; binary_version is left 0. Empty for bytes that are no such file; damaged parts are passed over.
std::unordered_map<std::string, KernelFacts> read_cubin(std::string_view file);

}  // namespace headroom::virtual_gpu
