// The clock that streams and events live by: the host's steady clock, plus all the time that host waits skipped. A host
// that waits for a spinning kernel does not sleep: the clock jumps to the moment the kernel is done.
#pragma once

#include <cstdint>

namespace headroom::virtual_gpu {

std::uint64_t now_ns();  // never 0
void skip_to_ns(std::uint64_t moment_ns);

}  // namespace headroom::virtual_gpu
