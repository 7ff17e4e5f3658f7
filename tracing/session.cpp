#include "tracing/session.h"

#include <cupti_driver_cbid.h>
#include <cupti_runtime_cbid.h>
#include <fmt/format.h>
#include <time.h>

#include <array>

#include "tracing/allocation_calls.h"
#include "tracing/driver.h"
#include "tracing/failures.h"

namespace headroom::tracing {
namespace {

struct Kind {
  CUpti_ActivityKind kind;
  const char* what;
  TraceLevel from;    // memory: recorded at both levels
  bool dump = false;  // of what exists already, a record each
};

constexpr std::array kKinds{
    Kind{CUPTI_ACTIVITY_KIND_DEVICE, "the device's memory bandwidth", TraceLevel::memory, true},
    Kind{CUPTI_ACTIVITY_KIND_CONTEXT, "CUDA contexts", TraceLevel::memory, true},
    Kind{CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION, "which layer a call belongs to", TraceLevel::memory},
    Kind{CUPTI_ACTIVITY_KIND_RUNTIME, "calls of the runtime", TraceLevel::memory},
    Kind{CUPTI_ACTIVITY_KIND_DRIVER, "calls of the driver", TraceLevel::memory},
    Kind{CUPTI_ACTIVITY_KIND_MEMORY2, "memory taken from the driver", TraceLevel::memory},
    Kind{CUPTI_ACTIVITY_KIND_MEMORY_POOL, "the driver's memory pools", TraceLevel::memory},
    Kind{CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, "kernels", TraceLevel::full},
    Kind{CUPTI_ACTIVITY_KIND_MEMCPY, "copies", TraceLevel::full},
    Kind{CUPTI_ACTIVITY_KIND_MEMCPY2, "copies between devices", TraceLevel::full},
    Kind{CUPTI_ACTIVITY_KIND_MEMSET, "memory sets", TraceLevel::full},
    Kind{CUPTI_ACTIVITY_KIND_SYNCHRONIZATION, "synchronization", TraceLevel::full},
    Kind{CUPTI_ACTIVITY_KIND_OVERHEAD, "CUPTI's own overhead", TraceLevel::full}};

// Calls that frameworks make by the thousand and that neither take memory nor launch anything.
constexpr std::array kNoisyRuntimeCalls{CUPTI_RUNTIME_TRACE_CBID_cudaGetDevice_v3020,
                                        CUPTI_RUNTIME_TRACE_CBID_cudaSetDevice_v3020,
                                        CUPTI_RUNTIME_TRACE_CBID_cudaGetLastError_v3020,
                                        CUPTI_RUNTIME_TRACE_CBID_cudaEventCreate_v3020,
                                        CUPTI_RUNTIME_TRACE_CBID_cudaEventCreateWithFlags_v3020,
                                        CUPTI_RUNTIME_TRACE_CBID_cudaEventDestroy_v3020};
constexpr std::array kNoisyDriverCalls{CUPTI_DRIVER_TRACE_CBID_cuKernelGetAttribute,
                                       CUPTI_DRIVER_TRACE_CBID_cuDevicePrimaryCtxGetState,
                                       CUPTI_DRIVER_TRACE_CBID_cuCtxGetCurrent};

// Of CUPTI's records where nobody set another clock.
std::uint64_t real_time_ns() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

bool Session::begin(const Library& library, TraceLevel level, const SessionCallbacks& callbacks,
                    std::vector<std::string>& problems) {
  library_ = &library;
  if (!subscribe(callbacks, problems)) return false;
  set_attributes(problems);
  const auto& api = library.api;
  if (api.cuptiSetThreadIdType) api.cuptiSetThreadIdType(CUPTI_ACTIVITY_THREAD_ID_TYPE_SYSTEM);
  // Whoever had CUPTI meanwhile may have left it a clock of its own.
  if (began_ && api.cuptiActivityRegisterTimestampCallback) api.cuptiActivityRegisterTimestampCallback(real_time_ns);
  began_ = true;
  const auto registered = api.cuptiActivityRegisterCallbacks(callbacks.on_request, callbacks.on_complete);
  if (registered != CUPTI_SUCCESS) problems.push_back(failure_text("CUPTI off: it takes no buffers", registered));
  if (registered != CUPTI_SUCCESS || !enable_kinds(level, problems)) {
    disable();
    return false;
  }
  silence_calls();
  enable_callbacks(problems);
  return true;
}

bool Session::subscribe(const SessionCallbacks& callbacks, std::vector<std::string>& problems) {
  const Driver driver(library_->handle);
  if (const auto problem = driver.missing(library_->version); !problem.empty()) {
    problems.push_back(problem);
    return false;
  }
  const auto& api = library_->api;
  std::array<char, 2 * CUPTI_OLD_SUBSCRIBER_NAME_MIN_LEN> holder{};
  CUpti_SubscriberParams parameters{};
  parameters.structSize = CUpti_SubscriberParams_STRUCT_SIZE;
  parameters.subscriberName = "Headroom";
  parameters.oldSubscriberName = holder.data();
  parameters.oldSubscriberSize = holder.size() - 1;
  const auto result = api.cuptiSubscribe_v2
                          ? api.cuptiSubscribe_v2(&subscriber_, callbacks.on_call, nullptr, &parameters)
                          : api.cuptiSubscribe(&subscriber_, callbacks.on_call, nullptr);
  if (result == CUPTI_SUCCESS && subscriber_) return true;
  subscriber_ = nullptr;
  const bool held = result == CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED || result == CUPTI_ERROR_DISABLED;
  const auto reason = held ? "" : driver.refusal();
  problems.push_back(reason.empty() ? failure_text("CUPTI off", result, holder.data()) : reason);
  return false;
}

void Session::set_attributes(std::vector<std::string>& problems) {
  const auto& api = library_->api;
  if (!api.cuptiActivitySetAttribute) return;
  const auto set = [&](CUpti_ActivityAttribute attribute) {
    std::uint8_t on = 1;
    std::size_t size = sizeof(on);
    return api.cuptiActivitySetAttribute(attribute, &size, &on);
  };
  set(CUPTI_ACTIVITY_ATTR_ZEROED_OUT_ACTIVITY_BUFFER);
  if (const auto result = set(CUPTI_ACTIVITY_ATTR_MEM_ALLOCATION_TYPE_HOST_PINNED); result != CUPTI_SUCCESS)
    problems.push_back(
        failure_text("CUPTI's own buffers lie in device memory and are part of what is measured", result));
}

bool Session::enable_kinds(TraceLevel level, std::vector<std::string>& problems) {
  const auto& api = library_->api;
  if (api.cuptiActivityEnableAllocationSource) api.cuptiActivityEnableAllocationSource(1);
  for (const auto& kind : kKinds) {
    if (kind.from > level) continue;
    const bool dump = kind.dump && api.cuptiActivityEnableAndDump;
    const auto result = dump ? api.cuptiActivityEnableAndDump(kind.kind) : api.cuptiActivityEnable(kind.kind);
    if (result == CUPTI_SUCCESS) {
      enabled_.push_back(kind.kind);
    } else if (kind.dump || is_unsupported(result)) {
      problems.push_back(failure_text(fmt::format("CUPTI does not record {}", kind.what), result));
    } else {
      problems.push_back(failure_text(fmt::format("CUPTI off: it cannot record {}", kind.what), result));
      return false;
    }
  }
  return true;
}

void Session::silence_calls() {
  const auto& api = library_->api;
  for (const auto call : kNoisyRuntimeCalls)
    if (api.cuptiActivityEnableRuntimeApi) api.cuptiActivityEnableRuntimeApi(call, 0);
  for (const auto call : kNoisyDriverCalls)
    if (api.cuptiActivityEnableDriverApi) api.cuptiActivityEnableDriverApi(call, 0);
}

void Session::enable_callbacks(std::vector<std::string>& problems) {
  int refused = 0;
  auto why = CUPTI_SUCCESS;
  for (const auto& function : traced_functions()) {
    const auto result = library_->api.cuptiEnableCallback(1, subscriber_, function.domain, function.id);
    if (result == CUPTI_SUCCESS) continue;
    ++refused;
    why = result;
  }
  if (refused > 0)
    problems.push_back(failure_text(
        fmt::format("{} of {} calls that take memory cannot be watched, expandable segments may be missing", refused,
                    traced_functions().size()),
        why));
}

void Session::flush() {
  if (running()) library_->api.cuptiActivityFlushAll(0);
}

void Session::end() {
  if (!running()) return;
  flush();
  disable();
}

void Session::disable() {
  const auto& api = library_->api;
  for (const auto kind : enabled_) api.cuptiActivityDisable(kind);
  enabled_.clear();
  api.cuptiActivityFlushAll(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
  api.cuptiUnsubscribe(subscriber_);
  subscriber_ = nullptr;
}

std::int64_t Session::take_dropped() {
  std::size_t dropped = 0;
  if (!library_ || library_->api.cuptiActivityGetNumDroppedRecords(nullptr, 0, &dropped) != CUPTI_SUCCESS) return 0;
  return static_cast<std::int64_t>(dropped);
}

}  // namespace headroom::tracing
