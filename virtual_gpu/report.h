// What the virtual runtime noticed while a program ran, for a program that runs over it. Plain C, found with dlsym
// (libcudart.so.13 of the virtual GPU exports it); absent on a real GPU, and so the proof of which one is loaded.
#pragma once

extern "C" {

// JSON, owned by the library, valid until the next call on the same thread:
//   {"device": "h100-80gb", "launch_count": 1234, "peak_device_bytes": …, "host_read_count": …,
//    "unimplemented": [{"function": "cusparseSpMM", "count": 2}], "assumptions": ["…"]}
const char* headroom_virtual_gpu_report(void);
}
