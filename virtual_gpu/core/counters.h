// What the runtime noticed, for headroom_virtual_gpu_report(): launches, host reads, functions nobody implemented, and
// every assumption that a number rests on.
#pragma once

#include <cstdint>
#include <string>

namespace headroom::virtual_gpu {

void count_launch();
void count_host_read(std::uint64_t bytes);

// `function` and `text` must outlive the process (string literals). Each text is kept once.
void count_unimplemented(const char* function);
void assume(const char* text);

std::string report_json();  // the document of virtual_gpu/report.h

}  // namespace headroom::virtual_gpu

// For the libraries of C functions around the core. Returns `status`, so that a stub is one line.
extern "C" long headroom_virtual_gpu_unimplemented(const char* function, long status);
extern "C" void headroom_virtual_gpu_launch(void);
extern "C" void headroom_virtual_gpu_assume(const char* text);
