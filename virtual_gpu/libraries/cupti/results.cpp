// Names and messages of CUPTI's results.
#include <algorithm>
#include <array>

#include "virtual_gpu/libraries/cupti/answer.h"

namespace headroom::virtual_gpu::cupti {
namespace {

struct Text {
  int result;
  const char* name;
  const char* message;  // nullptr: the name
};

// 36 and 37 have none, as in CUPTI itself.
constexpr std::array kTexts{
    Text{0, "CUPTI_SUCCESS", nullptr},
    Text{1, "CUPTI_ERROR_INVALID_PARAMETER", nullptr},
    Text{2, "CUPTI_ERROR_INVALID_DEVICE", "There is no such CUDA device."},
    Text{3, "CUPTI_ERROR_INVALID_CONTEXT", nullptr},
    Text{4, "CUPTI_ERROR_INVALID_EVENT_DOMAIN_ID", nullptr},
    Text{5, "CUPTI_ERROR_INVALID_EVENT_ID", nullptr},
    Text{6, "CUPTI_ERROR_INVALID_EVENT_NAME", nullptr},
    Text{7, "CUPTI_ERROR_INVALID_OPERATION", nullptr},
    Text{8, "CUPTI_ERROR_OUT_OF_MEMORY", nullptr},
    Text{9, "CUPTI_ERROR_HARDWARE", nullptr},
    Text{10, "CUPTI_ERROR_PARAMETER_SIZE_NOT_SUFFICIENT", nullptr},
    Text{11, "CUPTI_ERROR_API_NOT_IMPLEMENTED", nullptr},
    Text{12, "CUPTI_ERROR_MAX_LIMIT_REACHED", nullptr},
    Text{13, "CUPTI_ERROR_NOT_READY", nullptr},
    Text{14, "CUPTI_ERROR_NOT_COMPATIBLE", nullptr},
    Text{15, "CUPTI_ERROR_NOT_INITIALIZED", nullptr},
    Text{16, "CUPTI_ERROR_INVALID_METRIC_ID", nullptr},
    Text{17, "CUPTI_ERROR_INVALID_METRIC_NAME", nullptr},
    Text{18, "CUPTI_ERROR_QUEUE_EMPTY", nullptr},
    Text{19, "CUPTI_ERROR_INVALID_HANDLE", nullptr},
    Text{20, "CUPTI_ERROR_INVALID_STREAM", nullptr},
    Text{21, "CUPTI_ERROR_INVALID_KIND", nullptr},
    Text{22, "CUPTI_ERROR_INVALID_EVENT_VALUE", nullptr},
    Text{23, "CUPTI_ERROR_DISABLED", nullptr},
    Text{24, "CUPTI_ERROR_INVALID_MODULE", nullptr},
    Text{25, "CUPTI_ERROR_INVALID_METRIC_VALUE", nullptr},
    Text{26, "CUPTI_ERROR_HARDWARE_BUSY", nullptr},
    Text{27, "CUPTI_ERROR_NOT_SUPPORTED", nullptr},
    Text{28, "CUPTI_ERROR_UM_PROFILING_NOT_SUPPORTED", nullptr},
    Text{29, "CUPTI_ERROR_UM_PROFILING_NOT_SUPPORTED_ON_DEVICE", nullptr},
    Text{30, "CUPTI_ERROR_UM_PROFILING_NOT_SUPPORTED_ON_NON_P2P_DEVICES", nullptr},
    Text{31, "CUPTI_ERROR_UM_PROFILING_NOT_SUPPORTED_WITH_MPS", nullptr},
    Text{32, "CUPTI_ERROR_CDP_TRACING_NOT_SUPPORTED", nullptr},
    Text{33, "CUPTI_ERROR_VIRTUALIZED_DEVICE_NOT_SUPPORTED", nullptr},
    Text{34, "CUPTI_ERROR_CUDA_COMPILER_NOT_COMPATIBLE", nullptr},
    Text{35, "CUPTI_ERROR_INSUFFICIENT_PRIVILEGES", "This user may not read the counters of the GPU."},
    Text{38, "CUPTI_ERROR_LEGACY_PROFILER_NOT_SUPPORTED", nullptr},
    Text{39, "CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED", nullptr},
    Text{40, "CUPTI_ERROR_VIRTUALIZED_DEVICE_INSUFFICIENT_PRIVILEGES", "The hypervisor allows no profiling."},
    Text{41, "CUPTI_ERROR_CONFIDENTIAL_COMPUTING_NOT_SUPPORTED", "Confidential computing allows no profiling."},
    Text{42, "CUPTI_ERROR_CMP_DEVICE_NOT_SUPPORTED", "Mining processors are not supported."},
    Text{43, "CUPTI_ERROR_MIG_DEVICE_NOT_SUPPORTED", nullptr},
    Text{44, "CUPTI_ERROR_SLI_DEVICE_NOT_SUPPORTED", nullptr},
    Text{45, "CUPTI_ERROR_WSL_DEVICE_NOT_SUPPORTED", nullptr},
    Text{46, "CUPTI_ERROR_INVALID_CHIP_NAME", nullptr},
    Text{999, "CUPTI_ERROR_UNKNOWN", nullptr},
};

const Text* find(CUptiResult result) {
  const auto* found =
      std::find_if(kTexts.begin(), kTexts.end(), [&](const Text& known) { return known.result == result; });
  return found == kTexts.end() ? nullptr : found;
}

// Callers make a string of it at once, so there is a text in any case.
constexpr char kUnknown[] = "<unknown>";

thread_local CUptiResult last_error = CUPTI_SUCCESS;

}  // namespace

CUptiResult answer(CUptiResult result) {
  if (result != CUPTI_SUCCESS) last_error = result;
  return result;
}

extern "C" {

CUptiResult cuptiGetResultString(CUptiResult result, const char** text) {
  if (text == nullptr) return CUPTI_ERROR_INVALID_PARAMETER;
  const Text* known = find(result);
  *text = known != nullptr ? known->name : kUnknown;
  return known != nullptr ? CUPTI_SUCCESS : CUPTI_ERROR_INVALID_PARAMETER;
}

CUptiResult cuptiGetErrorMessage(CUptiResult result, const char** text) {
  if (text == nullptr) return CUPTI_ERROR_INVALID_PARAMETER;
  const Text* known = find(result);
  *text = known == nullptr ? kUnknown : known->message != nullptr ? known->message : known->name;
  return CUPTI_SUCCESS;
}

CUptiResult cuptiGetLastError() {
  const CUptiResult result = last_error;
  last_error = CUPTI_SUCCESS;
  return result;
}
}

}  // namespace headroom::virtual_gpu::cupti
