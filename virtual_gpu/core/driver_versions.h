// Driver functions by name and version, as cuGetProcAddress finds them.
#pragma once

#include <map>
#include <string_view>
#include <vector>

namespace headroom::virtual_gpu {

// Of functions with several forms, the CUDA versions that brought one each (3020: 3.2), ascending; the second is
// exported with the suffix _v2, and so on. Made from the CUDA headers while building (generate/driver_versions.py).
const std::map<std::string_view, std::vector<int>>& driver_versions();

struct DriverFunction {
  void* address = nullptr;
  bool too_new = false;  // it exists, but not yet in that version
};

// `per_thread`: the form whose null stream is the thread's own.
DriverFunction find_driver_function(std::string_view name, int cuda_version, bool per_thread);

}  // namespace headroom::virtual_gpu
