#include "virtual_gpu/libraries/cudnn/real_library.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/installed.h"
#include "virtual_gpu/libraries/cudnn/redirect.h"

namespace headroom::virtual_gpu::cudnn {
namespace {

constexpr const char* kVariable = "HEADROOM_VIRTUAL_GPU_CUDNN";
constexpr std::size_t kFirstDeviceless = 90800;

struct Search {
  RealLibrary library;
  std::string why_not;
};

bool readable(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file != nullptr) std::fclose(file);
  return file != nullptr;
}

Search refuse(std::string why) { return {{}, std::move(why)}; }

Search complain(const char* folder, const std::string& why) {
  std::fprintf(stderr, "headroom: %s is '%s': %s. Right is a folder that holds libcudnn.so.9, or \"none\".\n",
               kVariable, folder, why.c_str());
  return refuse(std::string(kVariable) + ": " + why);
}

// Of NVIDIA's library, once it is known, with its last '/'.
std::string& real_folder() {
  static std::string& folder = *new std::string;
  return folder;
}

// The folder of the virtual libraries.
std::string own_folder() {
  Dl_info here;
  if (dladdr(reinterpret_cast<void*>(&own_folder), &here) == 0) return {};
  const std::string_view file = here.dli_fname;
  return std::string(file.substr(0, file.rfind('/')));
}

// It meets the driver and the compiler that are made for it (apart/), not those that this process has under their
// names.
void* open_for_cudnn(const char* name, int flags) {
  static const std::string apart = own_folder() + "/cudnn-apart/";
  const std::string_view wanted = name == nullptr ? "" : name;
  const std::string_view file = wanted.substr(wanted.rfind('/') + 1);
  if (file.starts_with("libcuda.so")) return dlopen((apart + "driver.so").c_str(), flags);
  if (file.starts_with("libnvrtc.so")) return dlopen((apart + "compiler.so").c_str(), flags);
  if (file.starts_with("libcublasLt.so"))
    assume(
        "convolutions that cuDNN hands to cublasLt (1 x 1 ones): cublasLt's part of their workspace is counted as 0 "
        "bytes");
  const std::string beside = wanted.starts_with("libcudnn") ? real_folder() + std::string(wanted) : std::string();
  void* handle = dlopen(beside.empty() ? name : beside.c_str(), flags);
  redirect_newly_loaded();
  return handle;
}

Search load(const std::string& path) {
  Search found;
  found.library.path = path;
  real_folder() = path.substr(0, path.rfind('/') + 1);
  found.library.handle = open_redirected(path, open_for_cudnn);
  if (found.library.handle == nullptr) return refuse(dlerror());
  const auto version = reinterpret_cast<std::size_t (*)()>(dlsym(found.library.handle, "cudnnGetVersion"));
  found.library.version = version == nullptr ? 0 : version();
  if (found.library.version < kFirstDeviceless || found.library.version >= 100000)
    return refuse(path + " has version " + std::to_string(found.library.version) +
                  "; only 9.8 and later can plan without a device");
  return found;
}

Search search() {
  const char* wish = std::getenv(kVariable);
  if (wish != nullptr && std::string_view(wish) == "none") return refuse("not wanted");
  if (wish != nullptr && *wish != '\0') {
    const std::string path = std::string(wish) + "/" + kCudnnFile;
    if (!readable(path)) return refuse("no libcudnn.so.9 is there");  // core/configuration.cpp has said so
    const Search found = load(path);
    return found.library.version != 0 && found.why_not.empty() ? found : complain(wish, found.why_not);
  }
  const std::string path = find_installed(std::string("nvidia/cudnn/lib/") + kCudnnFile);
  return path.empty() ? refuse("not installed") : load(path);
}

const Search& result() {
  static const Search& found = *new Search(search());
  return found;
}

}  // namespace

const RealLibrary* real_library() { return result().why_not.empty() ? &result().library : nullptr; }
const std::string& why_no_real_library() { return result().why_not; }

void* real_symbol(const char* name) {
  return real_library() == nullptr ? nullptr : dlsym(real_library()->handle, name);
}

}  // namespace headroom::virtual_gpu::cudnn
