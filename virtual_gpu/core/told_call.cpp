#include "virtual_gpu/core/told_call.h"

#include <ctime>

#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/kernels.h"

namespace headroom::virtual_gpu {
namespace {

struct Thread {
  const ToldCall* call = nullptr;
  bool listening = false;
};
__attribute__((tls_model("initial-exec"))) thread_local Thread thread;

std::atomic<std::uint32_t> last_correlation_id{0};

const char* name_of(const Kernel* kernel) { return kernel == nullptr ? nullptr : kernel->name; }

}  // namespace

ToldCall::ToldCall(const CallFacts& facts, const void* caller)
    : listener_(listener_of_this_thread()), caller_(caller), outer_(thread.call) {
  if (listener_ == nullptr) return;
  call_.correlation_id = ++last_correlation_id;
  thread.call = this;
  wanted_ = listener_->wants(facts.domain, facts.function_id);
  if (!wanted_) return;
  call_.domain = facts.domain;
  call_.function_id = facts.function_id;
  call_.name = facts.name;
  call_.parameters = facts.parameters;
  call_.kernel_name = facts.kernel_name;
  call_.begin_ns = wall_ns();
  call_.device = current_device();
  const ListenerRuns running;
  listener_->on_call_begin(call_);
}

ToldCall::~ToldCall() {
  if (listener_ != nullptr) thread.call = outer_;
}

void ToldCall::end(int result) {
  if (!wanted_) return;
  call_.result = result;
  call_.end_ns = wall_ns();
  const ListenerRuns running;
  listener_->on_call_end(call_);
}

const ToldCall* told_call() { return thread.call; }

const char* name_of_kernel(const void* key) { return name_of(find_kernel(key)); }
const char* name_of_kernel_handle(const void* handle) { return name_of(kernel_of_handle(handle)); }

std::uint64_t wall_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000u + static_cast<std::uint64_t>(now.tv_nsec);
}

ActivityListener* listener_of_this_thread() { return thread.listening ? nullptr : activity_listener(); }

ListenerRuns::ListenerRuns() { thread.listening = true; }
ListenerRuns::~ListenerRuns() { thread.listening = false; }

}  // namespace headroom::virtual_gpu
