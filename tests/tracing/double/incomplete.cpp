// A library that is called libcupti and lacks almost all of it, as one of another time would.
#include <cstdint>

extern "C" __attribute__((visibility("default"))) int cuptiGetVersion(std::uint32_t* version) {
  *version = 18;
  return 0;
}
