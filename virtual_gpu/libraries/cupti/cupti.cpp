// libcupti.so: says that device activity cannot be traced, in words that a profiler can print. What traces is a stub that
// answers "not supported", so a profiler goes on with the host's side alone.
#include <cupti_result.h>
#include <cupti_version.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace headroom::virtual_gpu::cupti {
namespace {

struct Text {
  CUptiResult result;
  const char* name;
};

#define TEXT(name) Text { name, #name }
constexpr std::array kTexts{
    TEXT(CUPTI_SUCCESS),
    TEXT(CUPTI_ERROR_INVALID_PARAMETER),
    TEXT(CUPTI_ERROR_INVALID_DEVICE),
    TEXT(CUPTI_ERROR_INVALID_CONTEXT),
    TEXT(CUPTI_ERROR_INVALID_OPERATION),
    TEXT(CUPTI_ERROR_OUT_OF_MEMORY),
    TEXT(CUPTI_ERROR_HARDWARE),
    TEXT(CUPTI_ERROR_PARAMETER_SIZE_NOT_SUFFICIENT),
    TEXT(CUPTI_ERROR_API_NOT_IMPLEMENTED),
    TEXT(CUPTI_ERROR_MAX_LIMIT_REACHED),
    TEXT(CUPTI_ERROR_NOT_READY),
    TEXT(CUPTI_ERROR_NOT_COMPATIBLE),
    TEXT(CUPTI_ERROR_NOT_INITIALIZED),
    TEXT(CUPTI_ERROR_QUEUE_EMPTY),
    TEXT(CUPTI_ERROR_INVALID_HANDLE),
    TEXT(CUPTI_ERROR_INVALID_STREAM),
    TEXT(CUPTI_ERROR_INVALID_KIND),
    TEXT(CUPTI_ERROR_DISABLED),
    TEXT(CUPTI_ERROR_HARDWARE_BUSY),
    TEXT(CUPTI_ERROR_NOT_SUPPORTED),
    TEXT(CUPTI_ERROR_INSUFFICIENT_PRIVILEGES),
    TEXT(CUPTI_ERROR_VIRTUALIZED_DEVICE_NOT_SUPPORTED),
    TEXT(CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED),
    TEXT(CUPTI_ERROR_UNKNOWN),
};
#undef TEXT

}  // namespace

extern "C" {

CUptiResult cuptiGetVersion(std::uint32_t* version) {
  if (version == nullptr) return CUPTI_ERROR_INVALID_PARAMETER;
  *version = CUPTI_API_VERSION;
  return CUPTI_SUCCESS;
}

// There is a text for every code, as callers make a string of it at once.
CUptiResult cuptiGetResultString(CUptiResult result, const char** text) {
  if (text == nullptr) return CUPTI_ERROR_INVALID_PARAMETER;
  const auto* found = std::find_if(kTexts.begin(), kTexts.end(), [&](const Text& known) { return known.result == result; });
  *text = found == kTexts.end() ? "CUPTI_ERROR_UNKNOWN" : found->name;
  return CUPTI_SUCCESS;
}
}

}  // namespace headroom::virtual_gpu::cupti
