// The tool's callback, called as things happen. What it does with CUDA itself is not told (core/told_call.h).
#pragma once

#include <cupti_callbacks.h>

#include "virtual_gpu/libraries/cupti/state.h"

namespace headroom::virtual_gpu::cupti {

bool subscriber_hears(const State& all, CallDomain domain, std::uint32_t function_id);
void tell_subscriber(const State& all, Call& call, CUpti_ApiCallbackSite site);
void tell_subscriber(const State& all, const SynchronizationActivity& wait);
void tell_subscriber(const State& all, const ModuleActivity& module);
void tell_subscriber(const State& all, const StreamActivity& stream);
void tell_subscriber_of_context(const State& all, int device);

}  // namespace headroom::virtual_gpu::cupti
