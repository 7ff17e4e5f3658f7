// libnvrtc.so: NVIDIA's compiler for kernels made at run time needs no device, so where it is installed it does the
// work, loaded beside this library; the machine code it makes then goes through the virtual driver like any other.
// Where it is not, a program cannot be created, and why is said.
//
// HEADROOM_VIRTUAL_GPU_NVRTC names the folder of the real library, or is "none". Unset, it is looked for where pip puts
// it.
#include <dlfcn.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/installed.h"

namespace headroom::virtual_gpu::nvrtc {
namespace {

enum Status { kSuccess = 0, kInvalidInput = 3, kInvalidProgram = 4, kInternalError = 11 };  // nvrtcResult

constexpr int kMajor = CUDART_VERSION / 1000, kMinor = CUDART_VERSION % 1000 / 10;
constexpr const char* kVariable = "HEADROOM_VIRTUAL_GPU_NVRTC";

std::string find_library() {
  const char* wish = std::getenv(kVariable);
  if (wish == nullptr || *wish == 0) {
    const std::string found = find_installed("nvidia/cu" + std::to_string(kMajor) + "/lib/" + nvrtc_file());
    return found.empty() ? find_installed("nvidia/cuda_nvrtc/lib/" + nvrtc_file()) : found;
  }
  return std::string(wish) == "none" ? "" : std::string(wish) + "/" + nvrtc_file();
}

// NVRTC asks the loader for its builtins by soname alone, and without an installed toolkit nothing would find them.
void load_builtins(const std::filesystem::path& folder) {
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable))
    if (entry.path().filename().string().starts_with("libnvrtc-builtins.so"))
      dlopen(entry.path().c_str(), RTLD_NOW | RTLD_LOCAL);
}

void* load() {
  const std::string path = find_library();
  if (path.empty()) return nullptr;
  load_builtins(std::filesystem::path(path).parent_path());
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::fprintf(stderr, "headroom: %s: %s. Right is a folder that holds %s, or \"none\".\n", kVariable, dlerror(),
                 nvrtc_file().c_str());
  }
  return library;
}

void* real(const char* function) {
  static void* const library = load();
  return library == nullptr ? nullptr : dlsym(library, function);
}

}  // namespace

extern "C" {

// Each function is the real one's, or says that it has no program to work on.
#define FORWARD(name, parameters, arguments)                                       \
  Status name parameters {                                                         \
    static auto* const call = reinterpret_cast<Status(*) parameters>(real(#name)); \
    return call == nullptr ? kInvalidProgram : call arguments;                     \
  }

FORWARD(nvrtcCompileProgram, (void* program, int count, const char* const* options), (program, count, options))
FORWARD(nvrtcDestroyProgram, (void** program), (program))
FORWARD(nvrtcGetPTXSize, (void* program, std::size_t* size), (program, size))
FORWARD(nvrtcGetPTX, (void* program, char* text), (program, text))
FORWARD(nvrtcGetCUBINSize, (void* program, std::size_t* size), (program, size))
FORWARD(nvrtcGetCUBIN, (void* program, char* code), (program, code))
FORWARD(nvrtcGetProgramLogSize, (void* program, std::size_t* size), (program, size))
FORWARD(nvrtcGetProgramLog, (void* program, char* text), (program, text))
FORWARD(nvrtcAddNameExpression, (void* program, const char* expression), (program, expression))
FORWARD(nvrtcGetLoweredName, (void* program, const char* expression, const char** name), (program, expression, name))
FORWARD(nvrtcGetNumSupportedArchs, (int* count), (count))
FORWARD(nvrtcGetSupportedArchs, (int* architectures), (architectures))

Status nvrtcCreateProgram(void** program, const char* source, const char* name, int count, const char* const* headers,
                          const char* const* include_names) {
  using Create = Status(void**, const char*, const char*, int, const char* const*, const char* const*);
  static auto* const call = reinterpret_cast<Create*>(real("nvrtcCreateProgram"));
  if (call != nullptr) return call(program, source, name, count, headers, include_names);
  headroom_virtual_gpu_unimplemented("nvrtcCreateProgram", kInternalError);
  assume(
      "NVRTC: kernels that PyTorch compiles at run time are refused; with the wheel nvidia-cuda-nvrtc installed they "
      "work");
  return kInternalError;
}

Status nvrtcVersion(int* major, int* minor) {
  static auto* const call = reinterpret_cast<Status (*)(int*, int*)>(real("nvrtcVersion"));
  if (call != nullptr) return call(major, minor);
  if (major == nullptr || minor == nullptr) return kInvalidInput;
  *major = kMajor;
  *minor = kMinor;
  return kSuccess;
}

const char* nvrtcGetErrorString(Status status) {
  static auto* const call = reinterpret_cast<const char* (*)(Status)>(real("nvrtcGetErrorString"));
  if (call != nullptr) return call(status);
  return status == kSuccess ? "NVRTC_SUCCESS" : "NVRTC_ERROR: no compiler is installed (wheel nvidia-cuda-nvrtc)";
}
}

}  // namespace headroom::virtual_gpu::nvrtc
