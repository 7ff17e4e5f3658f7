// What the C functions of CUPTI have in common: failures are kept for cuptiGetLastError.
#pragma once

#include <cupti_activity.h>
#include <cupti_callbacks.h>
#include <cupti_result.h>
#include <cupti_version.h>

namespace headroom::virtual_gpu::cupti {

CUptiResult answer(CUptiResult result);

}  // namespace headroom::virtual_gpu::cupti
