#include "virtual_gpu/libraries/cudnn/descriptors.h"

#include <algorithm>

namespace headroom::virtual_gpu::cudnn {
namespace {

template <class Object>
Status create(Object** out) {
  if (out == nullptr) return fail(kBadParamNullPointer, "no place for the descriptor");
  *out = new Object;
  return kSuccess;
}

template <class Object>
Status destroy(Object* descriptor) {
  delete descriptor;
  return kSuccess;
}

bool good_dimensions(int count, const int* dimensions) {
  return count > 0 && count <= kMostDimensions && dimensions != nullptr &&
         std::all_of(dimensions, dimensions + count, [](int size) { return size > 0; });
}

}  // namespace

std::size_t data_type_bytes(int type) {
  switch (type) {
    case 1:   // double
    case 10:  // int64
      return 8;
    case 0:  // float
    case 4:  // int32
      return 4;
    case 2:  // half
    case 9:  // bfloat16
      return 2;
    case 3:   // int8
    case 6:   // uint8
    case 11:  // boolean
    case 12:  // fp8, e4m3
    case 13:  // fp8, e5m2
      return 1;
    default:
      return 0;
  }
}

extern "C" {

struct Activation {};
struct Pooling {};
struct SpatialTransformer {};

#define HEADROOM_DESCRIPTOR(name, Type)                                    \
  Status cudnnCreate##name##Descriptor(Type** out) { return create(out); } \
  Status cudnnDestroy##name##Descriptor(Type* descriptor) { return destroy(descriptor); }

HEADROOM_DESCRIPTOR(Tensor, Tensor)
HEADROOM_DESCRIPTOR(Filter, Filter)
HEADROOM_DESCRIPTOR(Dropout, Dropout)
HEADROOM_DESCRIPTOR(RNN, Recurrent)
HEADROOM_DESCRIPTOR(RNNData, Sequence)
HEADROOM_DESCRIPTOR(CTCLoss, CtcLoss)
HEADROOM_DESCRIPTOR(Activation, Activation)
HEADROOM_DESCRIPTOR(Pooling, Pooling)
HEADROOM_DESCRIPTOR(SpatialTransformer, SpatialTransformer)

Status cudnnSetTensorNdDescriptor(Tensor* tensor, int type, int count, const int* dimensions, const int* strides) {
  if (tensor == nullptr) return fail(kBadParamNullPointer, "no descriptor");
  if (!good_dimensions(count, dimensions) || strides == nullptr || data_type_bytes(type) == 0)
    return fail(kBadParam, "the tensor's dimensions, strides or type");
  *tensor = {type, {dimensions, dimensions + count}, {strides, strides + count}};
  return kSuccess;
}

Status cudnnGetTensorNdDescriptor(const Tensor* tensor, int wanted, int* type, int* count, int* dimensions,
                                  int* strides) {
  if (tensor == nullptr) return fail(kBadParamNullPointer, "no descriptor");
  const auto given = std::min<std::size_t>(static_cast<std::size_t>(std::max(wanted, 0)), tensor->dimensions.size());
  *type = tensor->data_type;
  *count = static_cast<int>(tensor->dimensions.size());
  std::copy_n(tensor->dimensions.begin(), given, dimensions);
  std::copy_n(tensor->strides.begin(), given, strides);
  return kSuccess;
}

Status cudnnSetFilterNdDescriptor(Filter* filter, int type, int format, int count, const int* dimensions) {
  if (filter == nullptr) return fail(kBadParamNullPointer, "no descriptor");
  if (!good_dimensions(count, dimensions) || data_type_bytes(type) == 0)
    return fail(kBadParam, "the filter's dimensions or type");
  *filter = {type, format, {dimensions, dimensions + count}};
  return kSuccess;
}

Status cudnnGetFilterNdDescriptor(const Filter* filter, int wanted, int* type, int* format, int* count,
                                  int* dimensions) {
  if (filter == nullptr) return fail(kBadParamNullPointer, "no descriptor");
  const auto given = std::min<std::size_t>(static_cast<std::size_t>(std::max(wanted, 0)), filter->dimensions.size());
  *type = filter->data_type;
  *format = filter->format;
  *count = static_cast<int>(filter->dimensions.size());
  std::copy_n(filter->dimensions.begin(), given, dimensions);
  return kSuccess;
}

// What these hold concerns kernels alone.
Status cudnnSetActivationDescriptor(Activation*, int, int, double) { return kSuccess; }
Status cudnnSetPooling2dDescriptor(Pooling*, int, int, int, int, int, int, int, int) { return kSuccess; }
Status cudnnSetSpatialTransformerNdDescriptor(SpatialTransformer*, int, int, int, const int*) { return kSuccess; }

// Operations without a workspace.
Status cudnnPoolingForward(const Handle* handle) { return launch(handle, "cudnnPoolingForward"); }
Status cudnnSpatialTfGridGeneratorForward(const Handle* handle) {
  return launch(handle, "cudnnSpatialTfGridGeneratorForward");
}
Status cudnnSpatialTfGridGeneratorBackward(const Handle* handle) {
  return launch(handle, "cudnnSpatialTfGridGeneratorBackward");
}
Status cudnnSpatialTfSamplerForward(const Handle* handle) { return launch(handle, "cudnnSpatialTfSamplerForward"); }
Status cudnnSpatialTfSamplerBackward(const Handle* handle) { return launch(handle, "cudnnSpatialTfSamplerBackward"); }
}

}  // namespace headroom::virtual_gpu::cudnn
