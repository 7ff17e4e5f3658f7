// Products and sums of counts that may come from a stranger's file: overflow is bad input, never a wrong number.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "base/error.h"

namespace headroom::models {

inline std::int64_t checked_product(std::initializer_list<std::int64_t> factors) {
  std::int64_t result = 1;
  for (std::int64_t factor : factors)
    if (__builtin_mul_overflow(result, factor, &result))
      throw bad_input("sizes too large: a product of them exceeds 2^63 - 1");
  return result;
}

inline std::int64_t checked_sum(std::initializer_list<std::int64_t> terms) {
  std::int64_t result = 0;
  for (std::int64_t term : terms)
    if (__builtin_add_overflow(result, term, &result))
      throw bad_input("sizes too large: a sum of them exceeds 2^63 - 1");
  return result;
}

}  // namespace headroom::models
