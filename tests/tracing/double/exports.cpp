// The functions of CUPTI, and of the driver, that the double has.
#include <cuda.h>
#include <cupti_version.h>

#include <cstdlib>
#include <cstring>

#include "tests/tracing/double/state.h"

using headroom::testing::State;
using headroom::testing::stride;

#define EXPORT extern "C" __attribute__((visibility("default")))
// Counts the call and answers as it was told to.
#define ENTER()                                                                    \
  auto& state = State::get();                                                      \
  if (const auto told = state.enter(__func__); told != CUPTI_SUCCESS) return told; \
  const std::lock_guard lock(state.recorder.mutex)

EXPORT headroom::testing::CuptiDouble* headroom_cupti_double() { return &State::get(); }

EXPORT CUresult cuInit(unsigned) { return static_cast<CUresult>(State::get().init_result); }

EXPORT CUresult cuDriverGetVersion(int* version) {
  *version = State::get().driver_version;
  return CUDA_SUCCESS;
}

EXPORT CUptiResult cuptiGetVersion(std::uint32_t* version) {
  ENTER();
  *version = state.recorder.version;
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiSubscribe_v2(CUpti_SubscriberHandle* subscriber, CUpti_CallbackFunc callback, void*,
                                     CUpti_SubscriberParams* parameters) {
  ENTER();
  if (!state.holder.empty() || state.callback) {
    if (parameters && parameters->oldSubscriberName)
      std::strncpy(parameters->oldSubscriberName, state.holder.c_str(), parameters->oldSubscriberSize);
    return CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED;
  }
  state.callback = callback;
  *subscriber = reinterpret_cast<CUpti_SubscriberHandle>(&state);
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiSubscribe(CUpti_SubscriberHandle* subscriber, CUpti_CallbackFunc callback, void* data) {
  return cuptiSubscribe_v2(subscriber, callback, data, nullptr);
}

EXPORT CUptiResult cuptiUnsubscribe(CUpti_SubscriberHandle subscriber) {
  ENTER();
  if (subscriber != reinterpret_cast<CUpti_SubscriberHandle>(&state)) return CUPTI_ERROR_INVALID_PARAMETER;
  state.callback = nullptr;
  state.callbacks.clear();
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiEnableCallback(std::uint32_t enable, CUpti_SubscriberHandle, CUpti_CallbackDomain domain,
                                       CUpti_CallbackId id) {
  ENTER();
  if (enable)
    state.callbacks.insert({domain, id});
  else
    state.callbacks.erase({domain, id});
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiGetCallbackName(CUpti_CallbackDomain domain, std::uint32_t id, const char** name) {
  ENTER();
  if (domain == CUPTI_CB_DOMAIN_RUNTIME_API)
    *name = id == 20 ? "cudaMalloc_v3020" : id == 211 ? "cudaLaunchKernel_v7000" : "cudaOther_v3020";
  else
    *name = id == 243 ? "cuMemAlloc_v2" : "cuOther";
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiSetThreadIdType(CUpti_ActivityThreadIdType) {
  ENTER();
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiActivityRegisterCallbacks(CUpti_BuffersCallbackRequestFunc request,
                                                  CUpti_BuffersCallbackCompleteFunc complete) {
  ENTER();
  if (!request || !complete) return CUPTI_ERROR_INVALID_PARAMETER;
  state.recorder.set_callbacks(request, complete);
  const auto zeroed = state.attributes.find(CUPTI_ACTIVITY_ATTR_ZEROED_OUT_ACTIVITY_BUFFER);
  state.recorder.expect_zeroed = zeroed != state.attributes.end() && zeroed->second == 1;
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiActivityEnable(CUpti_ActivityKind kind) {
  ENTER();
  if (const auto failing = state.failing_kinds.find(kind); failing != state.failing_kinds.end())
    return static_cast<CUptiResult>(failing->second);
  if (stride(state.recorder.version, kind) == 0) return CUPTI_ERROR_INVALID_KIND;
  state.kinds.insert(kind);
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiActivityEnableAndDump(CUpti_ActivityKind kind) {
  ENTER();
  if (const auto result = cuptiActivityEnable(kind); result != CUPTI_SUCCESS) return result;
  if (kind == CUPTI_ACTIVITY_KIND_DEVICE) {
    CUpti_ActivityDevice5 device{};
    device.kind = kind;
    device.globalMemoryBandwidth = 3'352'320'000;
    if (!state.fails("cuptiActivityGetNextRecord") && !state.fails("cuptiActivityFlushAll"))
      device.name = strdup("Double GPU");  // else nobody could free it
    if (!state.recorder.append(&device, sizeof(device))) std::free(const_cast<char*>(device.name));
  } else if (kind == CUPTI_ACTIVITY_KIND_CONTEXT) {
    CUpti_ActivityContext context{};
    context.kind = kind;
    context.contextId = 1;
    state.recorder.append(&context, sizeof(context));
  }
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiActivityDisable(CUpti_ActivityKind kind) {
  ENTER();
  state.kinds.erase(kind);
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiActivityFlushAll(std::uint32_t flag) {
  auto& state = State::get();
  if (const auto told = state.enter(__func__); told != CUPTI_SUCCESS) return told;
  state.recorder.flush(flag & CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);  // waits for callbacks, so without the lock
  return CUPTI_SUCCESS;
}

// From a record to the one behind it; 12 at the end and where a record is cut, 21 where none begins.
EXPORT CUptiResult cuptiActivityGetNextRecord(std::uint8_t* buffer, std::size_t valid, CUpti_Activity** record) {
  ENTER();
  if (!buffer) return CUPTI_ERROR_INVALID_PARAMETER;
  const auto length_at = [&](const std::uint8_t* at) {
    std::uint32_t kind = 0;
    std::memcpy(&kind, at, sizeof(kind));
    return kind <= CUPTI_ACTIVITY_KIND_COUNT ? stride(state.recorder.version, static_cast<CUpti_ActivityKind>(kind))
                                             : 0;
  };
  std::uint8_t* next = buffer;
  if (*record) next = reinterpret_cast<std::uint8_t*>(*record) + length_at(reinterpret_cast<std::uint8_t*>(*record));
  const auto left = static_cast<std::size_t>(buffer + valid - next);
  if (left < sizeof(CUpti_ActivityKind)) return CUPTI_ERROR_MAX_LIMIT_REACHED;
  const std::size_t length = length_at(next);
  if (length == 0) return CUPTI_ERROR_INVALID_KIND;
  if (length > left) return CUPTI_ERROR_MAX_LIMIT_REACHED;
  *record = reinterpret_cast<CUpti_Activity*>(next);
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiActivityGetNumDroppedRecords(CUcontext, std::uint32_t, std::size_t* dropped) {
  ENTER();
  *dropped = state.recorder.take_dropped();
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiActivitySetAttribute(CUpti_ActivityAttribute attribute, std::size_t* size, void* value) {
  ENTER();
  if (*size != sizeof(std::uint8_t)) return CUPTI_ERROR_PARAMETER_SIZE_NOT_SUFFICIENT;
  state.attributes[attribute] = *static_cast<std::uint8_t*>(value);
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiActivityEnableAllocationSource(std::uint8_t) {
  ENTER();
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiActivityEnableRuntimeApi(CUpti_CallbackId id, std::uint8_t enable) {
  ENTER();
  if (enable)
    state.silent.erase({CUPTI_CB_DOMAIN_RUNTIME_API, id});
  else
    state.silent.insert({CUPTI_CB_DOMAIN_RUNTIME_API, id});
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiActivityEnableDriverApi(CUpti_CallbackId id, std::uint8_t enable) {
  ENTER();
  if (enable)
    state.silent.erase({CUPTI_CB_DOMAIN_DRIVER_API, id});
  else
    state.silent.insert({CUPTI_CB_DOMAIN_DRIVER_API, id});
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiActivityPushExternalCorrelationId(CUpti_ExternalCorrelationKind kind, std::uint64_t id) {
  ENTER();
  state.stacks[{std::this_thread::get_id(), kind}].push_back(id);
  return CUPTI_SUCCESS;
}

EXPORT CUptiResult cuptiActivityPopExternalCorrelationId(CUpti_ExternalCorrelationKind kind, std::uint64_t* last) {
  ENTER();
  auto& stack = state.stacks[{std::this_thread::get_id(), kind}];
  if (stack.empty()) return CUPTI_ERROR_QUEUE_EMPTY;
  if (last) *last = stack.back();
  stack.pop_back();
  return CUPTI_SUCCESS;
}
