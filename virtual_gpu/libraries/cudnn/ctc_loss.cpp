// Connectionist temporal classification.
#include <algorithm>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/libraries/cudnn/descriptors.h"

namespace headroom::virtual_gpu::cudnn {
namespace {

// The forward and backward variables of the algorithm over labels with blanks between them, and the probabilities'
// logarithms.
std::size_t work_bytes(const Tensor& probabilities, std::int64_t longest_label) {
  const std::int64_t steps = probabilities.dimensions[0], batch = probabilities.dimensions[1];
  const std::int64_t alphabet = probabilities.dimensions[2];
  const std::int64_t variables = 2 * steps * batch * (2 * longest_label + 1);
  return static_cast<std::size_t>(variables + steps * batch * alphabet) * data_type_bytes(probabilities.data_type);
}

Status assume_work(const Tensor* probabilities, std::int64_t longest_label, std::size_t* bytes) {
  if (probabilities == nullptr || bytes == nullptr) return fail(kBadParamNullPointer, "no tensor");
  if (probabilities->dimensions.size() != 3) return fail(kBadParam, "probabilities have three dimensions");
  assume("cuDNN's CTC loss: its workspace is counted as the algorithm's own variables");
  *bytes = work_bytes(*probabilities, longest_label);
  return kSuccess;
}

}  // namespace

extern "C" {

Status cudnnSetCTCLossDescriptorEx(CtcLoss* loss, int data_type, int normalization, int gradient_mode) {
  if (loss == nullptr) return fail(kBadParamNullPointer, "no descriptor");
  *loss = {data_type, normalization, gradient_mode, 0};
  return kSuccess;
}

Status cudnnSetCTCLossDescriptor_v9(CtcLoss* loss, int data_type, int normalization, int gradient_mode, int longest) {
  if (loss == nullptr) return fail(kBadParamNullPointer, "no descriptor");
  *loss = {data_type, normalization, gradient_mode, longest};
  return kSuccess;
}

Status cudnnGetCTCLossWorkspaceSize(const Handle*, const Tensor* probabilities, const Tensor*, const int*,
                                    const int* label_lengths, const int*, int, const CtcLoss*, std::size_t* bytes) {
  if (probabilities == nullptr || probabilities->dimensions.size() != 3 || label_lengths == nullptr)
    return fail(kBadParam, "probabilities have three dimensions");
  return assume_work(probabilities, *std::max_element(label_lengths, label_lengths + probabilities->dimensions[1]),
                     bytes);
}

Status cudnnGetCTCLossWorkspaceSize_v8(const Handle*, int, const CtcLoss* loss, const Tensor* probabilities,
                                       const Tensor*, std::size_t* bytes) {
  return loss == nullptr ? fail(kBadParamNullPointer, "no descriptor")
                         : assume_work(probabilities, loss->longest_label, bytes);
}

Status cudnnCTCLoss(const Handle* handle) { return launch(handle, "cudnnCTCLoss"); }
Status cudnnCTCLoss_v8(const Handle* handle) { return launch(handle, "cudnnCTCLoss_v8"); }
}

}  // namespace headroom::virtual_gpu::cudnn
