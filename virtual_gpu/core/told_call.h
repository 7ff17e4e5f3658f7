// Calls of the API as the listener is told of them (core/activity.h). Each thread has a stack of its told calls: what
// happens on the device while one is open carries the correlation id of the innermost.
//
// While a listener runs, whatever its thread does is not told, so a callback may use CUDA.
#pragma once

#include <type_traits>

#include "virtual_gpu/core/activity.h"

namespace headroom::virtual_gpu {

struct CallFacts {
  CallDomain domain{};
  std::uint32_t function_id = 0;
  const char* name = nullptr;
  const void* parameters = nullptr;
  const char* kernel_name = nullptr;  // of launches
};

class ToldCall {
 public:
  // Tells the beginning, unless nobody wants it or this thread is the listener's. `caller`: inside the object that
  // called.
  ToldCall(const CallFacts& facts, const void* caller);
  ~ToldCall();
  ToldCall(const ToldCall&) = delete;
  ToldCall& operator=(const ToldCall&) = delete;

  void end(int result);  // tells it to the listener that was told of the beginning

  std::uint32_t correlation_id() const { return call_.correlation_id; }
  const void* caller() const { return caller_; }

 private:
  ActivityListener* const listener_;
  const void* const caller_;
  const ToldCall* outer_ = nullptr;
  bool wanted_ = false;
  Call call_;
};

const ToldCall* told_call();  // the innermost of this thread; nullptr: none

// For the generated functions. A text as the result is told as success.
template <class Body>
auto tell_call(const CallFacts& facts, const void* caller, Body body) {
  ToldCall call(facts, caller);
  const auto result = body();
  if constexpr (std::is_pointer_v<std::decay_t<decltype(result)>>)
    call.end(0);
  else
    call.end(static_cast<int>(result));
  return result;
}

const char* name_of_kernel(const void* host_function_or_handle);  // nullptr: not a kernel
const char* name_of_kernel_handle(const void* handle);

std::uint64_t wall_ns();  // CLOCK_REALTIME

// Runs tell(listener) when somebody listens and this thread is not the listener's own.
ActivityListener* listener_of_this_thread();
class ListenerRuns {
 public:
  ListenerRuns();
  ~ListenerRuns();
};
template <class Tell>
void tell_listener(Tell tell) {
  if (activity_listener() == nullptr) return;
  if (ActivityListener* listener = listener_of_this_thread()) {
    const ListenerRuns running;
    tell(*listener);
  }
}

}  // namespace headroom::virtual_gpu
