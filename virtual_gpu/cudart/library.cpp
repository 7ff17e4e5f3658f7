// Libraries of kernels that a program loads while it runs.
#include <algorithm>

#include "virtual_gpu/core/modules.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

namespace {

template <class Body>
cudaError_t with_library(cudaLibrary_t handle, Body body) {
  return with_context([&] {
    Module* module = find_module(handle);
    return module == nullptr ? cudaErrorInvalidResourceHandle : body(*module);
  });
}

}  // namespace

cudaError_t cudaLibraryLoadData(cudaLibrary_t* out, const void* code, cudaJitOption*, void**, unsigned,
                                cudaLibraryOption*, void**, unsigned) {
  return with_context([&] {
    Module* module = nullptr;
    const cudaError_t error = out == nullptr ? cudaErrorInvalidValue : load_module(code, &module);
    if (error == cudaSuccess) *out = reinterpret_cast<cudaLibrary_t>(module);
    return error;
  });
}

cudaError_t cudaLibraryLoadFromFile(cudaLibrary_t* out, const char* path, cudaJitOption*, void**, unsigned,
                                    cudaLibraryOption*, void**, unsigned) {
  return with_context([&] {
    Module* module = nullptr;
    const cudaError_t error = out == nullptr ? cudaErrorInvalidValue : load_module_file(path, &module);
    if (error == cudaSuccess) *out = reinterpret_cast<cudaLibrary_t>(module);
    return error;
  });
}

cudaError_t cudaLibraryUnload(cudaLibrary_t library) {
  return with_library(library, [](Module& module) { return unload_module(&module); });
}

cudaError_t cudaLibraryGetKernel(cudaKernel_t* out, cudaLibrary_t library, const char* name) {
  return with_library(library, [&](const Module& module) {
    if (out == nullptr || name == nullptr) return cudaErrorInvalidValue;
    Kernel* kernel = module_kernel(module, name);
    *out = reinterpret_cast<cudaKernel_t>(kernel);
    return kernel != nullptr ? cudaSuccess : cudaErrorSymbolNotFound;
  });
}

cudaError_t cudaLibraryGetGlobal(void** address, std::size_t* bytes, cudaLibrary_t library, const char* name) {
  return with_library(library, [&](const Module& module) {
    if (name == nullptr) return cudaErrorInvalidValue;
    const ModuleVariable* variable = module_variable(module, name);
    if (variable == nullptr) return cudaErrorSymbolNotFound;
    if (address != nullptr) *address = reinterpret_cast<void*>(variable->address);
    if (bytes != nullptr) *bytes = variable->bytes;
    return cudaSuccess;
  });
}

// No library has managed variables or unified functions that could be told apart from others here.
cudaError_t cudaLibraryGetManaged(void**, std::size_t*, cudaLibrary_t library, const char*) {
  return with_library(library, [](const Module&) { return cudaErrorSymbolNotFound; });
}

cudaError_t cudaLibraryGetUnifiedFunction(void**, cudaLibrary_t library, const char*) {
  return with_library(library, [](const Module&) { return cudaErrorSymbolNotFound; });
}

cudaError_t cudaLibraryGetKernelCount(unsigned* count, cudaLibrary_t library) {
  return with_library(library, [&](const Module& module) {
    if (count == nullptr) return cudaErrorInvalidValue;
    *count = static_cast<unsigned>(module.kernels.size());
    return cudaSuccess;
  });
}

cudaError_t cudaLibraryEnumerateKernels(cudaKernel_t* kernels, unsigned room, cudaLibrary_t library) {
  return with_library(library, [&](const Module& module) {
    if (kernels == nullptr && room > 0) return cudaErrorInvalidValue;
    const std::size_t count = std::min<std::size_t>(room, module.kernels.size());
    for (std::size_t i = 0; i < count; ++i) kernels[i] = reinterpret_cast<cudaKernel_t>(module.kernels[i]);
    return cudaSuccess;
  });
}
