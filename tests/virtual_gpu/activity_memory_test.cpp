// What the virtual runtime tells of memory, and what a listener may do.
#include <cuda.h>
#include <gmock/gmock.h>

#include <map>
#include <thread>

#include "tests/virtual_gpu/activity_recorder.h"
#include "tests/virtual_gpu/work_support.h"
#include "virtual_gpu/core/device_memory.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

std::uint64_t used_bytes() {
  std::size_t free = 0, total = 0;
  EXPECT_OK(cudaMemGetInfo(&free, &total));
  return total - free;
}

// The books of whoever adds up what is told: live blocks by address, in order of time.
class Books {
 public:
  explicit Books(const Told& told) {
    auto memory = told.memory;
    std::ranges::stable_sort(memory, {}, &MemoryActivity::time_ns);
    for (const MemoryActivity& change : memory) enter(change);
  }
  std::uint64_t device_bytes() const {  // in the device's pages; a pool's block is part of what the pool holds
    std::uint64_t bytes = 0;
    for (const auto& [address, block] : live_)
      if (block.kind != ActivityMemory::pinned && block.pool == nullptr) bytes += whole_granules(block.bytes);
    return bytes;
  }
  std::uint64_t bytes_of_pool(cudaMemPool_t pool) const {
    std::uint64_t bytes = 0;
    for (const auto& [address, block] : live_)
      if (block.pool == pool) bytes += block.bytes;
    return bytes;
  }
  std::size_t live_count() const { return live_.size(); }

 private:
  void enter(const MemoryActivity& change) {
    if (!change.released) {
      EXPECT_TRUE(live_.emplace(change.address, change).second) << "allocated twice";
      return;
    }
    const auto found = live_.find(change.address);
    ASSERT_NE(found, live_.end()) << "released what was not allocated";
    EXPECT_EQ(found->second.bytes, change.bytes);
    EXPECT_EQ(found->second.kind, change.kind);
    live_.erase(found);
  }
  std::map<std::uint64_t, MemoryActivity> live_;
};

TEST(ToldMemory, HasItsKindBytesCallAndCaller) {
  void *plain = nullptr, *managed = nullptr, *pinned = nullptr;
  const Told told = told_during([&] {
    EXPECT_OK(cudaMalloc(&plain, 100));
    EXPECT_OK(cudaMallocManaged(&managed, 200));
    EXPECT_OK(cudaHostAlloc(&pinned, 300, 0));
    EXPECT_OK(cudaFree(plain));
    EXPECT_OK(cudaFree(managed));
    EXPECT_OK(cudaFreeHost(pinned));
  });
  ASSERT_THAT(told.memory, SizeIs(6));
  EXPECT_EQ(told.memory[0].kind, ActivityMemory::device);
  EXPECT_EQ(told.memory[0].bytes, 100u);
  EXPECT_EQ(told.memory[0].address, reinterpret_cast<std::uint64_t>(plain));
  EXPECT_EQ(told.memory[1].kind, ActivityMemory::managed);
  EXPECT_EQ(told.memory[2].kind, ActivityMemory::pinned);
  EXPECT_EQ(told.memory[2].bytes, 300u);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(told.memory[i].released, i >= 3);
    EXPECT_EQ(told.memory[i].correlation_id, told.calls[i].correlation_id);
    EXPECT_FALSE(told.memory[i].asynchronous);
    EXPECT_NE(told.memory[i].caller, nullptr);
  }
  EXPECT_EQ(Books(told).live_count(), 0u);
}

TEST(ToldMemory, RegisteredHostMemoryAndReservationsAreNone) {
  std::vector<char> host(1 << 20);
  CUdeviceptr address = 0;
  const Told told = told_during([&] {
    EXPECT_OK(cudaHostRegister(host.data(), host.size(), 0));
    EXPECT_OK(cudaHostUnregister(host.data()));
    EXPECT_EQ(cuMemAddressReserve(&address, 2 << 20, 0, 0, 0), CUDA_SUCCESS);
    EXPECT_EQ(cuMemAddressFree(address, 2 << 20), CUDA_SUCCESS);
  });
  EXPECT_THAT(told.memory, IsEmpty());
  EXPECT_THAT(told.calls, SizeIs(4));
}

TEST(ToldMemory, FailuresTellNone) {
  void* pointer = nullptr;
  const Told told = told_during([&] {
    EXPECT_EQ(cudaMalloc(&pointer, std::size_t{1} << 45), cudaErrorMemoryAllocation);
    EXPECT_EQ(cudaFree(&pointer), cudaErrorInvalidValue);
    EXPECT_OK(cudaFree(nullptr));
  });
  EXPECT_THAT(told.memory, IsEmpty());
  cudaGetLastError();
}

TEST(ToldMemory, OfPoolsHasTheirSizes) {
  const ScopedStream stream;
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location = {cudaMemLocationTypeDevice, {0}};
  cudaMemPool_t pool = nullptr;
  void* block = nullptr;
  const Told told = told_during([&] {
    EXPECT_OK(cudaMemPoolCreate(&pool, &properties));
    EXPECT_OK(cudaMallocFromPoolAsync(&block, 1000, pool, stream));
    EXPECT_OK(cudaFreeAsync(block, stream));
    EXPECT_OK(cudaMemPoolTrimTo(pool, 0));
    EXPECT_OK(cudaMemPoolDestroy(pool));
  });
  ASSERT_THAT(told.memory, SizeIs(2));
  EXPECT_TRUE(told.memory[0].asynchronous);
  EXPECT_EQ(told.memory[0].pool, pool);
  EXPECT_EQ(told.memory[0].pool_used_bytes, 1024u);
  EXPECT_EQ(told.memory[0].pool_reserved_bytes, 32u << 20);
  EXPECT_EQ(told.memory[1].pool_used_bytes, 0u);
  EXPECT_NE(told.memory[0].stream_id, 0u);
  ASSERT_THAT(told.pools, SizeIs(3));
  EXPECT_EQ(told.pools[0].operation, PoolActivity::Operation::created);
  EXPECT_EQ(told.pools[1].operation, PoolActivity::Operation::trimmed);
  EXPECT_EQ(told.pools[1].reserved_bytes, 0u);
  EXPECT_EQ(told.pools[2].operation, PoolActivity::Operation::destroyed);
}

TEST(ToldMemory, OfGraphsIsToldAtTheirLaunch) {
  const ScopedStream stream;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  const Told captured = told_during([&] {
    void* block = nullptr;
    EXPECT_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
    EXPECT_OK(cudaMallocAsync(&block, 4096, stream));
    EXPECT_OK(cudaFreeAsync(block, stream));
    EXPECT_OK(cudaStreamEndCapture(stream, &graph));
    EXPECT_OK(cudaGraphInstantiate(&executable, graph, 0));
  });
  EXPECT_THAT(captured.memory, IsEmpty());
  const Told launched = told_during([&] {
    EXPECT_OK(cudaGraphLaunch(executable, stream));
    EXPECT_OK(cudaGraphLaunch(executable, stream));
  });
  ASSERT_THAT(launched.memory, SizeIs(4));
  EXPECT_EQ(launched.memory[0].bytes, 4096u);
  EXPECT_TRUE(launched.memory[1].released);
  EXPECT_EQ(launched.memory[0].address, launched.memory[2].address);
  EXPECT_EQ(launched.memory[3].correlation_id, launched.calls[1].correlation_id);
  EXPECT_OK(cudaGraphExecDestroy(executable));
  EXPECT_OK(cudaGraphDestroy(graph));
}

// A walk of many steps, and the books agree with the device's at each end.
TEST(ToldMemory, AllocatedMinusReleasedIsWhatTheDeviceHolds) {
  const ScopedStream stream;
  const std::uint64_t before = used_bytes();
  std::vector<void*> plain, pooled;
  std::uint64_t state = 1;
  const auto random = [&] { return (state = state * 6364136223846793005u + 1442695040888963407u) >> 33; };
  cudaMemPool_t pool = nullptr;
  ASSERT_OK(cudaDeviceGetDefaultMemPool(&pool, 0));
  const auto take = [&](std::vector<void*>& from) {
    std::swap(from[random() % from.size()], from.back());
    void* block = from.back();
    from.pop_back();
    return block;
  };
  const Told told = told_during([&] {
    for (int step = 0; step < 400; ++step) {
      const std::size_t bytes = 1 + random() % (8 << 20);
      void* block = nullptr;
      switch (random() % 4) {
        case 0:
          EXPECT_OK(cudaMalloc(&block, bytes));
          plain.push_back(block);
          break;
        case 1:
          EXPECT_OK(cudaMallocAsync(&block, bytes, stream));
          pooled.push_back(block);
          break;
        case 2:
          if (!plain.empty()) {
            EXPECT_OK(cudaFree(take(plain)));
          }
          break;
        default:
          if (!pooled.empty()) {
            EXPECT_OK(random() % 2 == 0 ? cudaFree(take(pooled)) : cudaFreeAsync(take(pooled), stream));
          }
      }
    }
  });
  std::uint64_t reserved = 0, used = 0;
  EXPECT_OK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReservedMemCurrent, &reserved));
  EXPECT_OK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &used));
  const Books books(told);
  EXPECT_EQ(books.live_count(), plain.size() + pooled.size());
  EXPECT_EQ(books.device_bytes() + reserved, used_bytes() - before);
  EXPECT_EQ(books.bytes_of_pool(pool), used);
  const Told rest = told_during([&] {
    for (void* block : plain) EXPECT_OK(cudaFree(block));
    for (void* block : pooled) EXPECT_OK(cudaFreeAsync(block, stream));
    EXPECT_OK(cudaDeviceSynchronize());
  });
  EXPECT_THAT(rest.memory, SizeIs(plain.size() + pooled.size()));
  EXPECT_EQ(used_bytes(), before);
}

TEST(ToldMemory, AResetReleasesWhatIsLeft) {
  ASSERT_OK(cudaSetDevice(1));
  void* block = nullptr;
  const Told told = told_during([&] {
    EXPECT_OK(cudaMalloc(&block, 12345));
    EXPECT_OK(cudaDeviceReset());
    EXPECT_OK(cudaFree(nullptr));
  });
  ASSERT_THAT(told.memory, SizeIs(2));
  EXPECT_TRUE(told.memory[1].released);
  EXPECT_EQ(told.memory[1].bytes, 12345u);
  EXPECT_THAT(told.contexts, testing::Contains(1));
  ASSERT_OK(cudaSetDevice(0));
}

TEST(Listeners, MayUseCudaAndAreNotToldOfIt) {
  static ActivityRecorder& recorder = *new ActivityRecorder;
  recorder.at_begin = [](Call&) {
    void* block = nullptr;
    EXPECT_OK(cudaMalloc(&block, 64));
    EXPECT_OK(launch_plain(nullptr));
    EXPECT_OK(cudaFree(block));
  };
  set_activity_listener(&recorder);
  EXPECT_OK(launch_plain(nullptr));
  set_activity_listener(nullptr);
  EXPECT_THAT(recorder.told().calls, SizeIs(1));
  EXPECT_THAT(recorder.told().kernels, SizeIs(1));
  EXPECT_THAT(recorder.told().memory, IsEmpty());
}

TEST(Listeners, AreToldOfTheEndsOfCallsThatTheyWereToldOfTheBeginningOf) {
  static ActivityRecorder& recorder = *new ActivityRecorder;
  recorder.at_begin = [](Call&) { set_activity_listener(nullptr); };
  set_activity_listener(&recorder);
  EXPECT_OK(cudaDeviceSynchronize());
  EXPECT_OK(cudaDeviceSynchronize());
  EXPECT_THAT(recorder.told().calls, SizeIs(1));
  EXPECT_TRUE(recorder.paired());
}

TEST(Listeners, HearManyThreadsEachInItsOrder) {
  static ActivityRecorder& recorder = *new ActivityRecorder;
  set_activity_listener(&recorder);
  constexpr int kThreads = 6, kRounds = 200;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([] {
      const ScopedStream stream;
      for (int round = 0; round < kRounds; ++round) {
        void* block = nullptr;
        EXPECT_OK(cudaMalloc(&block, 4096));
        EXPECT_OK(launch_plain(stream));
        EXPECT_OK(cudaMemsetAsync(block, 1, 4096, stream));
        EXPECT_OK(cudaFree(block));
      }
    });
  for (std::thread& thread : threads) thread.join();
  set_activity_listener(nullptr);
  EXPECT_TRUE(recorder.paired());
  const Told& told = recorder.told();
  EXPECT_THAT(told.kernels, SizeIs(kThreads * kRounds));
  EXPECT_THAT(told.calls, SizeIs(kThreads * (4 * kRounds + 2)));
  EXPECT_EQ(Books(told).live_count(), 0u);
  std::map<std::thread::id, std::uint32_t> last;
  std::map<std::uint32_t, int> uses;
  for (const Told::NamedCall& call : told.calls) {
    EXPECT_GT(call.correlation_id, last[call.thread]);
    last[call.thread] = call.correlation_id;
    EXPECT_EQ(++uses[call.correlation_id], 1);
  }
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
