// Many threads on several devices at once; the books must come out even.
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "virtual_gpu/report.h"

namespace {

constexpr std::size_t kMiB = 1 << 20;
constexpr int kThreads = 8, kDevices = 4, kSteps = 2000;

// GCC's address sanitizer leaves its allocator locked in a child, if another thread was in it at the fork.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kChildMayAllocate = false;
#else
constexpr bool kChildMayAllocate = true;
#endif

std::size_t free_on(int device) {
  EXPECT_EQ(cudaSetDevice(device), cudaSuccess);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);  // pools give back what is idle
  std::size_t free = 0, total = 0;
  EXPECT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
  return free;
}

// Takes and gives one kind of memory; each counts what went wrong.
class Worker {
 public:
  Worker(int number, std::atomic<int>* failures) : random_(static_cast<unsigned>(number)), failures_(failures) {
    device_ = number % kDevices;
    expect(cudaSetDevice(device_) == cudaSuccess);
    expect(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking) == cudaSuccess);
  }

  void run() {
    for (int step = 0; step < kSteps; ++step) {
      if (random_() % 2 == 0)
        take();
      else
        give();
    }
    while (!plain_.empty() || !pooled_.empty() || !mapped_.empty() || !pinned_.empty()) give();
    expect(cudaStreamSynchronize(stream_) == cudaSuccess);
    expect(cudaStreamDestroy(stream_) == cudaSuccess);
  }

 private:
  struct Mapped {
    CUdeviceptr address = 0;
    std::size_t bytes = 0;
  };

  void expect(bool good) {
    if (!good) ++*failures_;
  }

  void take() {
    const std::size_t bytes = random_() % (64 * kMiB) + 1;
    void* pointer = nullptr;
    switch (random_() % 4) {
      case 0:
        expect(cudaMalloc(&pointer, bytes) == cudaSuccess);
        expect(cudaMemsetAsync(pointer, 0, bytes, stream_) == cudaSuccess);
        return plain_.push_back(pointer);
      case 1:
        expect(cudaMallocAsync(&pointer, bytes, stream_) == cudaSuccess);
        expect(cudaMemsetAsync(pointer, 0, bytes, stream_) == cudaSuccess);
        return pooled_.push_back(pointer);
      case 2:
        expect(cudaHostAlloc(&pointer, bytes % 4096 + 1, cudaHostAllocDefault) == cudaSuccess);
        return pinned_.push_back(pointer);
      default:
        return map(bytes / (2 * kMiB) * 2 * kMiB + 2 * kMiB);
    }
  }

  void map(std::size_t bytes) {
    CUmemAllocationProp prop{};
    prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    prop.location = {CU_MEM_LOCATION_TYPE_DEVICE, {device_}};
    Mapped mapped{0, bytes};
    CUmemGenericAllocationHandle handle = 0;
    expect(cuMemAddressReserve(&mapped.address, bytes, 0, 0, 0) == CUDA_SUCCESS);
    expect(cuMemCreate(&handle, bytes, &prop, 0) == CUDA_SUCCESS);
    expect(cuMemMap(mapped.address, bytes, 0, handle, 0) == CUDA_SUCCESS);
    expect(cuMemRelease(handle) == CUDA_SUCCESS);
    mapped_.push_back(mapped);
  }

  template <class T>
  T pick(std::vector<T>& from) {
    std::swap(from[random_() % from.size()], from.back());
    const T picked = from.back();
    from.pop_back();
    return picked;
  }

  void give() {
    if (const auto kind = random_() % 4; kind == 0 && !plain_.empty()) {
      expect(cudaFree(pick(plain_)) == cudaSuccess);
    } else if (kind == 1 && !pooled_.empty()) {
      expect(cudaFreeAsync(pick(pooled_), stream_) == cudaSuccess);
    } else if (kind == 2 && !pinned_.empty()) {
      expect(cudaFreeHost(pick(pinned_)) == cudaSuccess);
    } else if (kind == 3 && !mapped_.empty()) {
      const Mapped mapped = pick(mapped_);
      expect(cuMemUnmap(mapped.address, mapped.bytes) == CUDA_SUCCESS);
      expect(cuMemAddressFree(mapped.address, mapped.bytes) == CUDA_SUCCESS);
    }
  }

  std::mt19937 random_;
  std::atomic<int>* failures_;
  int device_ = 0;
  cudaStream_t stream_ = nullptr;
  std::vector<void*> plain_, pooled_, pinned_;
  std::vector<Mapped> mapped_;
};

TEST(Stress, ManyThreadsLeaveTheBooksEven) {
  std::vector<std::size_t> before;
  for (int device = 0; device < kDevices; ++device) before.push_back(free_on(device));
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number)
    threads.emplace_back([&, number] { Worker(number, &failures).run(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  for (int device = 0; device < kDevices; ++device) EXPECT_EQ(free_on(device), before[device]) << "device " << device;
}

TEST(Stress, AChildForkedFromABusyProcessDoesNotHang) {
  ASSERT_EQ(cudaFree(nullptr), cudaSuccess) << "the parent has used a device before the first fork";
  std::atomic<bool> done{false};
  std::atomic<int> failures{0};
  std::thread busy([&] {
    while (!done) Worker(1, &failures).run();
  });
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(20);
      void* pointer = nullptr;
      cudaGetLastError();
      if (kChildMayAllocate) headroom_virtual_gpu_report();
      _exit(cudaMalloc(&pointer, 1) == cudaErrorInitializationError ? 7 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << "status " << status;
  }
  done = true;
  busy.join();
  EXPECT_EQ(failures, 0);
}

}  // namespace
