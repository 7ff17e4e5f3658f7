// What the runtime tells, made into CUPTI's records and callbacks.
#pragma once

#include <cstdint>

#include "virtual_gpu/core/activity.h"

namespace headroom::virtual_gpu::cupti {

ActivityListener& listener();

// Records of what exists already, for cuptiActivityEnableAndDump.
void record_devices();
void record_context(int device);
void record_contexts();
void record_streams();

// CUPTI's own cost of a flush. It waits for the thread's next record: a flush asks for no new buffer.
void record_flush(std::uint64_t start, std::uint64_t end);

}  // namespace headroom::virtual_gpu::cupti
