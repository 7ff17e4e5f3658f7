// libcublasLt.so.13: a multiplication is one launch on the stream that the caller names. PyTorch hands over a workspace
// that it sized before it asked for an algorithm, so which algorithm it would get changes no memory.
#include <algorithm>
#include <cstring>
#include <iterator>

#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/work.h"
#include "virtual_gpu/libraries/cublaslt/descriptors.h"

namespace headroom::virtual_gpu::cublaslt {
namespace {

constexpr int kVersion[] = {13, 1, 0};

struct Handle {};

// cublasLtMatmulAlgo_t is 64 opaque bytes: here the values of its configuration attributes, by their numbers.
struct Algorithm {
  std::int32_t values[16];
};

struct HeuristicResult {  // cublasLtMatmulHeuristicResult_t
  Algorithm algorithm;
  std::size_t workspace_bytes;
  Status state;
  float waves;
  int reserved[4];
};
static_assert(sizeof(HeuristicResult) == 96);

// One answer needs no workspace, so it is within any limit.
HeuristicResult result(int number) {
  HeuristicResult answer = {};
  answer.algorithm.values[0] = number;
  answer.state = kSuccess;
  answer.waves = 1;
  return answer;
}

Status launch(const Handle* handle, const char* routine, cudaStream_t stream) {
  if (handle == nullptr) return kNotInitialized;
  return submit_kernel(stream, routine, 0) == cudaSuccess ? kSuccess : kExecutionFailed;
}

bool configurable(int attribute, std::size_t bytes) {
  return attribute >= 0 && attribute < static_cast<int>(std::size(Algorithm{}.values)) && bytes <= sizeof(std::int32_t);
}

}  // namespace

extern "C" {

std::size_t cublasLtGetVersion() { return kVersion[0] * 10000 + kVersion[1] * 100 + kVersion[2]; }
std::size_t cublasLtGetCudartVersion() { return kRuntimeVersion; }

Status cublasLtGetProperty(int property, int* out) {
  if (property < 0 || property >= static_cast<int>(std::size(kVersion)) || out == nullptr) return kInvalidValue;
  *out = kVersion[property];
  return kSuccess;
}

Status cublasLtCreate(Handle** out) {
  if (device() == nullptr) return kNotInitialized;
  if (out == nullptr) return kInvalidValue;
  activate_context();
  *out = new Handle;
  return kSuccess;
}

Status cublasLtDestroy(Handle* handle) {
  delete handle;
  return kSuccess;
}

Status cublasLtMatmulAlgoGetHeuristic(const Handle* handle, const Descriptor* operation, const Descriptor* a,
                                      const Descriptor* b, const Descriptor* c, const Descriptor* d, const Descriptor*,
                                      int wanted, HeuristicResult* results, int* found) {
  if (handle == nullptr) return kNotInitialized;
  if (operation == nullptr || a == nullptr || b == nullptr || c == nullptr || d == nullptr) return kInvalidValue;
  if (wanted < 1 || results == nullptr || found == nullptr) return kInvalidValue;
  for (int i = 0; i < wanted; ++i) results[i] = result(i);
  *found = wanted;
  return kSuccess;
}

Status cublasLtMatmulAlgoGetIds(const Handle* handle, int, int, int, int, int, int, int wanted, int* ids, int* found) {
  if (handle == nullptr) return kNotInitialized;
  if (wanted < 1 || ids == nullptr || found == nullptr) return kInvalidValue;
  ids[0] = 0;
  *found = 1;
  return kSuccess;
}

Status cublasLtMatmulAlgoInit(const Handle* handle, int, int, int, int, int, int, int number, Algorithm* out) {
  if (handle == nullptr) return kNotInitialized;
  if (out == nullptr) return kInvalidValue;
  *out = result(number).algorithm;
  return kSuccess;
}

Status cublasLtMatmulAlgoCheck(const Handle* handle, const Descriptor*, const Descriptor*, const Descriptor*,
                               const Descriptor*, const Descriptor*, const Algorithm* algorithm, HeuristicResult* out) {
  if (handle == nullptr) return kNotInitialized;
  if (algorithm == nullptr || out == nullptr) return kInvalidValue;
  *out = result(0);
  out->algorithm = *algorithm;
  return kSuccess;
}

Status cublasLtMatmulAlgoConfigSetAttribute(Algorithm* algorithm, int attribute, const void* value, std::size_t bytes) {
  if (algorithm == nullptr || value == nullptr || !configurable(attribute, bytes)) return kInvalidValue;
  algorithm->values[attribute] = 0;
  std::memcpy(&algorithm->values[attribute], value, bytes);
  return kSuccess;
}

Status cublasLtMatmulAlgoConfigGetAttribute(const Algorithm* algorithm, int attribute, void* value, std::size_t bytes,
                                            std::size_t* written) {
  if (algorithm == nullptr || value == nullptr || !configurable(attribute, bytes)) return kInvalidValue;
  std::memcpy(value, &algorithm->values[attribute], bytes);
  if (written != nullptr) *written = bytes;
  return kSuccess;
}

Status cublasLtMatmul(const Handle* handle, const Descriptor* operation, const void*, const void*, const Descriptor* a,
                      const void*, const Descriptor* b, const void*, const void*, const Descriptor* c, void*,
                      const Descriptor* d, const Algorithm*, void*, std::size_t, cudaStream_t stream) {
  if (operation == nullptr || a == nullptr || b == nullptr || c == nullptr || d == nullptr) return kInvalidValue;
  return launch(handle, "cublasLtMatmul", stream);
}

Status cublasLtMatrixTransform(const Handle* handle, const Descriptor*, const void*, const void*, const Descriptor*,
                               const void*, const void*, const Descriptor*, void*, const Descriptor*,
                               cudaStream_t stream) {
  return launch(handle, "cublasLtMatrixTransform", stream);
}
}

}  // namespace headroom::virtual_gpu::cublaslt
