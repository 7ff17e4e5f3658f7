// libcuda.so.1: the linker. Nothing is linked: what was added becomes one image, of which modules read kernels and
// their facts. Machine code comes first; PTX is joined into one text.
#include <fstream>
#include <iterator>
#include <string>

#include "virtual_gpu/core/cubin.h"
#include "virtual_gpu/core/handle_pool.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

struct Linker : Handled<0x4c494e4b> {
  std::string machine_code, ptx, image;
};

HandlePool<Linker>& linkers() {
  static auto& pool = *new HandlePool<Linker>;
  return pool;
}

CUresult add(Linker& linker, CUjitInputType type, std::string bytes) {
  switch (type) {
    case CU_JIT_INPUT_CUBIN:
    case CU_JIT_INPUT_FATBINARY:
      if (linker.machine_code.empty()) linker.machine_code = std::move(bytes);
      return CUDA_SUCCESS;
    case CU_JIT_INPUT_PTX:
      linker.ptx += bytes.c_str();
      linker.ptx += '\n';
      return CUDA_SUCCESS;
    case CU_JIT_INPUT_OBJECT:
    case CU_JIT_INPUT_LIBRARY:
      return CUDA_SUCCESS;  // device functions for kernels that other inputs hold
    default:
      return CUDA_ERROR_NOT_SUPPORTED;
  }
}

template <class Body>
CUresult with_linker(CUlinkState handle, Body body) {
  return with_driver([&] {
    Linker* linker = live<Linker>(handle);
    return linker == nullptr ? CUDA_ERROR_INVALID_HANDLE : body(*linker);
  });
}

}  // namespace

CUresult cuLinkCreate(unsigned, CUjit_option*, void**, CUlinkState* out) {
  return with_driver([&] {
    if (out == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *out = reinterpret_cast<CUlinkState>(linkers().create());
    return CUDA_SUCCESS;
  });
}

CUresult cuLinkAddData(CUlinkState handle, CUjitInputType type, void* data, std::size_t bytes, const char*, unsigned,
                       CUjit_option*, void**) {
  return with_linker(handle, [&](Linker& linker) {
    if (data == nullptr) return CUDA_ERROR_INVALID_VALUE;
    return add(linker, type, std::string(static_cast<const char*>(data), bytes));
  });
}

CUresult cuLinkAddFile(CUlinkState handle, CUjitInputType type, const char* path, unsigned, CUjit_option*, void**) {
  return with_linker(handle, [&](Linker& linker) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return CUDA_ERROR_FILE_NOT_FOUND;
    return add(linker, type, std::string(std::istreambuf_iterator<char>(file), {}));
  });
}

CUresult cuLinkComplete(CUlinkState handle, void** image, std::size_t* bytes) {
  return with_linker(handle, [&](Linker& linker) {
    if (image == nullptr) return CUDA_ERROR_INVALID_VALUE;
    linker.image = linker.machine_code.empty() ? linker.ptx : linker.machine_code;
    if (linker.image.empty()) return CUDA_ERROR_INVALID_IMAGE;
    *image = linker.image.data();
    if (bytes != nullptr) *bytes = linker.image.size();
    return CUDA_SUCCESS;
  });
}

CUresult cuLinkDestroy(CUlinkState handle) {
  return with_linker(handle, [](Linker& linker) {
    linker.machine_code = linker.ptx = linker.image = {};
    linkers().destroy(&linker);
    return CUDA_SUCCESS;
  });
}
