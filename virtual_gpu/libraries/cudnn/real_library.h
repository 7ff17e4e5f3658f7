// NVIDIA's own libcudnn.so.9, if it is installed: loaded privately, beside the one that stands in for it, and asked for
// nothing but what its host code decides (engines, workspaces, descriptors). It needs no device for that from
// version 9.8 on.
//
// HEADROOM_VIRTUAL_GPU_CUDNN names its folder, or is "none". Unset, it is looked for where pip puts it
// (core/installed.h).
#pragma once

#include <cstddef>
#include <string>

namespace headroom::virtual_gpu::cudnn {

struct RealLibrary {
  void* handle = nullptr;
  std::string path;
  std::size_t version = 0;  // 91900: 9.19.0
};

const RealLibrary* real_library();  // nullptr: none is used
const std::string& why_no_real_library();

void* real_symbol(const char* name);  // nullptr: none

// Call as real<Status(Descriptor*, int)>("cudnnName"); the name must be one that every cuDNN 9 has.
template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(real_symbol(name));
}

}  // namespace headroom::virtual_gpu::cudnn
