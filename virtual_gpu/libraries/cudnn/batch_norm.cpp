// Batch normalisation. Its sizes are only told to a handle on a real device, so they are an assumption: none.
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/libraries/cudnn/descriptors.h"

namespace headroom::virtual_gpu::cudnn {
namespace {

Status assume_none(const Handle* handle, std::size_t* bytes) {
  if (handle == nullptr || bytes == nullptr) return fail(kBadParamNullPointer, "no handle or no place for the size");
  assume("cuDNN's batch normalisation: its workspace and what it keeps for the backward pass are counted as 0 bytes");
  *bytes = 0;
  return kSuccess;
}

}  // namespace

extern "C" {

Status cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize(const Handle* handle, int, int, const Tensor*,
                                                                const Tensor*, const Tensor*, const Tensor*,
                                                                const void*, std::size_t* bytes) {
  return assume_none(handle, bytes);
}

Status cudnnGetBatchNormalizationBackwardExWorkspaceSize(const Handle* handle, int, int, const Tensor*, const Tensor*,
                                                         const Tensor*, const Tensor*, const Tensor*, const Tensor*,
                                                         const void*, std::size_t* bytes) {
  return assume_none(handle, bytes);
}

Status cudnnGetBatchNormalizationTrainingExReserveSpaceSize(const Handle* handle, int, int, const void*, const Tensor*,
                                                            std::size_t* bytes) {
  return assume_none(handle, bytes);
}

Status cudnnBatchNormalizationForwardTrainingEx(const Handle* handle) {
  return launch(handle, "cudnnBatchNormalizationForwardTrainingEx");
}
Status cudnnBatchNormalizationForwardInference(const Handle* handle) {
  return launch(handle, "cudnnBatchNormalizationForwardInference");
}
Status cudnnBatchNormalizationBackwardEx(const Handle* handle) {
  return launch(handle, "cudnnBatchNormalizationBackwardEx");
}
}

}  // namespace headroom::virtual_gpu::cudnn
