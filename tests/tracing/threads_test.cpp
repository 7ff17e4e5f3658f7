// Many threads at work while one drains: what ThreadSanitizer is for, and no row is lost or given twice.
#include <atomic>
#include <set>
#include <thread>

#include "tests/tracing/traced.h"

namespace headroom::tracing {
namespace {

using Threads = Tracing;

TEST_F(Threads, KeepTheirContextsApartWhileAnotherDrains) {
  constexpr int kThreads = 4, kLaunches = 150;
  auto& collecting = start(TraceLevel::full, 4096, 1000);
  std::atomic<int> running = kThreads;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kLaunches; ++i) {
        const auto id = static_cast<std::uint64_t>(thread * kLaunches + i + 1);
        collecting.set_context(id);
        cupti.launch({.start = id * 10, .end = id * 10 + 1});
        cupti.malloc(id * 0x1000, id);
        if (i % 2 == 0) cupti.free(id * 0x1000);
      }
      collecting.set_context(0);
      --running;
    });
  Trace all;
  while (running > 0) append(all, collecting.drain());
  for (auto& thread : threads) thread.join();
  append(all, collecting.stop());

  std::set<std::uint64_t> contexts;
  for (const auto& kernel : rows_of(all, ActivityKind::kernel)) {
    EXPECT_EQ(kernel.context, kernel.start_ns / 10);
    contexts.insert(kernel.context);
  }
  EXPECT_EQ(contexts.size(), std::size_t{kThreads * kLaunches});
  EXPECT_EQ(rows_of(all, ActivityKind::memory).size(), std::size_t{kThreads * kLaunches * 3 / 2});
  for (const auto& row : rows_of(all, ActivityKind::memory))
    EXPECT_EQ(row.context, static_cast<std::uint64_t>(row.bytes));
  EXPECT_EQ(all.dropped_count + all.damaged_count + all.unknown_count, 0);
}

TEST_F(Threads, MayGoOnWhileTracingPausesAndEnds) {
  auto& collecting = start(TraceLevel::full, 4096, 1000);
  std::atomic<bool> done = false;
  std::thread worker([&] {
    for (std::uint64_t i = 1; !done; ++i) {
      collecting.set_context(i);
      cupti.launch({});
      cupti.malloc(i * 0x1000, i);
      cupti.free(i * 0x1000);
    }
    collecting.set_context(0);
  });
  for (int i = 0; i < 20; ++i) {
    collecting.drain();
    collecting.pause();
    collecting.resume();
  }
  const Trace trace = collecting.stop();
  done = true;
  worker.join();
  EXPECT_EQ(trace.damaged_count, 0);
}

}  // namespace
}  // namespace headroom::tracing
