// libcufft.so.12: plans as PyTorch makes them (its own work area, any layout); a transform is one launch.
#include <iterator>
#include <map>
#include <mutex>

#include "virtual_gpu/libraries/cufft/work_size.h"
#include "virtual_gpu/libraries/stream_handle.h"

namespace headroom::virtual_gpu::cufft {
namespace {

enum Status {
  kSuccess = 0,
  kInvalidPlan = 1,
  kInvalidType = 3,
  kInvalidValue = 4,
  kExecFailed = 6,
  kSetupFailed = 7,
  kInvalidSize = 8,
  kNotSupported = 16,
};

struct Plan {
  StreamHandle handle;
  std::size_t work_bytes = 0;
  bool allocates = true;  // the library would take its work area itself, outside PyTorch's allocator
};

struct Plans {
  std::mutex mutex;
  std::map<int, Plan> made;
  int next = 1;
};

Plans& plans() {
  static Plans& singleton = *new Plans;
  return singleton;
}

template <class Body>
Status with_plan(int number, Body body) {
  const std::lock_guard lock(plans().mutex);
  const auto entry = plans().made.find(number);
  return entry == plans().made.end() ? kInvalidPlan : body(entry->second);
}

std::size_t complex_bytes(int type) {  // cudaDataType of the execution
  switch (type) {
    case 4:  // CUDA_C_32F
      return 8;
    case 5:  // CUDA_C_64F
      return 16;
    case 6:   // CUDA_C_16F
    case 15:  // CUDA_C_16BF
      return 4;
    default:
      return 0;
  }
}

Status plan_transform(Plan& plan, const Transform& transform, std::size_t* out) {
  for (const long long length : transform.lengths)
    if (length <= 0) return kInvalidSize;
  if (transform.batch <= 0) return kInvalidSize;
  assume(
      "cuFFT's work areas are counted as one complex array of the transform's size, the least that its documentation "
      "gives (at "
      "most eight)");
  plan.work_bytes = work_bytes(transform);
  if (plan.allocates) assume("cuFFT plans that take their own work area: it is not counted");
  if (out != nullptr) *out = plan.work_bytes;
  return kSuccess;
}

}  // namespace

extern "C" {

Status cufftCreate(int* out) {
  if (out == nullptr) return kInvalidValue;
  if (device() == nullptr) return kSetupFailed;
  activate_context();
  const std::lock_guard lock(plans().mutex);
  *out = plans().next++;
  plans().made.emplace(*out, Plan{});
  return kSuccess;
}

Status cufftDestroy(int number) {
  const std::lock_guard lock(plans().mutex);
  return plans().made.erase(number) == 1 ? kSuccess : kInvalidPlan;
}

Status cufftSetStream(int number, cudaStream_t stream) {
  return with_plan(number, [&](Plan& plan) { return plan.handle.stream = stream, kSuccess; });
}

Status cufftSetAutoAllocation(int number, int allocates) {
  return with_plan(number, [&](Plan& plan) { return plan.allocates = allocates != 0, kSuccess; });
}

Status cufftSetWorkArea(int number, void*) {
  return with_plan(number, [](Plan&) { return kSuccess; });
}

Status cufftGetSize(int number, std::size_t* out) {
  return with_plan(number, [&](Plan& plan) { return *out = plan.work_bytes, kSuccess; });
}

Status cufftXtMakePlanMany(int number, int rank, long long* lengths, long long*, long long, long long, int input_type,
                           long long*, long long, long long, int output_type, long long batch, std::size_t* work,
                           int execution_type) {
  if (rank < 1 || rank > 3 || lengths == nullptr) return kInvalidValue;
  if (complex_bytes(execution_type) == 0) return kInvalidType;
  const Transform transform = {
      {lengths, lengths + rank}, batch, input_type == output_type, complex_bytes(execution_type)};
  return with_plan(number, [&](Plan& plan) { return plan_transform(plan, transform, work); });
}

Status cufftXtExec(int number, void*, void*, int) {
  StreamHandle handle;
  const Status status = with_plan(number, [&](const Plan& plan) { return handle = plan.handle, kSuccess; });
  if (status != kSuccess) return status;
  return launched(handle, "cufftXtExec") ? kSuccess : kExecFailed;
}

Status cufftGetVersion(int* out) {
  if (out == nullptr) return kInvalidValue;
  *out = 12000;
  return kSuccess;
}

Status cufftGetProperty(int property, int* out) {
  constexpr int kVersion[] = {12, 0, 0};
  if (property < 0 || property >= static_cast<int>(std::size(kVersion)) || out == nullptr) return kInvalidValue;
  *out = kVersion[property];
  return kSuccess;
}
}

}  // namespace headroom::virtual_gpu::cufft
