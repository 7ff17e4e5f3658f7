#include "profiler/raw_allocator.h"

#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/util/Exception.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include "base/error.h"

namespace headroom::profiler {
namespace {

void* make_stream() {
  const auto create =
      reinterpret_cast<cudaError_t (*)(cudaStream_t*, unsigned)>(dlsym(RTLD_DEFAULT, "cudaStreamCreateWithFlags"));
  cudaStream_t stream = nullptr;
  if (create == nullptr || create(&stream, cudaStreamNonBlocking) != cudaSuccess)
    throw could_not_measure("no stream can be made on the virtual device");
  return stream;
}

// Expandable segments are mapped through the driver, which a program of kernels would have initialised before.
void make_context() {
  const auto free_nothing = reinterpret_cast<cudaError_t (*)(void*)>(dlsym(RTLD_DEFAULT, "cudaFree"));
  if (free_nothing == nullptr || free_nothing(nullptr) != cudaSuccess)
    throw could_not_measure("the virtual device gives no context");
}

}  // namespace

RawAllocator::RawAllocator() {
  make_context();
  cuda::listen(0, [this](const cuda::AllocatorEvent& event) { take(event); });
}

Lane RawAllocator::lane_of(const cuda::AllocatorEvent& event) const {
  const auto stream = stream_numbers_.find(event.stream);
  const auto pool = pool_numbers_.find(event.pool);
  return {stream == stream_numbers_.end() ? std::uint8_t{0} : stream->second,
          pool == pool_numbers_.end() ? 0 : pool->second};
}

void RawAllocator::take(const cuda::AllocatorEvent& event) {
  using Kind = cuda::AllocatorEvent::Kind;
  switch (event.kind) {
    case Kind::alloc:
      return log_.alloc(0, event.address, event.bytes, 0, {}, lane_of(event));
    case Kind::free:
      log_.free(0, event.address);
      return;
    case Kind::returned:
      return log_.returned(0, event.address);
    case Kind::segment_alloc:
      ++driver_call_count_;
      return log_.segment_alloc(0, event.address, event.bytes, lane_of(event));
    case Kind::segment_free:
      ++driver_call_count_;
      return log_.segment_free(0, event.address, event.bytes);
    case Kind::out_of_memory:
      return;
  }
}

void* RawAllocator::stream(std::uint8_t number) {
  if (number == 0) return nullptr;
  const auto [at, is_new] = streams_.try_emplace(number);
  if (is_new) {
    at->second = make_stream();
    stream_numbers_[at->second] = number;
  }
  return at->second;
}

// After its end a pool of the same number is another one to PyTorch.
RawAllocator::Pool& RawAllocator::pool(std::int32_t number) {
  const auto [at, is_new] = pools_.try_emplace(number);
  if (is_new) {
    at->second.id = {0, (std::uint64_t{1} << 32) + pool_numbers_.size()};
    pool_numbers_[at->second.id] = number;
  }
  return at->second;
}

std::optional<std::uint64_t> RawAllocator::allocate(std::int64_t bytes, Lane lane) {
  auto& torch = cuda::allocator();
  Pool* const own = lane.pool == 0 ? nullptr : &pool(lane.pool);
  const auto handle = static_cast<cudaStream_t>(stream(lane.stream));
  const std::int64_t before = now().allocated_bytes;
  if (own != nullptr) {
    torch.beginAllocateToPool(0, own->id, [](cudaStream_t) { return true; });
    ++own->use_count;
  }
  void* block = nullptr;
  try {
    block = torch.raw_alloc_with_stream(static_cast<std::size_t>(bytes), handle);
  } catch (const c10::OutOfMemoryError&) {
  }
  if (own != nullptr) torch.endAllocateToPool(0, own->id);
  if (block == nullptr) return std::nullopt;
  const auto address = reinterpret_cast<std::uint64_t>(block);
  if (const auto row = log_.live_at(address)) log_.set_block_bytes(*row, now().allocated_bytes - before);
  return address;
}

void RawAllocator::release(std::uint64_t address) { cuda::allocator().raw_delete(reinterpret_cast<void*>(address)); }

void RawAllocator::empty_cache(std::int32_t number) {
  cuda::allocator().emptyCache(number == 0 ? PoolId{0, 0} : pool(number).id);
}

void RawAllocator::release_pool(std::int32_t number) {
  Pool& ended = pool(number);
  for (; ended.use_count > 0; --ended.use_count) cuda::allocator().releasePool(0, ended.id);
}

RawAllocator::Now RawAllocator::now() const {
  const auto stats = cuda::allocator().getDeviceStats(0);
  return {stats.allocated_bytes[0].current, stats.requested_bytes[0].current, stats.reserved_bytes[0].current};
}

}  // namespace headroom::profiler
