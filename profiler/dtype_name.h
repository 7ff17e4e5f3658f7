// "float32", "bfloat16", "int64": the names people know dtypes by.
#pragma once

#include <c10/core/ScalarType.h>

#include <string_view>

namespace headroom::profiler {

inline std::string_view dtype_name(c10::ScalarType type) {
  switch (type) {
    case c10::kFloat:
      return "float32";
    case c10::kDouble:
      return "float64";
    case c10::kHalf:
      return "float16";
    case c10::kBFloat16:
      return "bfloat16";
    case c10::kLong:
      return "int64";
    case c10::kInt:
      return "int32";
    case c10::kShort:
      return "int16";
    case c10::kChar:
      return "int8";
    case c10::kByte:
      return "uint8";
    case c10::ScalarType::UInt16:
      return "uint16";
    case c10::ScalarType::UInt32:
      return "uint32";
    case c10::ScalarType::UInt64:
      return "uint64";
    case c10::kBool:
      return "bool";
    default:
      return c10::toString(type);
  }
}

}  // namespace headroom::profiler
