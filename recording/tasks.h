// Work that falls into independent pieces, on as many threads as the machine has processors, four at most.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

namespace headroom {

// Runs all; then throws what the first of them that failed threw. `side_by_side`: worth more than one thread.
inline void run_tasks(const std::vector<std::function<void()>>& tasks, bool side_by_side) {
  std::vector<std::exception_ptr> failures(tasks.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < tasks.size(); i = next++) try {
        tasks[i]();
      } catch (...) {
        failures[i] = std::current_exception();
      }
  };
  std::vector<std::jthread> threads;
  const std::size_t count = side_by_side ? std::clamp(std::thread::hardware_concurrency(), 1u, 4u) : 1;
  for (std::size_t i = 1; i < count; ++i) threads.emplace_back(work);
  work();
  threads.clear();
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

}  // namespace headroom
