// Every function of the runtime and driver API that a listener is told of, called once with arguments that mean
// nothing: for a process without a device, where no function looks at them closely.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "virtual_gpu/core/activity.h"

namespace headroom::virtual_gpu::testing_support {

struct CallProbe {
  CallDomain domain{};
  std::uint32_t id = 0;
  const char* name = nullptr;
  bool has_parameters = false;  // CUPTI has a struct of them
  int (*call)() = nullptr;      // what it returned
};

const std::vector<CallProbe>& call_probes();

// Pointers point at zeros, so that what is written or read there is.
template <class T>
T anything() {
  alignas(64) static char zeros[1 << 16];
  if constexpr (std::is_pointer_v<T> && !std::is_function_v<std::remove_pointer_t<T>>)
    return reinterpret_cast<T>(
        const_cast<std::remove_const_t<std::remove_pointer_t<T>>*>(reinterpret_cast<std::remove_pointer_t<T>*>(zeros)));
  else
    return T{};
}

}  // namespace headroom::virtual_gpu::testing_support
