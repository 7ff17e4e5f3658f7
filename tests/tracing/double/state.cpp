#include "tests/tracing/double/state.h"

namespace headroom::testing {

State& State::get() {
  static auto* state = new State;
  return *state;
}

void State::reset() {
  recorder.reset();
  const std::lock_guard lock(recorder.mutex);
  callback = nullptr;
  init_result = 0;
  driver_version = 13000;
  holder.clear();
  failing_kinds.clear();
  kinds.clear();
  callbacks.clear();
  silent.clear();
  attributes.clear();
  stacks.clear();
  failing_.clear();
  counts_.clear();
  memory_.clear();
  names_.clear();
  report_memory_ = true;
  call_after_ = false;
}

void State::set_version(std::uint32_t version) {
  const std::lock_guard lock(recorder.mutex);
  recorder.version = version;
}

void State::set_driver(int result, int version) {
  init_result = result;
  driver_version = version;
}

void State::fail(const std::string& function, int code) {
  const std::lock_guard lock(recorder.mutex);
  failing_[function] = code;
}

void State::fail_kind(CUpti_ActivityKind kind, int code) { failing_kinds[kind] = code; }

void State::hold_subscription(const std::string& name) { holder = name; }

void State::keep_buffers(bool keep) { recorder.keep = keep; }

CUptiResult State::enter(const char* function) {
  const std::lock_guard lock(recorder.mutex);
  ++counts_[function];
  const auto found = failing_.find(function);
  return found == failing_.end() ? CUPTI_SUCCESS : static_cast<CUptiResult>(found->second);
}

int State::calls(const std::string& function) const {
  const std::lock_guard lock(recorder.mutex);
  const auto found = counts_.find(function);
  return found == counts_.end() ? 0 : found->second;
}

std::vector<CUpti_ActivityKind> State::enabled_kinds() const {
  const std::lock_guard lock(recorder.mutex);
  return {kinds.begin(), kinds.end()};
}

bool State::subscribed() const {
  const std::lock_guard lock(recorder.mutex);
  return callback != nullptr;
}

std::size_t State::stack_depth() const {
  const std::lock_guard lock(recorder.mutex);
  std::size_t depth = 0;
  for (const auto& [key, stack] : stacks)
    if (key.first == std::this_thread::get_id()) depth += stack.size();
  return depth;
}

std::int64_t State::attribute(CUpti_ActivityAttribute attribute) const {
  const auto found = attributes.find(attribute);
  return found == attributes.end() ? -1 : found->second;
}

}  // namespace headroom::testing
