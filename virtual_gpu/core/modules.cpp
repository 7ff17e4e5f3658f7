#include "virtual_gpu/core/modules.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/fat_binary.h"
#include "virtual_gpu/core/telling.h"

namespace headroom::virtual_gpu {
namespace {

HandlePool<Module>& modules() {
  static auto& pool = *new HandlePool<Module>;
  return pool;
}

bool plausible(const void* image) {
  constexpr std::uint32_t known[] = {0x466243b1, 0xba55ed50, 0x464c457f};
  std::uint32_t magic = 0;
  std::memcpy(&magic, image, 1);  // PTX may be shorter than four bytes
  if (magic == 0) return false;
  std::memcpy(&magic, image, sizeof magic);
  const bool binary = std::find(std::begin(known), std::end(known), magic) != std::end(known);
  return binary || std::strstr(static_cast<const char*>(image), ".version") != nullptr;
}

}  // namespace

cudaError_t load_module(const void* image, Module** out) {
  if (image == nullptr || out == nullptr) return cudaErrorInvalidValue;
  if (!plausible(image)) return cudaErrorInvalidKernelImage;
  const std::uint64_t start_ns = wall_ns();
  auto* binary = new FatBinary(image);
  if (!binary->read_module(*device())) {
    delete binary;
    return cudaErrorNoKernelImageForDevice;
  }
  Module* module = modules().create();
  module->binary = binary;
  for (const auto& [name, facts] : binary->kernels()) {
    Kernel* kernel = add_module_kernel(module, binary, name);
    kernel->facts = &facts;
    module->kernels.push_back(kernel);
  }
  for (const CubinVariable& variable : binary->variables())
    module->variables.push_back({variable.name, variable.bytes, take_variable_address(variable.bytes)});
  *out = module;
  if (binary->first_use()) tell_module(*binary, start_ns);
  return cudaSuccess;
}

cudaError_t load_module_file(const char* path, Module** out) {
  if (path == nullptr) return cudaErrorInvalidValue;
  std::ifstream file(path, std::ios::binary);
  if (!file) return cudaErrorFileNotFound;
  std::string image((std::istreambuf_iterator<char>(file)), {});
  return load_module((image += std::string(8, '\0')).data(), out);
}

cudaError_t unload_module(Module* module) {
  if (module == nullptr) return cudaErrorInvalidResourceHandle;
  for (Kernel* kernel : module->kernels) remove_module_kernel(kernel);
  delete module->binary;
  module->kernels.clear();
  module->variables.clear();
  modules().destroy(module);
  return cudaSuccess;
}

Module* find_module(const void* handle) { return live<Module>(const_cast<void*>(handle)); }

Kernel* module_kernel(const Module& module, const char* name) {
  const auto found = std::find_if(module.kernels.begin(), module.kernels.end(),
                                  [&](const Kernel* kernel) { return std::strcmp(kernel->name, name) == 0; });
  return found == module.kernels.end() ? nullptr : *found;
}

const ModuleVariable* module_variable(const Module& module, const char* name) {
  for (const ModuleVariable& variable : module.variables)
    if (variable.name == name) return &variable;
  return nullptr;
}

}  // namespace headroom::virtual_gpu
