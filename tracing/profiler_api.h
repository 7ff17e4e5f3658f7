// CUPTI's Range Profiler and its Host API, found at run time as the rest of CUPTI (api.h), where the library has them.
// The Host API needs no GPU. The other functions end the process where there is no driver: only after cuInit has worked
// and a context has been made.
#pragma once

#include <cupti_profiler_host.h>
#include <cupti_profiler_target.h>
#include <cupti_range_profiler.h>
#include <cupti_target.h>

#include <string>
#include <vector>

#define HEADROOM_CUPTI_HOST(X)           \
  X(cuptiProfilerHostInitialize)         \
  X(cuptiProfilerHostDeinitialize)       \
  X(cuptiProfilerHostConfigAddMetrics)   \
  X(cuptiProfilerHostGetConfigImageSize) \
  X(cuptiProfilerHostGetConfigImage)     \
  X(cuptiProfilerHostGetNumOfPasses)     \
  X(cuptiProfilerHostEvaluateToGpuValues)
#define HEADROOM_CUPTI_RANGES(X)                  \
  X(cuptiProfilerInitialize)                      \
  X(cuptiProfilerDeInitialize)                    \
  X(cuptiDeviceGetChipName)                       \
  X(cuptiProfilerGetCounterAvailability)          \
  X(cuptiRangeProfilerEnable)                     \
  X(cuptiRangeProfilerDisable)                    \
  X(cuptiRangeProfilerGetCounterDataSize)         \
  X(cuptiRangeProfilerCounterDataImageInitialize) \
  X(cuptiRangeProfilerSetConfig)                  \
  X(cuptiRangeProfilerStart)                      \
  X(cuptiRangeProfilerStop)                       \
  X(cuptiRangeProfilerPushRange)                  \
  X(cuptiRangeProfilerPopRange)                   \
  X(cuptiRangeProfilerDecodeData)                 \
  X(cuptiRangeProfilerGetCounterDataInfo)         \
  X(cuptiRangeProfilerCounterDataGetRangeInfo)

namespace headroom::tracing {

struct ProfilerApi {
#define HEADROOM_CUPTI_POINTER(name) decltype(&::name) name = nullptr;
  HEADROOM_CUPTI_HOST(HEADROOM_CUPTI_POINTER)
  HEADROOM_CUPTI_RANGES(HEADROOM_CUPTI_POINTER)
#undef HEADROOM_CUPTI_POINTER
};

// Names of the functions that the library (Library::handle) lacks; empty: all are there. Loads what plans counters,
// where it lies beside the library.
std::vector<std::string> find_profiler(void* library, ProfilerApi& api);

// Parameters of one call, zeroed, with the size by which the library knows which of them there are.
#define HEADROOM_CUPTI_PARAMETERS(type, name) \
  type name{};                                \
  name.structSize = type##_STRUCT_SIZE

}  // namespace headroom::tracing
