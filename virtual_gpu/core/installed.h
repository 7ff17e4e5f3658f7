// NVIDIA libraries that are installed though no GPU is, found where pip puts them: in a folder above a library that
// this process has loaded, which finds the site-packages of Torch and of the running Python.
#pragma once

#include <cuda_runtime_api.h>

#include <string>

namespace headroom::virtual_gpu {

inline constexpr char kCudnnFile[] = "libcudnn.so.9";
inline std::string nvrtc_file() { return "libnvrtc.so." + std::to_string(CUDART_VERSION / 1000); }

// `relative` is such as "nvidia/cu13/lib/libnvrtc.so.13". Nearest first; empty: nowhere.
std::string find_installed(const std::string& relative);

}  // namespace headroom::virtual_gpu
