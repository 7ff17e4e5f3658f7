// What CUPTI's error codes mean for a person, and the remedy. CUPTI's own texts are not used: without a driver some
// versions have none.
#pragma once

#include <cupti_result.h>

#include <string>
#include <string_view>

namespace headroom::tracing {

// "INSUFFICIENT_PRIVILEGES"; "code 77" of what no table knows.
std::string failure_name(CUptiResult result);

// "<what>: why, and the remedy (INSUFFICIENT_PRIVILEGES, 35)." `holder`: of CUPTI, where it is known.
std::string failure_text(std::string_view what, CUptiResult result, const std::string& holder = "");

// A kind of record that this device or version does not have, rather than something broken: tracing goes on without it.
bool is_unsupported(CUptiResult result);

// "RmProfilingAdminOnly: 1" out of the driver's parameters; "unknown" where there is no such file.
std::string profiling_restriction(const std::string& file = "/proc/driver/nvidia/params");

}  // namespace headroom::tracing
