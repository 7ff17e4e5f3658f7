// How each method's weights are made. Those that pack draw a dense weight first, as an ordinary layer does, and let go
// of it before they return: one at a time is alive while a model is built.
#pragma once

#include "models/compression/weight.h"

namespace headroom::models {

// Frozen, or used for inference.
std::shared_ptr<const Weight> make_int8(Builder& builder, const WeightPart& part, const Compression& compression);
std::shared_ptr<const Weight> make_int4(Builder& builder, const WeightPart& part, const Compression& compression);
std::shared_ptr<const Weight> make_gobo(Builder& builder, const WeightPart& part, const Compression& compression);
std::shared_ptr<const Weight> make_pruned(Builder& builder, const WeightPart& part, const Compression& compression);

// Trained: the weight itself, and what is used in its place.
std::shared_ptr<const Weight> make_rounded(Builder& builder, const WeightPart& part, const Compression& compression);
std::shared_ptr<const Weight> make_masked(Builder& builder, const WeightPart& part, const Compression& compression);

std::shared_ptr<const Weight> make_low_rank(Builder& builder, const WeightPart& part, const Compression& compression);
std::shared_ptr<const Weight> make_tensor_train(Builder& builder, const WeightPart& part,
                                                const Compression& compression);

// `base`: null for a dense weight.
std::shared_ptr<const Weight> make_adapted(Builder& builder, const WeightPart& part, const Compression& compression,
                                           std::shared_ptr<const Weight> base);

// Numbers of mean 0, on the device and in the dtype of the model.
at::Tensor drawn(const Builder& builder, at::IntArrayRef shape, double deviation = 0.02);

// true where the weight stays, of `kept` weights in all (of each four two, for 2:4). [out, in], bool.
at::Tensor magnitude_mask(const at::Tensor& weight, const Compression& compression);

// Integers that stand for a weight's numbers, rounded to nearest.
struct Int8Codes {
  at::Tensor codes, scale;  // int8 [out, in]; [1, 1] or [out, 1]
};
Int8Codes int8_codes(const at::Tensor& weight, bool per_row);

struct Int4Codes {
  at::Tensor codes, scale, zero;  // uint8 [out, in], below 16; [out, in/group, 1]: code 0 stands for `zero`
};
Int4Codes int4_codes(const at::Tensor& weight, std::int64_t group);

}  // namespace headroom::models
