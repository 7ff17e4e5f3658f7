// What is wrong with the driver when CUPTI does not start: CUPTI itself answers "unknown" to almost all of it.
#pragma once

#include <cstdint>
#include <string>

namespace headroom::tracing {

// The functions of libcuda asked; a CUPTI library that exports them (a double for tests) is asked instead of
// libcuda.so.1.
class Driver {
 public:
  explicit Driver(void* cupti_handle);

  // Before CUPTI is called: no driver, or one older than this library. Does not initialise CUDA. "" when nothing is
  // wrong.
  std::string missing(std::uint32_t cupti_version) const;
  // After CUPTI refused: initialises CUDA and says why that fails. "" when it does not.
  std::string refusal() const;

 private:
  std::string path_, load_error_;
  int (*init_)(unsigned) = nullptr;
  int (*version_)(int*) = nullptr;
};

}  // namespace headroom::tracing
