// Random states of dropout in recurrent layers.
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/libraries/cudnn/descriptors.h"

namespace headroom::virtual_gpu::cudnn {
namespace {

constexpr std::size_t kGeneratorBytes = 48;  // sizeof(curandStateXORWOW_t), curand_kernel.h

}  // namespace

extern "C" {

Status cudnnDropoutGetStatesSize(const Handle* handle, std::size_t* bytes) {
  if (handle == nullptr || bytes == nullptr) return fail(kBadParamNullPointer, "no handle or no place for the size");
  assume("cuDNN's dropout: its states are counted as one cuRAND generator for each thread that the device can hold");
  const DeviceModel& model = *device();
  *bytes = static_cast<std::size_t>(model.multiprocessor_count) *
           static_cast<std::size_t>(model.max_threads_per_multiprocessor) * kGeneratorBytes;
  return kSuccess;
}

Status cudnnSetDropoutDescriptor(Dropout* dropout, const Handle* handle, float probability, void* states, std::size_t,
                                 unsigned long long) {
  if (dropout == nullptr) return fail(kBadParamNullPointer, "no descriptor");
  *dropout = {probability, states};
  return states == nullptr ? kSuccess : launch(handle, "cudnnSetDropoutDescriptor");
}

Status cudnnRestoreDropoutDescriptor(Dropout* dropout, const Handle*, float probability, void* states, std::size_t,
                                     unsigned long long) {
  if (dropout == nullptr) return fail(kBadParamNullPointer, "no descriptor");
  *dropout = {probability, states};
  return kSuccess;
}
}

}  // namespace headroom::virtual_gpu::cudnn
