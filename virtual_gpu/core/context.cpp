#include "virtual_gpu/core/context.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/telling.h"

namespace headroom::virtual_gpu {
namespace {

constexpr int kDeepest = 64;

// Trivial, so that a thread may still ask while its own objects are being destroyed.
struct ThreadState {
  int device = 0;
  int depth = 0;
  std::array<Context*, kDeepest> stack{};
};

__attribute__((tls_model("initial-exec"))) thread_local ThreadState thread;

std::array<Context, kMostDevices>& primary_contexts() {
  static auto& contexts = *[] {
    auto* made = new std::array<Context, kMostDevices>;
    for (int device = 0; device < kMostDevices; ++device) {
      (*made)[static_cast<std::size_t>(device)].device = device;
      (*made)[static_cast<std::size_t>(device)].primary = true;
    }
    return made;
  }();
  return contexts;
}

struct Created {
  std::mutex mutex;
  std::vector<Context*> contexts;
};

Created& created() {
  static Created& singleton = *new Created;
  return singleton;
}

void follow_top() {
  if (thread.depth > 0) thread.device = thread.stack[static_cast<std::size_t>(thread.depth - 1)]->device;
}

}  // namespace

Context& primary_context(int device) { return primary_contexts()[static_cast<std::size_t>(device)]; }

void make_alive(Context& context) {
  if (!context.alive.exchange(true)) tell_context(context.device);
}

int current_device() { return thread.device; }

void choose_device(int ordinal) {
  thread.device = ordinal;
  set_current_context(&primary_context(ordinal));
}

bool context_active(int ordinal) { return primary_context(ordinal).alive.load(std::memory_order_relaxed); }

void activate_context(int ordinal) {
  Context& context = primary_context(ordinal);
  if (!context.alive.load(std::memory_order_relaxed)) make_alive(context);
  if (thread.depth == 0) push_context(&context);
}

Context* current_context() {
  return thread.depth == 0 ? nullptr : thread.stack[static_cast<std::size_t>(thread.depth - 1)];
}

bool known_context(const Context* context) {
  const auto& primaries = primary_contexts();
  if (context >= primaries.data() && context < primaries.data() + device_count()) return true;
  const std::lock_guard lock(created().mutex);
  return std::ranges::find(created().contexts, context) != created().contexts.end();
}

cudaError_t set_current_context(Context* context) {
  if (context != nullptr && !known_context(context)) return cudaErrorDeviceUninitialized;
  if (thread.depth > 0) --thread.depth;
  if (context != nullptr) thread.stack[static_cast<std::size_t>(thread.depth++)] = context;
  follow_top();
  return cudaSuccess;
}

cudaError_t push_context(Context* context) {
  if (thread.depth == kDeepest || !known_context(context)) return cudaErrorDeviceUninitialized;
  thread.stack[static_cast<std::size_t>(thread.depth++)] = context;
  follow_top();
  return cudaSuccess;
}

cudaError_t pop_context(Context** out) {
  if (thread.depth == 0) return cudaErrorDeviceUninitialized;
  Context* top = thread.stack[static_cast<std::size_t>(--thread.depth)];
  if (out != nullptr) *out = top;
  follow_top();
  return cudaSuccess;
}

Context* create_context(int device, unsigned flags) {
  auto* context = new Context{.device = device, .flags = flags};
  {
    const std::lock_guard lock(created().mutex);
    created().contexts.push_back(context);
  }
  push_context(context);
  make_alive(*context);
  return context;
}

cudaError_t destroy_context(Context* context) {
  {
    const std::lock_guard lock(created().mutex);
    if (std::erase(created().contexts, context) == 0) return cudaErrorDeviceUninitialized;
  }
  auto* end = std::remove(thread.stack.begin(), thread.stack.begin() + thread.depth, context);
  thread.depth = static_cast<int>(end - thread.stack.begin());
  follow_top();
  context->alive = false;  // kept: other threads may still have it current
  return cudaSuccess;
}

cudaError_t release_primary(int device) {
  Context& context = primary_context(device);
  int count = context.retained.load();
  while (count > 0 && !context.retained.compare_exchange_weak(count, count - 1)) {
  }
  if (count == 0) return cudaErrorDeviceUninitialized;
  if (count == 1) reset_primary(device);
  return cudaSuccess;
}

void reset_primary(int device) {
  primary_context(device).alive = false;
  if (current_context() == &primary_context(device)) set_current_context(nullptr);
}

}  // namespace headroom::virtual_gpu
