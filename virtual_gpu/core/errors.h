// CUDA's errors: one number means the same to the runtime and the driver, each of which may lack it. The table is made
// from the CUDA headers while building (generate/error_table.py).
#pragma once

#include <vector>

namespace headroom::virtual_gpu {

struct ErrorRow {
  int code = 0;
  const char *runtime_name = nullptr, *driver_name = nullptr;  // nullptr where the number does not exist
  const char* text = nullptr;
};

const std::vector<ErrorRow>& error_table();  // ascending

inline const ErrorRow* find_error(int code) {
  for (const ErrorRow& row : error_table())
    if (row.code == code) return &row;
  return nullptr;
}

}  // namespace headroom::virtual_gpu
