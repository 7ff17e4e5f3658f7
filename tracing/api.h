// The functions of CUPTI that we call, with the types its headers give them, found at run time (loader.h).
#pragma once

#include <cupti_activity.h>
#include <cupti_callbacks.h>
#include <cupti_version.h>

// What tracing cannot do without, then what makes it better. X(name)
#define HEADROOM_CUPTI_REQUIRED(X)          \
  X(cuptiGetVersion)                        \
  X(cuptiSubscribe)                         \
  X(cuptiUnsubscribe)                       \
  X(cuptiEnableCallback)                    \
  X(cuptiActivityRegisterCallbacks)         \
  X(cuptiActivityEnable)                    \
  X(cuptiActivityDisable)                   \
  X(cuptiActivityFlushAll)                  \
  X(cuptiActivityGetNextRecord)             \
  X(cuptiActivityGetNumDroppedRecords)      \
  X(cuptiActivityPushExternalCorrelationId) \
  X(cuptiActivityPopExternalCorrelationId)
#define HEADROOM_CUPTI_OPTIONAL(X)       \
  X(cuptiSubscribe_v2)                   \
  X(cuptiGetCallbackName)                \
  X(cuptiSetThreadIdType)                \
  X(cuptiActivitySetAttribute)           \
  X(cuptiActivityEnableAllocationSource) \
  X(cuptiActivityEnableRuntimeApi)       \
  X(cuptiActivityEnableDriverApi)        \
  X(cuptiActivityEnableAndDump)          \
  X(cuptiActivityRegisterTimestampCallback)

namespace headroom::tracing {

struct Api {
#define HEADROOM_CUPTI_POINTER(name) decltype(&::name) name = nullptr;
  HEADROOM_CUPTI_REQUIRED(HEADROOM_CUPTI_POINTER)
  HEADROOM_CUPTI_OPTIONAL(HEADROOM_CUPTI_POINTER)  // nullptr where the library lacks it
#undef HEADROOM_CUPTI_POINTER
};

}  // namespace headroom::tracing
