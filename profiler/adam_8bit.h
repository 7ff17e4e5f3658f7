// 8-bit Adam (Dettmers, Lewis, Shleifer and Zettlemoyer 2022, arXiv 2110.02861), as bitsandbytes 0.50 keeps its state:
// the two moments of a parameter of 4096 elements and more are bytes, each an entry of a table of 256 numbers times the
// largest absolute value of its block of 256 elements (an fp32 number; the paper and bitsandbytes before 0.44 had
// blocks of 2048); smaller parameters have fp32 moments. Settings are Adam's: lr 1e-3, betas 0.9 and 0.999, eps 1e-8,
// no weight decay.
//
// Closed form, in bytes: of n >= 4096 elements 2 n + 8 ceil(n / 256), of n < 4096 elements 8 n, and 2048 for the two
// tables.
//
// bitsandbytes steps in one kernel that takes no memory. ATen has none for it, so that the numbers go through scratch
// that one step holds: of min(largest parameter, kScratchElements) elements, 16 bytes each, and 2 KiB.
#pragma once

#include <array>
#include <memory>

#include "profiler/optimizer.h"

namespace headroom::profiler {

inline constexpr std::int64_t kQuantisedBlock = 256;
inline constexpr std::int64_t kLeastQuantised = 4096;
inline constexpr std::int64_t kScratchElements = 1 << 20;

std::unique_ptr<ParameterUpdate> make_adam_8bit(std::vector<at::Tensor> parameters, ParameterObserver& observer);

// The numbers that a byte stands for, ascending: of dynamic exponent and fraction (section 2.1 of the paper), the
// unsigned kind with one bit more of fraction.
std::array<float, 256> dynamic_map(bool is_signed);

}  // namespace headroom::profiler
