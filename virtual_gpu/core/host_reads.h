// Copies from the device of bytes that nobody ever computed: counted, and told to the program's reader (report.h),
// which may put other values in their place. Called outside every lock.
#pragma once

#include <cstddef>

#include "virtual_gpu/report.h"

namespace headroom::virtual_gpu {

// `destination` holds what the program gets unless the reader says otherwise.
void host_read(void* destination, const void* source, std::size_t bytes, int device);

void set_host_reader(headroom_virtual_gpu_host_reader reader);

}  // namespace headroom::virtual_gpu
