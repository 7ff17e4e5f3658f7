// The parameters of multiple-head embedding attention, as published and in the least memory: the same names, shapes and
// order, so that weights can be exchanged.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "models/layers.h"

namespace headroom::models {

struct MheParameters {
  MheParameters(Builder& builder, const std::string& layer);

  Linear query, key, value;                                    // d_m -> d, shared by all heads
  at::Tensor query_embedding, key_embedding, value_embedding;  // [n, d]
  Linear output;                                               // n·d -> d_m
};

}  // namespace headroom::models
