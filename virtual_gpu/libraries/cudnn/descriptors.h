// Descriptors of cuDNN's older API: plain values, kept as they were set.
#pragma once

#include <array>
#include <vector>

#include "virtual_gpu/libraries/cudnn/cudnn.h"

namespace headroom::virtual_gpu::cudnn {

constexpr int kMostDimensions = 8;

std::size_t data_type_bytes(int type);  // cudnnDataType_t; 0 for an unknown one

struct Tensor {
  int data_type = 0;
  std::vector<int> dimensions, strides;
};

struct Filter {
  int data_type = 0, format = 0;
  std::vector<int> dimensions;
};

struct Dropout {
  float probability = 0;
  void* states = nullptr;
};

struct Recurrent {
  int algorithm = 0, cell = 0, bias = 0, direction = 0, input_mode = 0;
  int data_type = 0, math_precision = 0, math_type = 0;
  std::int64_t input_size = 0, hidden_size = 0, projection_size = 0, layers = 0;
  const Dropout* dropout = nullptr;
  unsigned flags = 0;
};

struct Sequence {
  int data_type = 0, layout = 0;
  std::int64_t longest = 0, batch = 0, vector = 0;
  std::vector<int> lengths;
};

struct CtcLoss {
  int data_type = 0, normalization = 0, gradient_mode = 0;
  std::int64_t longest_label = 0;
};

}  // namespace headroom::virtual_gpu::cudnn
