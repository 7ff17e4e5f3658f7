// libcudnn.so.9: present and honest about its version; everything that would plan or run an operation is refused by the
// generated stubs (CUDNN_STATUS_NOT_SUPPORTED), because its workspace depends on NVIDIA's own heuristics.
#include <cstddef>

namespace {
enum Status { kSuccess = 0, kNotSupported = 3000 };
}

extern "C" {

std::size_t cudnnGetVersion() { return 91900; }
std::size_t cudnnGetCudartVersion() { return 13000; }

Status cudnnGetProperty(int property, int* value) {
  constexpr int version[] = {9, 19, 0};
  if (property < 0 || property > 2) return kNotSupported;
  *value = version[property];
  return kSuccess;
}

const char* cudnnGetErrorString(Status status) {
  return status == kSuccess ? "CUDNN_STATUS_SUCCESS" : "CUDNN_STATUS_NOT_SUPPORTED (the virtual GPU has no cuDNN)";
}

void cudnnGetLastErrorString(char* out, std::size_t bytes) {
  if (out != nullptr && bytes > 0) *out = '\0';
}
}
