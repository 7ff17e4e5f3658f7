#include "tracing/failures.h"

#include <fmt/format.h>

#include <array>
#include <fstream>

namespace headroom::tracing {
namespace {

struct Failure {
  CUptiResult result;
  std::string_view name;
  std::string_view reason;  // "" where the name is all there is to say
  bool unsupported = false;
};

constexpr std::string_view kHeld =
    "another profiler holds CUPTI{}; run without nsys, ncu, cuda-gdb, compute-sanitizer and torch.profiler";
constexpr std::string_view kPrivileges =
    "GPU counters are not permitted: run as root or with CAP_SYS_ADMIN (CAP_PERFMON from driver 565), in a container "
    "with "
    "--cap-add=SYS_ADMIN, or have the driver loaded with NVreg_RestrictProfilingToAdminUsers=0; now "
    "RmProfilingAdminOnly is {}";
constexpr std::string_view kBusy = "GPU counters are in use by another process, often DCGM; pause its profiling";
constexpr std::string_view kUnknown =
    "CUPTI gives no reason; a driver that does not fit this libcupti is the usual one";

#define HEADROOM_FAILURE(name, ...) \
  Failure { CUPTI_ERROR_##name, #name, __VA_ARGS__ }
constexpr std::array kFailures{
    HEADROOM_FAILURE(INVALID_PARAMETER, ""),
    HEADROOM_FAILURE(INVALID_DEVICE, ""),
    HEADROOM_FAILURE(INVALID_CONTEXT, ""),
    HEADROOM_FAILURE(INVALID_OPERATION, ""),
    HEADROOM_FAILURE(OUT_OF_MEMORY, "CUPTI has no memory left for its own buffers"),
    HEADROOM_FAILURE(HARDWARE, "the GPU's profiling hardware failed; see the kernel's log for Xid messages"),
    HEADROOM_FAILURE(PARAMETER_SIZE_NOT_SUFFICIENT, ""),
    HEADROOM_FAILURE(API_NOT_IMPLEMENTED, "this libcupti does not have it", true),
    HEADROOM_FAILURE(MAX_LIMIT_REACHED, ""),
    HEADROOM_FAILURE(NOT_READY, ""),
    HEADROOM_FAILURE(NOT_COMPATIBLE, "it does not go together with what is recorded already", true),
    HEADROOM_FAILURE(NOT_INITIALIZED,
                     "CUPTI could not be initialised; the driver is missing or too old for this libcupti"),
    HEADROOM_FAILURE(QUEUE_EMPTY, ""),
    HEADROOM_FAILURE(INVALID_HANDLE, ""),
    HEADROOM_FAILURE(INVALID_STREAM, ""),
    HEADROOM_FAILURE(INVALID_KIND, "this libcupti does not know it", true),
    HEADROOM_FAILURE(DISABLED, kHeld),
    HEADROOM_FAILURE(INVALID_MODULE, ""),
    HEADROOM_FAILURE(HARDWARE_BUSY, kBusy),
    HEADROOM_FAILURE(NOT_SUPPORTED, "this device or libcupti does not support it", true),
    HEADROOM_FAILURE(UM_PROFILING_NOT_SUPPORTED, "unified memory cannot be profiled here", true),
    HEADROOM_FAILURE(UM_PROFILING_NOT_SUPPORTED_ON_DEVICE, "unified memory cannot be profiled on this device", true),
    HEADROOM_FAILURE(UM_PROFILING_NOT_SUPPORTED_WITH_MPS, "unified memory cannot be profiled under MPS", true),
    HEADROOM_FAILURE(CDP_TRACING_NOT_SUPPORTED, "kernels launched by kernels cannot be traced", true),
    HEADROOM_FAILURE(VIRTUALIZED_DEVICE_NOT_SUPPORTED, "not supported on this vGPU", true),
    HEADROOM_FAILURE(CUDA_COMPILER_NOT_COMPATIBLE, ""),
    HEADROOM_FAILURE(INSUFFICIENT_PRIVILEGES, kPrivileges),
    HEADROOM_FAILURE(OLD_PROFILER_API_INITIALIZED, "an older profiling API of CUPTI is in use in this process"),
    HEADROOM_FAILURE(LEGACY_PROFILER_NOT_SUPPORTED, "CUPTI has given it up", true),
    HEADROOM_FAILURE(MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED, kHeld),
    HEADROOM_FAILURE(VIRTUALIZED_DEVICE_INSUFFICIENT_PRIVILEGES,
                     "not allowed on this vGPU; the hypervisor's administrator must enable profiling for it", true),
    HEADROOM_FAILURE(CONFIDENTIAL_COMPUTING_NOT_SUPPORTED, "not available with confidential computing", true),
    HEADROOM_FAILURE(CMP_DEVICE_NOT_SUPPORTED, "not available on a mining card (CMP)", true),
    HEADROOM_FAILURE(MIG_DEVICE_NOT_SUPPORTED, "not available on a MIG instance; use the whole GPU", true),
    HEADROOM_FAILURE(SLI_DEVICE_NOT_SUPPORTED, "not available with SLI; switch it off", true),
    HEADROOM_FAILURE(WSL_DEVICE_NOT_SUPPORTED,
                     "not available under WSL; allow GPU counters in NVIDIA's control panel, or use Linux itself",
                     true),
    HEADROOM_FAILURE(INVALID_CHIP_NAME, "this libcupti does not know the GPU; install a newer one", true),
    HEADROOM_FAILURE(UNKNOWN, kUnknown)};

const Failure* find(CUptiResult result) {
  for (const auto& failure : kFailures)
    if (failure.result == result) return &failure;
  return nullptr;
}

std::string reason(const Failure& failure, const std::string& holder) {
  const std::string filled = failure.reason == kPrivileges ? profiling_restriction()
                             : holder.empty()              ? ""
                                                           : " (" + holder + ")";
  return fmt::format(fmt::runtime(failure.reason), filled);
}

}  // namespace

std::string failure_name(CUptiResult result) {
  const auto* failure = find(result);
  return failure ? std::string(failure->name) : fmt::format("code {}", static_cast<int>(result));
}

std::string failure_text(std::string_view what, CUptiResult result, const std::string& holder) {
  const auto* failure = find(result);
  if (!failure)
    return fmt::format("{}: CUPTI answers with code {}, which is new to Headroom.", what, static_cast<int>(result));
  if (failure->reason.empty())
    return fmt::format("{}: CUPTI answers {} ({}).", what, failure->name, static_cast<int>(result));
  return fmt::format("{}: {} ({}, {}).", what, reason(*failure, holder), failure->name, static_cast<int>(result));
}

bool is_unsupported(CUptiResult result) {
  const auto* failure = find(result);
  return failure && failure->unsupported;
}

std::string profiling_restriction(const std::string& file) {
  constexpr std::string_view kKey = "RmProfilingAdminOnly:";
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(kKey)) return line.substr(line.find_first_not_of(" \t", kKey.size()));
  return "unknown";
}

}  // namespace headroom::tracing
