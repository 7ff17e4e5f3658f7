// CUDA contexts: one primary context for each device, which the runtime makes at first use, and those that programs
// create through the driver. Each thread has a stack of them; the top one says which device the thread works on. A
// context owns nothing here: memory belongs to its device.
#pragma once

#include <driver_types.h>

#include <atomic>

namespace headroom::virtual_gpu {

struct Context {
  int device = 0;
  bool primary = false;
  std::atomic<unsigned> flags{0};
  std::atomic<bool> alive{false};  // of a primary context: active
  std::atomic<int> retained{0};    // through the driver
};

Context& primary_context(int device);
void make_alive(Context& context);

// nullptr when the thread has none.
Context* current_context();

// cudaErrorDeviceUninitialized (the driver's "invalid context") for a context that is none, or a stack too deep.
bool known_context(const Context* context);
cudaError_t set_current_context(Context* context);  // replaces the top; nullptr: takes it off
cudaError_t push_context(Context* context);
cudaError_t pop_context(Context** out);

Context* create_context(int device, unsigned flags);  // pushes it
cudaError_t destroy_context(Context* context);        // a created one; the thread's stack loses it

// As cuDevicePrimaryCtxRelease and Reset: the last release, and every reset, makes the context inactive.
cudaError_t release_primary(int device);
void reset_primary(int device);

}  // namespace headroom::virtual_gpu
