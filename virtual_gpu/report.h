// What the virtual runtime noticed while a program ran, for a program that runs over it. Plain C, found with dlsym
// (libcudart of the virtual GPU exports it); absent on a real GPU, and so the proof of which one is loaded.
#pragma once

#include <stddef.h>

extern "C" {

// JSON, owned by the library, valid until the next call on the same thread:
//   {"device": "h100-80gb", "device_count": 1, "launch_count": 1234, "peak_device_bytes": …, "host_read_count": …,
//    "unimplemented": [{"function": "cusparseSpMM", "count": 2}], "assumptions": ["…"]}
const char* headroom_virtual_gpu_report(void);

// A copy from device to host of bytes that nobody ever computed. `destination` holds zeros by now (with backed memory,
// what was last copied there, which a kernel may have changed since); the reader may write other values. Called on the
// copying thread, outside every lock of the runtime; for a copy in a captured graph, at each launch.
struct headroom_virtual_gpu_host_read {
  void* destination;
  const void* source;
  size_t bytes;
  int device;
};
typedef void (*headroom_virtual_gpu_host_reader)(const struct headroom_virtual_gpu_host_read* read);

// Tells `reader` of every such copy from now on; nullptr: nobody.
void headroom_virtual_gpu_on_host_read(headroom_virtual_gpu_host_reader reader);

// With backed memory: these bytes of device memory belong to a new owner, and nobody has computed them yet. For an
// allocator that hands out a block again, which the runtime does not see. Nothing without backed memory.
void headroom_virtual_gpu_forget(const void* start, size_t bytes);
}
