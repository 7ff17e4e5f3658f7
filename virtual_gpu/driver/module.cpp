// libcuda.so.1: modules, libraries and their kernels. A CUkernel and its CUfunction are the same handle.
#include <algorithm>

#include "virtual_gpu/core/fat_binary.h"
#include "virtual_gpu/core/modules.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

template <class Body>
CUresult with_module(const void* handle, Body body) {
  return with_driver([&] {
    Module* module = find_module(handle);
    return module == nullptr ? CUDA_ERROR_INVALID_HANDLE : static_cast<CUresult>(body(*module));
  });
}

template <class Body>
CUresult with_kernel(const void* handle, Body body) {
  return with_driver([&] {
    Kernel* kernel = kernel_of_handle(handle);
    return kernel == nullptr ? CUDA_ERROR_INVALID_HANDLE : static_cast<CUresult>(body(*kernel));
  });
}

template <class Handle>
CUresult load(Handle* out, const void* image) {
  return with_driver([&] {
    Module* module = nullptr;
    const cudaError_t error = out == nullptr ? cudaErrorInvalidValue : load_module(image, &module);
    if (error == cudaSuccess) *out = reinterpret_cast<Handle>(module);
    return error;
  });
}

template <class Handle>
CUresult load_file(Handle* out, const char* path) {
  return with_driver([&] {
    Module* module = nullptr;
    const cudaError_t error = out == nullptr ? cudaErrorInvalidValue : load_module_file(path, &module);
    if (error == cudaSuccess) *out = reinterpret_cast<Handle>(module);
    return error;
  });
}

template <class Handle>
CUresult get_kernel(Handle* out, const void* module, const char* name) {
  if (out == nullptr || name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  return with_module(module, [&](const Module& found) {
    Kernel* kernel = module_kernel(found, name);
    *out = reinterpret_cast<Handle>(kernel);
    return kernel != nullptr ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
  });
}

CUresult get_variable(CUdeviceptr* address, std::size_t* bytes, const void* module, const char* name) {
  if (name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  return with_module(module, [&](const Module& found) {
    const ModuleVariable* variable = module_variable(found, name);
    if (variable == nullptr) return CUDA_ERROR_NOT_FOUND;
    if (address != nullptr) *address = variable->address;
    if (bytes != nullptr) *bytes = variable->bytes;
    return CUDA_SUCCESS;
  });
}

template <class Handle>
CUresult enumerate(Handle* out, unsigned room, const void* module) {
  return with_module(module, [&](const Module& found) {
    if (out == nullptr && room > 0) return CUDA_ERROR_INVALID_VALUE;
    const std::size_t count = std::min<std::size_t>(room, found.kernels.size());
    for (std::size_t i = 0; i < count; ++i) out[i] = reinterpret_cast<Handle>(found.kernels[i]);
    return CUDA_SUCCESS;
  });
}

CUresult count_kernels(unsigned* count, const void* module) {
  return with_module(module, [&](const Module& found) {
    return count == nullptr ? CUDA_ERROR_INVALID_VALUE
                            : (*count = static_cast<unsigned>(found.kernels.size()), CUDA_SUCCESS);
  });
}

CUresult parameter_info(const void* kernel, std::size_t index, std::size_t* offset, std::size_t* bytes) {
  return with_kernel(kernel, [&](Kernel& found) {
    const auto& parameters = kernel_facts(found).parameters;
    if (offset == nullptr || index >= parameters.size()) return CUDA_ERROR_INVALID_VALUE;
    *offset = parameters[index].offset;
    if (bytes != nullptr) *bytes = parameters[index].bytes;
    return CUDA_SUCCESS;
  });
}

CUresult kernel_name(const char** name, const void* kernel) {
  return with_kernel(kernel, [&](const Kernel& found) {
    return name == nullptr ? CUDA_ERROR_INVALID_VALUE : (*name = found.name, CUDA_SUCCESS);
  });
}

}  // namespace

CUresult cuModuleLoad(CUmodule* out, const char* path) { return load_file(out, path); }
CUresult cuModuleLoadData(CUmodule* out, const void* image) { return load(out, image); }
CUresult cuModuleLoadDataEx(CUmodule* out, const void* image, unsigned, CUjit_option*, void**) {
  return load(out, image);
}
CUresult cuModuleLoadFatBinary(CUmodule* out, const void* image) { return load(out, image); }
CUresult cuModuleUnload(CUmodule module) { return driver_status(unload_module(find_module(module))); }
CUresult cuModuleGetLoadingMode(CUmoduleLoadingMode* mode) {
  return mode == nullptr ? CUDA_ERROR_INVALID_VALUE : (*mode = CU_MODULE_LAZY_LOADING, CUDA_SUCCESS);
}
CUresult cuModuleGetFunction(CUfunction* out, CUmodule module, const char* name) {
  return get_kernel(out, module, name);
}
CUresult cuModuleGetFunctionCount(unsigned* count, CUmodule module) { return count_kernels(count, module); }
CUresult cuModuleEnumerateFunctions(CUfunction* out, unsigned room, CUmodule module) {
  return enumerate(out, room, module);
}
CUresult cuModuleGetGlobal(CUdeviceptr* address, std::size_t* bytes, CUmodule module, const char* name) {
  return get_variable(address, bytes, module, name);
}

CUresult cuLibraryLoadData(CUlibrary* out, const void* code, CUjit_option*, void**, unsigned, CUlibraryOption*, void**,
                           unsigned) {
  return load(out, code);
}
CUresult cuLibraryLoadFromFile(CUlibrary* out, const char* path, CUjit_option*, void**, unsigned, CUlibraryOption*,
                               void**, unsigned) {
  return load_file(out, path);
}
CUresult cuLibraryUnload(CUlibrary library) { return driver_status(unload_module(find_module(library))); }
CUresult cuLibraryGetKernel(CUkernel* out, CUlibrary library, const char* name) {
  return get_kernel(out, library, name);
}
CUresult cuLibraryGetKernelCount(unsigned* count, CUlibrary library) { return count_kernels(count, library); }
CUresult cuLibraryEnumerateKernels(CUkernel* out, unsigned room, CUlibrary library) {
  return enumerate(out, room, library);
}
CUresult cuLibraryGetModule(CUmodule* out, CUlibrary library) {
  return with_module(library, [&](Module& module) { return *out = reinterpret_cast<CUmodule>(&module), CUDA_SUCCESS; });
}
CUresult cuLibraryGetGlobal(CUdeviceptr* address, std::size_t* bytes, CUlibrary library, const char* name) {
  return get_variable(address, bytes, library, name);
}
// No module has managed variables or unified functions that could be told apart from others here.
CUresult cuLibraryGetManaged(CUdeviceptr*, std::size_t*, CUlibrary library, const char*) {
  return with_module(library, [](const Module&) { return CUDA_ERROR_NOT_FOUND; });
}
CUresult cuLibraryGetUnifiedFunction(void**, CUlibrary library, const char*) {
  return with_module(library, [](const Module&) { return CUDA_ERROR_NOT_FOUND; });
}

CUresult cuKernelGetFunction(CUfunction* out, CUkernel kernel) {
  return with_kernel(kernel, [&](Kernel& found) { return *out = reinterpret_cast<CUfunction>(&found), CUDA_SUCCESS; });
}
CUresult cuKernelGetLibrary(CUlibrary* out, CUkernel kernel) {
  return with_kernel(kernel, [&](const Kernel& found) {
    *out = reinterpret_cast<CUlibrary>(found.module);
    return found.module != nullptr ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
  });
}
CUresult cuKernelGetName(const char** name, CUkernel kernel) { return kernel_name(name, kernel); }
CUresult cuKernelGetParamInfo(CUkernel kernel, std::size_t index, std::size_t* offset, std::size_t* bytes) {
  return parameter_info(kernel, index, offset, bytes);
}
CUresult cuKernelGetAttribute(int* value, CUfunction_attribute attribute, CUkernel kernel, CUdevice ordinal) {
  if (!valid_device(ordinal)) return CUDA_ERROR_INVALID_DEVICE;
  return with_kernel(kernel, [&](Kernel& found) { return get_kernel_attribute(found, ordinal, attribute, value); });
}
CUresult cuKernelSetAttribute(CUfunction_attribute attribute, int value, CUkernel kernel, CUdevice ordinal) {
  if (!valid_device(ordinal)) return CUDA_ERROR_INVALID_DEVICE;
  return with_kernel(kernel, [&](Kernel& found) { return set_kernel_attribute(found, ordinal, attribute, value); });
}
CUresult cuKernelSetCacheConfig(CUkernel kernel, CUfunc_cache, CUdevice) {
  return with_kernel(kernel, [](Kernel&) { return CUDA_SUCCESS; });
}

CUresult cuFuncGetModule(CUmodule* out, CUfunction function) {
  return with_kernel(function, [&](const Kernel& found) {
    *out = reinterpret_cast<CUmodule>(found.module);
    return found.module != nullptr ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
  });
}
CUresult cuFuncGetName(const char** name, CUfunction function) { return kernel_name(name, function); }
CUresult cuFuncGetParamInfo(CUfunction function, std::size_t index, std::size_t* offset, std::size_t* bytes) {
  return parameter_info(function, index, offset, bytes);
}
CUresult cuFuncIsLoaded(CUfunctionLoadingState* state, CUfunction function) {
  return with_kernel(function, [&](Kernel&) { return *state = CU_FUNCTION_LOADING_STATE_LOADED, CUDA_SUCCESS; });
}
CUresult cuFuncLoad(CUfunction function) {
  return with_kernel(function, [](Kernel&) { return CUDA_SUCCESS; });
}
CUresult cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction function) {
  return with_kernel(function,
                     [&](Kernel& found) { return get_kernel_attribute(found, current_device(), attribute, value); });
}
CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) {
  return with_kernel(function,
                     [&](Kernel& found) { return set_kernel_attribute(found, current_device(), attribute, value); });
}
CUresult cuFuncSetCacheConfig(CUfunction function, CUfunc_cache) {
  return with_kernel(function, [](Kernel&) { return CUDA_SUCCESS; });
}
CUresult cuFuncSetSharedMemConfig(CUfunction function, CUsharedconfig) {
  return with_kernel(function, [](Kernel&) { return CUDA_SUCCESS; });
}
