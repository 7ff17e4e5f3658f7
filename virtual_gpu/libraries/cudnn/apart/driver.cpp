// A driver for NVIDIA's cuDNN alone. cuDNN plans for a device it was
// told of, so there is none here; but what it compiles for that device it also loads, to make sure of it, and that
// works: libraries and kernels are handles that hold nothing.
#include <cuda.h>

namespace {

int something;  // what every handle points at

template <class Object>
CUresult hand_out(Object* out) {
  if (out == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *out = reinterpret_cast<Object>(&something);
  return CUDA_SUCCESS;
}

}  // namespace

extern "C" {

// Every other function of the driver API.
long headroom_virtual_gpu_unimplemented(const char*, long) { return CUDA_ERROR_NO_DEVICE; }

CUresult cuInit(unsigned) { return CUDA_ERROR_NO_DEVICE; }

CUresult cuDriverGetVersion(int* version) {
  *version = CUDA_VERSION;
  return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult, const char** name) {
  *name = "CUDA_ERROR";
  return CUDA_SUCCESS;
}

CUresult cuGetErrorString(CUresult, const char** text) {
  *text = "no device here";
  return CUDA_SUCCESS;
}

CUresult cuLibraryLoadData(CUlibrary* library, const void*, CUjit_option*, void**, unsigned, CUlibraryOption*, void**,
                           unsigned) {
  return hand_out(library);
}
CUresult cuLibraryGetKernel(CUkernel* kernel, CUlibrary, const char*) { return hand_out(kernel); }
CUresult cuLibraryUnload(CUlibrary) { return CUDA_SUCCESS; }
CUresult cuKernelGetFunction(CUfunction* function, CUkernel) { return hand_out(function); }
CUresult cuKernelSetAttribute(CUfunction_attribute, int, CUkernel, CUdevice) { return CUDA_SUCCESS; }
CUresult cuModuleLoadData(CUmodule* module, const void*) { return hand_out(module); }
CUresult cuModuleLoadDataEx(CUmodule* module, const void*, unsigned, CUjit_option*, void**) { return hand_out(module); }
CUresult cuModuleGetFunction(CUfunction* function, CUmodule, const char*) { return hand_out(function); }
CUresult cuModuleUnload(CUmodule) { return CUDA_SUCCESS; }
CUresult cuFuncSetAttribute(CUfunction, CUfunction_attribute, int) { return CUDA_SUCCESS; }
}
