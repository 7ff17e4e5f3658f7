// One stretch of tracing, from subscription to the end of it, in the order that CUPTI wants.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tracing/collector.h"
#include "tracing/loader.h"

namespace headroom::tracing {

struct SessionCallbacks {
  CUpti_CallbackFunc on_call;
  CUpti_BuffersCallbackRequestFunc on_request;
  CUpti_BuffersCallbackCompleteFunc on_complete;
};

class Session {
 public:
  // False: nothing is left on, and `problems` says why. What could not be had of a running session is added to them
  // too.
  bool begin(const Library& library, TraceLevel level, const SessionCallbacks& callbacks,
             std::vector<std::string>& problems);

  // Completed records of unfinished buffers come to on_complete; never waits for the device.
  void flush();
  // Flushes what is complete, ends recording, then takes what is not complete: its times are lost.
  void end();
  bool running() const { return subscriber_ != nullptr; }

  // Records that CUPTI lost since the last time it was asked.
  std::int64_t take_dropped();

 private:
  bool subscribe(const SessionCallbacks& callbacks, std::vector<std::string>& problems);
  void set_attributes(std::vector<std::string>& problems);
  bool enable_kinds(TraceLevel level, std::vector<std::string>& problems);
  void silence_calls();
  void enable_callbacks(std::vector<std::string>& problems);
  void disable();

  const Library* library_ = nullptr;
  CUpti_SubscriberHandle subscriber_ = nullptr;
  bool began_ = false;  // once
  std::vector<CUpti_ActivityKind> enabled_;
};

}  // namespace headroom::tracing
