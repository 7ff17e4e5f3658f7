// The stand-in for cuDNN without NVIDIA's library: what it assumes, and that it says so. (With the library:
// tests/python/libraries/.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "virtual_gpu/report.h"

extern "C" {
int cudnnCreate(void** handle);
int cudnnGetProperty(int property, int* value);
std::size_t cudnnGetVersion();
int cudnnCreateTensorDescriptor(void** tensor);
int cudnnSetTensorNdDescriptor(void* tensor, int type, int count, const int* dimensions, const int* strides);
int cudnnGetTensorNdDescriptor(void* tensor, int wanted, int* type, int* count, int* dimensions, int* strides);
int cudnnCreateRNNDescriptor(void** layer);
int cudnnSetRNNDescriptor_v8(void* layer, int algorithm, int cell, int bias, int direction, int input_mode, int type,
                             int precision, int math, int input, int hidden, int projection, int layers, void* dropout,
                             unsigned flags);
int cudnnGetRNNWeightSpaceSize(void* handle, void* layer, std::size_t* bytes);
int cudnnGetRNNWeightParams(void* handle, void* layer, int pseudo_layer, std::size_t bytes, const void* weights,
                            int matrix, void* matrix_tensor, void** matrix_address, void* bias_tensor,
                            void** bias_address);
int cudnnGetBatchNormalizationTrainingExReserveSpaceSize(void*, int, int, void*, void*, std::size_t* bytes);
int cudnnBackendCreateDescriptor(int type, void** out);
int cudnnBackendSetAttribute(void*, int attribute, int type, long count, const void* values);
int cudnnBackendGetAttribute(void*, int attribute, int type, long wanted, long* found, void* values);
int cudnnBackendFinalize(void*);
int cudnnBackendExecute(void* handle, void* plan, void* pack);
}

namespace {

const int device = setenv("HEADROOM_VIRTUAL_GPU", "h100-80gb", 1);
const int library = setenv("HEADROOM_VIRTUAL_GPU_CUDNN", "none", 1);

constexpr int kFloat = 0, kBadParam = 2000;

void* handle() {
  static void* const made = [] {
    void* out = nullptr;
    EXPECT_EQ(cudnnCreate(&out), 0);
    return out;
  }();
  return made;
}

void* tensor() {
  void* out = nullptr;
  EXPECT_EQ(cudnnCreateTensorDescriptor(&out), 0);
  return out;
}

struct Layer {
  int cell, bias, direction, input, hidden, projection, layers;
};

struct Span {
  std::size_t start, end;
  bool operator<(const Span& other) const { return start < other.start; }
};

// Elements of a matrix or bias that was told, where it was told.
std::vector<Span> span(void* described, void* address) {
  int type = 0, count = 0;
  std::array<int, 3> dimensions = {}, strides = {};
  EXPECT_EQ(cudnnGetTensorNdDescriptor(described, 3, &type, &count, dimensions.data(), strides.data()), 0);
  if (address == nullptr) return {};
  const auto start = reinterpret_cast<std::size_t>(address);
  return {{start, start + sizeof(float) * static_cast<std::size_t>(dimensions[0] * dimensions[1] * dimensions[2])}};
}

std::vector<Span> weight_spans(void* layer, int pseudo_layers, int matrices, const void* weights, std::size_t bytes) {
  std::vector<Span> spans;
  for (int pseudo = 0; pseudo < pseudo_layers; ++pseudo)
    for (int matrix = 0; matrix < matrices; ++matrix) {
      void *described = tensor(), *bias = tensor(), *address = nullptr, *bias_address = nullptr;
      EXPECT_EQ(cudnnGetRNNWeightParams(handle(), layer, pseudo, bytes, weights, matrix, described, &address, bias,
                                        &bias_address),
                0);
      for (const Span& part : span(described, address)) spans.push_back(part);
      for (const Span& part : span(bias, bias_address)) spans.push_back(part);
    }
  std::sort(spans.begin(), spans.end());
  return spans;
}

TEST(RecurrentLayers, TheirPartsTileTheWeightsWithoutGapsOrOverlap) {
  constexpr int kGates[] = {1, 1, 4, 3};
  for (const Layer& it : std::vector<Layer>{{0, 2, 0, 5, 7, 7, 1},
                                            {1, 0, 1, 5, 7, 7, 2},
                                            {2, 2, 1, 6, 4, 4, 3},
                                            {2, 2, 0, 6, 4, 3, 2},
                                            {2, 1, 1, 6, 4, 3, 2},
                                            {3, 3, 1, 3, 8, 8, 2}}) {
    void* layer = nullptr;
    std::size_t bytes = 0;
    ASSERT_EQ(cudnnCreateRNNDescriptor(&layer), 0);
    ASSERT_EQ(cudnnSetRNNDescriptor_v8(layer, 0, it.cell, it.bias, it.direction, 0, kFloat, kFloat, 0, it.input,
                                       it.hidden, it.projection, it.layers, nullptr, 0),
              0);
    ASSERT_EQ(cudnnGetRNNWeightSpaceSize(handle(), layer, &bytes), 0);
    const auto* base = reinterpret_cast<const void*>(0x10000);
    const auto spans = weight_spans(layer, it.layers * (1 + it.direction), 2 * kGates[it.cell] + 1, base, bytes);
    std::size_t end = 0x10000;
    for (const Span& part : spans) {
      EXPECT_EQ(part.start, end);
      end = part.end;
    }
    EXPECT_EQ(end, 0x10000 + bytes) << "cell " << it.cell;
  }
}

TEST(RecurrentLayers, AnLstmHasTheParametersThatPyTorchCounts) {
  void* layer = nullptr;
  std::size_t bytes = 0;
  ASSERT_EQ(cudnnCreateRNNDescriptor(&layer), 0);
  ASSERT_EQ(cudnnSetRNNDescriptor_v8(layer, 0, 2, 2, 0, 0, kFloat, kFloat, 0, 64, 128, 128, 1, nullptr, 0), 0);
  ASSERT_EQ(cudnnGetRNNWeightSpaceSize(handle(), layer, &bytes), 0);
  EXPECT_EQ(bytes, sizeof(float) * (4 * 128 * 64 + 4 * 128 * 128 + 2 * 4 * 128));
}

TEST(Cudnn, ItsVersionIsOneThatPyTorchTakes) {
  int major = 0, minor = 0;
  ASSERT_EQ(cudnnGetProperty(0, &major), 0);
  ASSERT_EQ(cudnnGetProperty(1, &minor), 0);
  EXPECT_EQ(major, 9);
  EXPECT_EQ(cudnnGetVersion() / 100, static_cast<std::size_t>(major * 100 + minor));
}

TEST(Cudnn, TensorsGiveBackWhatWasSet) {
  void* made = tensor();
  const std::array<int, 4> dimensions = {2, 3, 4, 5}, strides = {60, 1, 15, 3};
  ASSERT_EQ(cudnnSetTensorNdDescriptor(made, kFloat, 4, dimensions.data(), strides.data()), 0);
  std::array<int, 4> got_dimensions = {}, got_strides = {};
  int type = -1, count = 0;
  ASSERT_EQ(cudnnGetTensorNdDescriptor(made, 4, &type, &count, got_dimensions.data(), got_strides.data()), 0);
  EXPECT_EQ(got_dimensions, dimensions);
  EXPECT_EQ(got_strides, strides);
  EXPECT_EQ(cudnnSetTensorNdDescriptor(made, kFloat, 9, dimensions.data(), strides.data()), kBadParam);
}

TEST(Cudnn, BatchNormalisationKeepsNothingAndSaysSo) {
  std::size_t bytes = 1;
  ASSERT_EQ(cudnnGetBatchNormalizationTrainingExReserveSpaceSize(handle(), 1, 0, nullptr, tensor(), &bytes), 0);
  EXPECT_EQ(bytes, 0);
  EXPECT_THAT(headroom_virtual_gpu_report(), testing::HasSubstr("cuDNN's batch normalisation"));
}

TEST(Backend, WithoutNvidiasLibraryAPlanNeedsNoWorkspaceAndSaysWhereExactOnesComeFrom) {
  constexpr int kPlan = 5, kPack = 16, kWorkspace = 402, kInt64 = 3;
  void *plan = nullptr, *pack = nullptr;
  ASSERT_EQ(cudnnBackendCreateDescriptor(kPlan, &plan), 0);
  ASSERT_EQ(cudnnBackendCreateDescriptor(kPack, &pack), 0);
  ASSERT_EQ(cudnnBackendFinalize(plan), 0);
  long found = 0, bytes = -1;
  EXPECT_EQ(cudnnBackendGetAttribute(plan, kWorkspace, kInt64, 1, &found, &bytes), 0);
  EXPECT_EQ(bytes, 0);
  EXPECT_EQ(cudnnBackendExecute(handle(), plan, pack), 0);
  EXPECT_THAT(headroom_virtual_gpu_report(), testing::HasSubstr("pip install nvidia-cudnn-cu13"));
}

TEST(Backend, ADescriptorGivesBackWhatWasSet) {
  constexpr int kTensor = 17, kDimensions = 902, kInt64 = 3;
  void* made = nullptr;
  ASSERT_EQ(cudnnBackendCreateDescriptor(kTensor, &made), 0);
  const std::array<long, 3> dimensions = {4, 5, 6};
  std::array<long, 3> got = {};
  long found = 0;
  ASSERT_EQ(cudnnBackendSetAttribute(made, kDimensions, kInt64, 3, dimensions.data()), 0);
  ASSERT_EQ(cudnnBackendGetAttribute(made, kDimensions, kInt64, 3, &found, got.data()), 0);
  EXPECT_EQ(found, 3);
  EXPECT_EQ(got, dimensions);
}

}  // namespace
