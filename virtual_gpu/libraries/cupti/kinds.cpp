// Which activities are recorded.
#include <iterator>

#include "cupti_record_types.h"
#include "virtual_gpu/libraries/cupti/answer.h"
#include "virtual_gpu/libraries/cupti/listener.h"
#include "virtual_gpu/libraries/cupti/names.h"
#include "virtual_gpu/libraries/cupti/state.h"

namespace headroom::virtual_gpu::cupti {
namespace {

// Kinds that are recorded, and kinds of which nothing can happen here: no OpenACC, no code compiled by the driver.
bool can_be_on(CUpti_ActivityKind kind) {
  switch (kind) {
    case CUPTI_ACTIVITY_KIND_MEMCPY:
    case CUPTI_ACTIVITY_KIND_MEMSET:
    case CUPTI_ACTIVITY_KIND_KERNEL:
    case CUPTI_ACTIVITY_KIND_DRIVER:
    case CUPTI_ACTIVITY_KIND_RUNTIME:
    case CUPTI_ACTIVITY_KIND_DEVICE:
    case CUPTI_ACTIVITY_KIND_CONTEXT:
    case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL:
    case CUPTI_ACTIVITY_KIND_OVERHEAD:
    case CUPTI_ACTIVITY_KIND_MEMCPY2:
    case CUPTI_ACTIVITY_KIND_STREAM:
    case CUPTI_ACTIVITY_KIND_SYNCHRONIZATION:
    case CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION:
    case CUPTI_ACTIVITY_KIND_MEMORY2:
    case CUPTI_ACTIVITY_KIND_MEMORY_POOL:
    case CUPTI_ACTIVITY_KIND_GRAPH_TRACE:
      return true;
    case CUPTI_ACTIVITY_KIND_OPENACC_DATA:
    case CUPTI_ACTIVITY_KIND_OPENACC_LAUNCH:
    case CUPTI_ACTIVITY_KIND_OPENACC_OTHER:
    case CUPTI_ACTIVITY_KIND_OPENMP:
    case CUPTI_ACTIVITY_KIND_INTERNAL_LAUNCH_API:
    case CUPTI_ACTIVITY_KIND_JIT:
      return true;
    default:
      return false;
  }
}

CUptiResult check(CUpti_ActivityKind kind) {
  if (kind <= CUPTI_ACTIVITY_KIND_INVALID || kind >= CUPTI_ACTIVITY_KIND_COUNT) return CUPTI_ERROR_INVALID_KIND;
  if (kKindFacts[kind].dead) return CUPTI_ERROR_LEGACY_PROFILER_NOT_SUPPORTED;
  return can_be_on(kind) ? CUPTI_SUCCESS : CUPTI_ERROR_NOT_COMPATIBLE;
}

// The kinds of API calls override what was chosen of single calls before.
void turn(CUpti_ActivityKind kind, bool on) {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  if (kind == CUPTI_ACTIVITY_KIND_RUNTIME) all.functions_of(CallDomain::runtime).fill(on);
  if (kind == CUPTI_ACTIVITY_KIND_DRIVER) all.functions_of(CallDomain::driver).fill(on);
  all.kinds.put(static_cast<std::uint32_t>(kind), on);
  listen_as_needed();
}

CUptiResult enable(CUpti_ActivityKind kind) {
  if (const CUptiResult error = ready()) return error;
  if (const CUptiResult error = check(kind)) return error;
  turn(kind, true);
  return CUPTI_SUCCESS;
}

CUptiResult enable_and_dump(CUpti_ActivityKind kind) {
  if (const CUptiResult error = enable(kind)) return error;
  if (!state().buffers.has_callbacks()) return CUPTI_ERROR_UNKNOWN;
  if (kind == CUPTI_ACTIVITY_KIND_DEVICE) record_devices();
  if (kind == CUPTI_ACTIVITY_KIND_CONTEXT) record_contexts();
  if (kind == CUPTI_ACTIVITY_KIND_STREAM) record_streams();
  return CUPTI_SUCCESS;
}

CUptiResult disable(CUpti_ActivityKind kind) {
  if (const CUptiResult error = ready()) return error;
  if (kind <= CUPTI_ACTIVITY_KIND_INVALID || kind >= CUPTI_ACTIVITY_KIND_COUNT) return CUPTI_ERROR_INVALID_KIND;
  turn(kind, false);
  return CUPTI_SUCCESS;
}

CUptiResult choose(CallDomain domain, std::size_t number_of_functions, CUpti_CallbackId id, std::uint8_t on) {
  if (const CUptiResult error = ready()) return error;
  if (id == 0 || id >= number_of_functions) return CUPTI_ERROR_INVALID_PARAMETER;
  State& all = state();
  const std::lock_guard lock(all.mutex);
  all.functions_of(domain).put(id, on != 0);
  listen_as_needed();
  return CUPTI_SUCCESS;
}

}  // namespace

extern "C" {

CUptiResult cuptiActivityEnable(CUpti_ActivityKind kind) { return answer(enable(kind)); }

CUptiResult cuptiActivityEnableAndDump(CUpti_ActivityKind kind) { return answer(enable_and_dump(kind)); }

CUptiResult cuptiActivityDisable(CUpti_ActivityKind kind) { return answer(disable(kind)); }

CUptiResult cuptiActivityEnableRuntimeApi(CUpti_CallbackId id, std::uint8_t on) {
  return answer(choose(CallDomain::runtime, runtime_names().size(), id, on));
}

CUptiResult cuptiActivityEnableDriverApi(CUpti_CallbackId id, std::uint8_t on) {
  return answer(choose(CallDomain::driver, driver_names().size(), id, on));
}
}

}  // namespace headroom::virtual_gpu::cupti
