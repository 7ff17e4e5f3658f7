// Names of API functions by callback id, as cupti_runtime_cbid.h and cupti_driver_cbid.h number them:
// "cudaMalloc_v3020", "cuMemAlloc_v2". Made while building (generate/cupti_tables.py); id 0 is "INVALID", as CUPTI
// calls it.
#pragma once

#include <span>

namespace headroom::virtual_gpu::cupti {

std::span<const char* const> runtime_names();
std::span<const char* const> driver_names();

}  // namespace headroom::virtual_gpu::cupti
